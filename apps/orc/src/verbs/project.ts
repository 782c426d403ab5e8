/** The verbs of a project that are a few lines each. */
import { OrcError, type OrcEvent, defined, fail } from '@orc/model';
import type { Body } from '../cli/command.ts';
import { interruptible } from '../cli/io.ts';
import { rfc3339 } from '../format/time.ts';
import { followLogs } from '../project/log-follow.ts';
import { createLogView, shortName } from '../project/log-view.ts';
import { idOf, inParallel } from '../project/images.ts';
import { IMAGES_ONLY, declaredIn, loadProject, projectName } from '../project/load.ts';
import { pullImage } from '../project/pull.ts';
import { valuesOf } from '../spec/values.ts';
import { knownProject, projectHere } from './act.ts';
import { logRequest, timeOf } from './container.ts';
import { configOf, execIn } from './exec.ts';
import { containerOf, rowsOf } from './ps.ts';
import { withDependencies } from './up.ts';

export const logs: Body = async (context, args, flags) => {
  const client = await context.client();
  const known = await projectHere(context, client, args);
  if (known === undefined) return 0;
  const { name } = known;
  const slot = flags.number('index');
  const listed = async (): ReturnType<typeof rowsOf> =>
    (await rowsOf(client, name, args)).filter((row) => slot === undefined || row.slot === slot);
  const rows = await listed();
  let whole = true;
  await interruptible(context.io, async (signal) => {
    const view = createLogView(context, client, {
      width: Math.max(0, ...rows.map((row) => shortName(name, row.name).length)),
      timestamps: flags.on('timestamps'),
      prefix: !flags.on('no-log-prefix'),
      color: context.color && !flags.on('no-color'),
      signal,
      request: logRequest(context, flags),
    });
    const follow = { project: name, services: args, slot, rows: listed };
    if (flags.on('follow')) await followLogs(context, client, follow, view, signal);
    else for (const row of rows) view.open({ id: row.id, name: shortName(name, row.name) });
    whole = await view.done();
  });
  return whole ? 0 : 1;
};

export const exec: Body = async (context, args, flags) => {
  const [service = '', ...argv] = args;
  const client = await context.client();
  const shown = context.io.stdout.isTTY === true && !flags.on('no-tty');
  // Asked for in so many words it is refused like docker's where nobody types; else it is left out there.
  const tty = shown && (flags.on('tty') || context.io.stdin.isTTY === true);
  const config = configOf(context, flags, { argv, stdin: flags.on('interactive'), tty });
  const row = await containerOf(context, client, service, flags.number('index'));
  return execIn(context, client, row.id, config, flags);
};

export const build: Body = async (context, args, flags) => {
  const { buildImage } = await import('../project/build.ts');
  const project = await loadProject(context, args, IMAGES_ONLY);
  const names =
    args.length === 0 || !flags.on('with-dependencies') ? args : withDependencies(project.services, args);
  const jobs = project.services.filter(
    (each) => each.build !== undefined && (names.length === 0 || names.includes(each.service)),
  );
  if (jobs.length === 0) context.err('No services to build');
  const client = await context.client();
  const extra = {
    ...(flags.on('no-cache') ? { noCache: true } : {}),
    ...(flags.on('pull') ? { pull: true } : {}),
  };
  const given = valuesOf('build-arg', flags.list('build-arg'), context.io.env);
  await inParallel(jobs, async ({ build: spec, container, service }) => {
    if (spec === undefined) return;
    const merged = { ...spec, ...extra, args: { ...spec.args, ...given } };
    const id = await buildImage(context, client, {
      spec: merged,
      tags: [container.image, ...(spec.tags ?? [])],
      service,
      quiet: flags.on('quiet'),
    });
    if (flags.on('quiet')) context.out(id);
  });
  return 0;
};

export const pull: Body = async (context, args, flags) => {
  const project = await loadProject(context, args, IMAGES_ONLY);
  const names =
    args.length === 0 || !flags.on('include-deps') ? args : withDependencies(project.services, args);
  const chosen = project.services.filter((each) => names.length === 0 || names.includes(each.service));
  const client = await context.client();
  const images = new Map(
    chosen.filter((each) => each.build === undefined).map((each) => [each.container.image, each]),
  );
  if (!flags.on('ignore-buildable'))
    for (const each of chosen.filter((one) => one.build !== undefined))
      context.err(`Skipped ${each.service}: it is built`);
  await inParallel([...images.values()], async ({ container, pullPolicy }) => {
    const policy = flags.text('policy') ?? 'always';
    if (
      pullPolicy === 'never' ||
      (policy === 'missing' && (await idOf(client, container.image)) !== undefined)
    )
      return;
    const { platform } = container;
    const options = { quiet: flags.on('quiet'), ...(platform === undefined ? {} : { platform }) };
    await pullImage(context, client, container.image, options).catch((error: unknown) => {
      if (!flags.on('ignore-pull-failures') || !(error instanceof OrcError)) throw error;
      context.err(`warning: ${error.message}`);
    });
  });
  return 0;
};

export const wait: Body = async (context, args, flags) => {
  const client = await context.client();
  const { name } = await knownProject(context, client, args);
  const rows = await rowsOf(client, name, args);
  if (rows.length === 0)
    throw fail('conflict.state', `the project ${name} has no containers to wait for`, {
      hint: 'start them with "orc up -d"',
    });
  const signal = new AbortController().signal;
  const exits = rows.map(async (row) => {
    const { code } = await client.waitContainer(row.id, 'not-running', signal);
    context.out(`container "${row.name}" exited with status code ${code}`);
    return code;
  });
  if (!flags.on('down-project')) return (await Promise.all(exits)).at(-1) as number;
  const first = await Promise.race(exits);
  await client.removeProject(name, defined({ declared: await declaredIn(context, true) }));
  return first;
};

export const events: Body = async (context, args, flags) => {
  const client = await context.client();
  const name = await projectName(context);
  const times = defined({
    sinceMs: timeOf(context, flags, 'since'),
    untilMs: timeOf(context, flags, 'until'),
  });
  const json = flags.on('json') || flags.text('format') === 'json';
  const query = { ...times, filters: { type: ['container'], project: [name] } };
  await interruptible(context.io, async (signal) => {
    for await (const event of client.events(query, signal)) {
      const { service = '' } = event.actor.attributes;
      if (args.length === 0 || args.includes(service)) context.out(eventLine(event, json));
    }
  });
  return 0;
};

function eventLine({ time: at, action, type, actor }: OrcEvent, json: boolean): string {
  const { service = '', ...others } = actor.attributes;
  // Labels that every container of the project has tell nothing.
  const told = Object.entries(others).filter(([key]) => !key.startsWith('com.docker.compose.'));
  const attributes = Object.fromEntries(told);
  const time = rfc3339(at);
  if (json) return JSON.stringify({ action, attributes, id: actor.id, service, time, type });
  const said = told.map(([key, value]) => `${key}=${value}`);
  return `${time} ${type} ${action} ${actor.id} (${said.join(', ')})`;
}
