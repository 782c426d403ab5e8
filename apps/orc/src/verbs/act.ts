/** `start`, `stop`, `restart`, `kill`, `rm` and `scale` of a project. */
import type { Client, ProjectAction, ProjectView, PutResult } from '@orc/api/client';
import { fail } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import { type Context, confirm, showWarnings } from '../cli/context.ts';
import { type Ending, judgeAction, judgeUp, unready } from '../project/judge.ts';
import { declaredIn, mustKnowWritten, projectName } from '../project/load.ts';
import { viewOf, watchProject } from '../project/watch.ts';
import { timeoutOf } from '../spec/values.ts';
import { signalName } from './container.ts';
import { scaleOf } from './up.ts';

type Known = {
  readonly name: string;
  readonly view: ProjectView;
  /** Those that are meant: they are here. */
  readonly services: readonly string[];
};

/** The project as the daemon knows it, with the named services checked: all of them are here. */
export async function knownProject(
  context: Context,
  client: Client,
  services: readonly string[],
): Promise<Known> {
  const name = await projectName(context);
  const view = await viewOf(client, name);
  if (view === null)
    throw fail('notfound.project', `the project ${name} does not exist here`, {
      hint: 'make it with "orc up", or see "orc ls"',
    });
  const absent = (await chosenOf(context, name, view, services)).absent[0];
  if (absent !== undefined)
    throw fail('conflict.state', `service "${absent}" has no container`, {
      hint: `make it with "orc up -d ${absent}"`,
    });
  const meant = await meantOf(context, view, services);
  if (meant.length === 0)
    throw fail('conflict.state', `no service of the files has a container in the project ${name}`, {
      hint: 'make them with "orc up -d"',
    });
  return { name, view, services: meant };
}

/** Named ones, else those of the files that are here. */
async function meantOf(
  context: Context,
  view: ProjectView,
  named: readonly string[],
): Promise<readonly string[]> {
  const made = view.services.map((each) => each.spec.service);
  const wanted = named.length > 0 ? named : (await declaredIn(context))?.services;
  return wanted === undefined ? made : made.filter((each) => wanted.includes(each));
}

/** Services of the files that nobody made yet are `absent`; any other name is a slip. */
async function chosenOf(
  context: Context,
  name: string,
  view: ProjectView | null,
  services: readonly string[],
): Promise<{ readonly here: readonly string[]; readonly absent: readonly string[] }> {
  const made = (view?.services ?? []).map((each) => each.spec.service);
  await mustKnowWritten(context, services, made, name);
  return {
    here: services.filter((each) => made.includes(each)),
    absent: services.filter((each) => !made.includes(each)),
  };
}

/** For what has nothing to do where nothing is: undefined, with a word about it. A name is still looked up. */
export async function projectHere(
  context: Context,
  client: Client,
  services: readonly string[],
): Promise<Known | undefined> {
  const name = await projectName(context);
  const view = await viewOf(client, name);
  const { here } = await chosenOf(context, name, view, services);
  const meant = view === null ? [] : await meantOf(context, view, here);
  if (view !== null && meant.length > 0 && (services.length === 0 || here.length > 0))
    return { name, view, services: meant };
  const what = services.length === 0 ? 'the services of the files' : services.join(', ');
  context.err(`warning: ${view === null ? `no project ${name}` : `nothing of ${what}`} is here`);
  return undefined;
}

const acting =
  (kind: Ending): Body =>
  async (context, args, flags) => {
    const client = await context.client();
    const here = kind === 'stop' ? projectHere : knownProject;
    const known = await here(context, client, args);
    if (known === undefined) return 0;
    const { name, services } = known;
    const action: ProjectAction = {
      kind,
      services,
      ...timeoutOf(flags),
      ...(flags.on('no-deps') ? { noDeps: true } : {}),
    };
    await actAndWatch(context, client, name, action);
    return kind === 'start' && flags.on('wait') ? untilHealthy(context, client, name, services, flags) : 0;
  };

export const start = acting('start');
export const stop = acting('stop');
export const restart = acting('restart');

