/** `orc down`. */
import type { Client, ProjectView } from '@orc/api/client';
import { type Declared, defined, OrcError } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import { isOn } from '../cli/compose-env.ts';
import { type Context, showWarnings } from '../cli/context.ts';
import { judgeAction } from '../project/judge.ts';
import {
  IMAGES_ONLY,
  declaredIn,
  loadProject,
  mustKnow,
  mustKnowWritten,
  projectName,
  servicesOfFiles,
} from '../project/load.ts';
import { viewOf, watchProject } from '../project/watch.ts';
import { timeoutOf } from '../spec/values.ts';
import { showFixed } from './up.ts';
import { eachOf } from './each.ts';
import { oneOffsOf } from './ps.ts';

export const down: Body = async (context, args, flags) => {
  const client = await context.client();
  const name = await projectName(context);
  const view = await viewOf(client, name);
  const declared = await declaredIn(context, true);
  if (args.length === 0) await removeOneOffs(context, client, name, declared?.services);
  if (view === null && args.length > 0) return nothingOf(context, name, args);
  if (view === null) return removeRest(context, client, { name, flags, declared });
  const made = view.services.map((each) => each.spec.service);
  await mustKnowWritten(context, args, made, name);
  const services = args.filter((each) => made.includes(each));
  if (args.length > 0 && services.length === 0) {
    context.err(`warning: nothing of ${args.join(', ')} is here`);
    return 0;
  }
  const result = await client.removeProject(name, {
    volumes: flags.on('volumes'),
    removeOrphans: flags.on('remove-orphans') || isOn(context.io.env['COMPOSE_REMOVE_ORPHANS']),
    ...(services.length === 0 ? {} : { services }),
    ...defined({ declared }),
    ...timeoutOf(flags),
  });
  showWarnings(context, result.warnings);
  await untilGone(context, client, name, result);
  return removeImages(context, client, imagesOf(view, declared), flags);
};

/** Nothing is there of what the files have; a name that they do not have is a mistake. */
async function nothingOf(context: Context, name: string, services: readonly string[]): Promise<number> {
  mustKnow(services, await servicesOfFiles(context), name);
  context.err(`warning: no project ${name} to remove`);
  return 0;
}

type Rest = { readonly name: string; readonly flags: Flags; readonly declared: Declared | undefined };

/** Of a project that is gone: networks, volumes and images that it left. */
async function removeRest(
  context: Context,
  client: Client,
  { name, flags, declared }: Rest,
): Promise<number> {
  const options = { volumes: flags.on('volumes'), removeOrphans: false, ...defined({ declared }) };
  const { changes, warnings } = await client.removeProject(name, options);
  const kept = warnings.filter((each) => each.code === 'conflict.inuse');
  showWarnings(context, kept);
  if (changes.length + kept.length === 0) context.err(`warning: no project ${name} to remove`);
  const reporter = await context.reporter();
  showFixed(reporter, changes);
  reporter.flush();
  return removeImages(context, client, [], flags);
}

async function untilGone(
  context: Context,
  client: Client,
  name: string,
  result: Awaited<ReturnType<Client['removeProject']>>,
): Promise<void> {
  const reporter = await context.reporter();
  const tasks = result.changes.filter((each) => each.kind === 'task').map((each) => each.name);
  await watchProject(client, {
    project: name,
    eventIndex: result.eventIndex,
    judge: (view) => {
      const judgement = judgeAction(view, 'rm', tasks);
      for (const row of judgement.rows) reporter.update(row);
      return judgement.done ? 'done' : 'wait';
    },
  });
  showFixed(reporter, result.changes);
  reporter.flush();
}

/** Containers of `orc run` hold the project's networks. */
async function removeOneOffs(
  context: Context,
  client: Client,
  name: string,
  services: readonly string[] | undefined,
): Promise<void> {
  const rows = await oneOffsOf(client, name, services);
  const reporter = rows.length === 0 ? undefined : await context.reporter();
  for (const row of rows) {
    await client.removeContainer(row.id, { force: true, volumes: true });
    reporter?.update({ id: `Container ${row.name}`, text: 'Removed', state: 'done' });
  }
}

type Used = { readonly project: string; readonly service: string; readonly image: string };

const imagesOf = (view: ProjectView, declared: Declared | undefined): readonly Used[] =>
  view.services
    .filter(({ spec }) => declared?.services.includes(spec.service) ?? true)
    .map(({ spec }) => ({ project: spec.project, service: spec.service, image: spec.template.image }));

/** Services that were built and never started are only there; without files there are none. */
async function imagesOfFiles(context: Context): Promise<readonly Used[]> {
  const project = await loadProject(context, [], IMAGES_ONLY).catch(() => undefined);
  return (project?.services ?? []).map(({ service, container }) => ({
    project: project?.name ?? '',
    service,
    image: container.image,
  }));
}

/** `local`: only those whose name orc chose because the file gives none. */
async function removeImages(
  context: Context,
  client: Client,
  used: readonly Used[],
  flags: Flags,
): Promise<number> {
  const which = flags.text('rmi');
  if (which === undefined) return 0;
  const names = [...used, ...(await imagesOfFiles(context))]
    .filter(({ project, service, image }) => which === 'all' || image === `${project}-${service}`)
    .map(({ image }) => image);
  const reporter = await context.reporter();
  return eachOf(context, [...new Set(names)], async (image) => {
    try {
      await client.removeImage(image, {});
      reporter.update({ id: `Image ${image}`, text: 'Removed', state: 'done' });
    } catch (error) {
      const code = error instanceof OrcError ? error.problem.code : undefined;
      if (code === 'conflict.inuse')
        reporter.update({ id: `Image ${image}`, text: 'Resource is still in use', state: 'warning' });
      else if (code !== 'notfound.image') throw error;
    }
    return undefined;
  });
}