export const kill: Body = async (context, args, flags) => {
  const client = await context.client();
  const { name, services } = await knownProject(context, client, args);
  const signal = signalName(flags.text('signal') ?? 'SIGKILL');
  const result = await client.actProject(name, { kind: 'kill', signal, services });
  if (signal === 'SIGKILL' || signal === '9') await watchAction(context, client, name, 'kill', result);
  else await showSignaled(context, result.changes);
  return 0;
};

/** Another signal than KILL need not end the program: that it was sent is all there is to see. */
async function showSignaled(context: Context, changes: PutResult['changes']): Promise<void> {
  const reporter = await context.reporter();
  for (const { name } of changes)
    reporter.update({ id: `Container ${name}`, text: 'Signaled', state: 'done' });
  reporter.flush();
}

export const rm: Body = async (context, args, flags) => {
  const client = await context.client();
  const known = await projectHere(context, client, args);
  if (known === undefined) return 0;
  const { name, view, services } = known;
  if (flags.on('stop')) await actAndWatch(context, client, name, { kind: 'stop', services });
  const stopped = view.tasks
    .filter((task) => services.includes(task.spec.service))
    .filter((task) => flags.on('stop') || task.status.phase !== 'running')
    .map((task) => task.name);
  if (stopped.length === 0) {
    context.err('No stopped containers');
    return 0;
  }
  const hint = 'use "orc rm -f"';
  if (
    !flags.on('force') &&
    !(await confirm(context, `Going to remove ${stopped.join(', ')}. Are you sure?`, hint))
  )
    return 1;
  await actAndWatch(context, client, name, {
    kind: 'rm',
    services,
    ...(flags.on('volumes') ? { volumes: true } : {}),
  });
  return 0;
};

export const scale: Body = async (context, args, flags) => {
  const scales = scaleOf(args);
  const client = await context.client();
  const services = Object.keys(scales);
  const { name, view } = await knownProject(context, client, services);
  const noDeps = flags.on('no-deps') ? { noDeps: true } : {};
  const result = await client.actProject(name, { kind: 'scale', scale: scales, ...noDeps });
  const idle = view.services.filter(({ spec }) => services.includes(spec.service) && spec.desired !== 'run');
  if (idle.length > 0)
    await client.actProject(name, {
      kind: 'start',
      services: idle.map(({ spec }) => spec.service),
      ...noDeps,
    });
  const { settle } = await import('./up.ts');
  return settle(context, client, { project: { name }, result, wanted: { goal: 'started', services } });
};

/** Asks, and shows every container until it has acted. */
export async function actAndWatch(
  context: Context,
  client: Client,
  name: string,
  action: ProjectAction,
): Promise<void> {
  const result = await client.actProject(name, action);
  await watchAction(context, client, name, action.kind as Ending, result);
}

async function watchAction(
  context: Context,
  client: Client,
  name: string,
  kind: Ending,
  result: Awaited<ReturnType<Client['actProject']>>,
): Promise<void> {
  const reporter = await context.reporter();
  showWarnings(context, result.warnings);
  const names = result.changes
    .filter((each) => each.kind === 'task' && each.action !== 'keep')
    .map((each) => each.name);
  await watchProject(client, {
    project: name,
    eventIndex: result.eventIndex,
    judge: (view) => {
      const judgement = judgeAction(view, kind, names);
      for (const row of judgement.rows) reporter.update(row);
      if (judgement.failure !== undefined) throw judgement.failure;
      return judgement.done ? 'done' : 'wait';
    },
  });
  reporter.flush();
}

async function untilHealthy(
  context: Context,
  client: Client,
  name: string,
  services: readonly string[],
  flags: Flags,
): Promise<number> {
  const reporter = await context.reporter();
  const wanted = { goal: 'healthy', services } as const;
  await watchProject(client, {
    project: name,
    eventIndex: 0,
    unready: (view) => unready(view, wanted),
    ...timeoutOf(flags, 'wait-timeout'),
    judge: (view) => {
      if (view === null) return 'done';
      const judgement = judgeUp(view, wanted);
      for (const row of judgement.rows) reporter.update(row);
      if (judgement.failure !== undefined) throw judgement.failure;
      return judgement.done ? 'done' : 'wait';
    },
  });
  return 0;
}
