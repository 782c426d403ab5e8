/** The verbs of a project that are a few lines each. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ComposeModel } from '@orc/compose';
import { OrcError, fail } from '@orc/model';
import type { Body } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { type LogView, createLogView } from '../project/log-view.ts';
import { idOf, inParallel } from '../project/images.ts';
import { loadFiles, loadProject } from '../project/load.ts';
import { pullImage } from '../project/pull.ts';
import { knownProject } from './act.ts';
import { logRequest, timeOf } from './container.ts';
import { configOf, execIn } from './exec.ts';
import { argsOf } from './image.ts';
import { containerOf, rowsOf } from './ps.ts';
import { withDependencies } from './up.ts';

export const logs: Body = async (context, args, flags) => {
  const client = await context.client();
  const { name } = await knownProject(context, client, args);
  const index = flags.number('index');
  const rows = (await rowsOf(client, name, args)).filter((row) => index === undefined || row.slot === index);
  const stop = new AbortController();
  const undo = context.io.onSignal('SIGINT', () => stop.abort());
  const label = (each: string): string => (each.startsWith(`${name}-`) ? each.slice(name.length + 1) : each);
  const view = createLogView(context, client, {
    width: Math.max(0, ...rows.map((row) => label(row.name).length)),
    timestamps: flags.on('timestamps'),
    prefix: !flags.on('no-log-prefix'),
    color: context.color && !flags.on('no-color'),
    signal: stop.signal,
    request: logRequest(context, flags),
  });
  for (const row of rows) view.open({ id: row.id, name: label(row.name) });
  if (flags.on('follow')) await followNew(context, name, args, view, label, stop.signal);
  await view.done();
  undo();
  return 0;
};

/** Until the user stops it: containers that start later are shown too. */
async function followNew(
  context: Context,
  project: string,
  services: readonly string[],
  view: LogView,
  label: (name: string) => string,
  signal: AbortSignal,
): Promise<void> {
  const client = await context.client();
  for await (const event of client.events({ filters: { type: ['container'], event: ['start'] } }, signal)) {
    const { project: of, service = '', name = '' } = event.actor.attributes;
    if (of === project && (services.length === 0 || services.includes(service)))
      view.open({ id: event.actor.id, name: label(name) });
  }
}

export const exec: Body = async (context, args, flags) => {
  const [service = '', ...argv] = args;
  const client = await context.client();
  const tty = context.io.stdin.isTTY === true && context.io.stdout.isTTY === true && !flags.on('no-tty');
  const config = configOf(context, flags, { argv, stdin: flags.on('interactive'), tty });
  const row = await containerOf(context, client, service, flags.number('index'));
  return execIn(context, client, row.id, config, flags);
};

export const build: Body = async (context, args, flags) => {
  const { buildImage } = await import('../project/build.ts');
  const project = await loadProject(context, args);
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
  await inParallel(jobs, async ({ build: spec, container }) => {
    if (spec === undefined) return;
    const merged = { ...spec, ...extra, args: { ...spec.args, ...argsOf(context, flags.list('build-arg')) } };
    const id = await buildImage(context, client, {
      spec: merged,
      tags: [container.image, ...(spec.tags ?? [])],
      quiet: flags.on('quiet'),
    });
    if (flags.on('quiet')) context.out(id);
  });
  return 0;
};

export const pull: Body = async (context, args, flags) => {
  const project = await loadProject(context, args);
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

export const config: Body = async (context, args, flags) => {
  const options = { translate: false, interpolate: !flags.on('no-interpolate'), services: args };
  const { model, environment } = await loadFiles(context, options);
  if (model === undefined) throw fail('internal', 'the compose files gave no model');
  if (flags.on('quiet')) return 0;
  const names = namesOf(model, (name) => flags.on(name));
  if (names !== undefined) {
    if (names.length > 0) context.out(names.join('\n'));
    return 0;
  }
  if (flags.on('environment')) {
    context.out(
      Object.entries(environment)
        .map((pair) => pair.join('='))
        .sort()
        .join('\n'),
    );
    return 0;
  }
  if (flags.text('hash') !== undefined) return hashes(context, flags.text('hash') as string);
  const { renderJson, renderYaml } = await import('@orc/compose');
  const text =
    flags.text('format') === 'json'
      ? renderJson(onlyServices(model, args))
      : renderYaml(onlyServices(model, args));
  const file = flags.text('output');
  if (file === undefined) context.out(text.trimEnd());
  else writeFileSync(resolve(context.io.cwd, file), text);
  return 0;
};

const onlyServices = (model: ComposeModel, names: readonly string[]): ComposeModel => {
  if (names.length === 0) return model;
  const services = Object.entries(model.services ?? {}).filter(([name]) => names.includes(name));
  return { ...model, services: Object.fromEntries(services) };
};

/** One of the `config --…s` lists. */
function namesOf(model: ComposeModel, on: (name: string) => boolean): readonly string[] | undefined {
  const services = Object.entries(model.services ?? {});
  if (on('services')) return services.map(([name]) => name).sort();
  if (on('volumes')) return Object.keys(model.volumes ?? {}).sort();
  if (on('networks')) return Object.keys(model.networks ?? {}).sort();
  if (on('profiles')) return [...new Set(services.flatMap(([, each]) => each.profiles ?? []))].sort();
  if (on('images'))
    return [...new Set(services.map(([name, each]) => each.image ?? `${model.name}-${name}`))].sort();
  return undefined;
}

/** SHA-256 of what each service's containers depend on, as far as the files say it. */
async function hashes(context: Context, wanted: string): Promise<number> {
  const { createHash } = await import('node:crypto');
  const names = wanted === '*' ? [] : wanted.split(',');
  const project = await loadProject(context, names);
  const chosen = project.services.filter((each) => names.length === 0 || names.includes(each.service));
  for (const { service, container } of chosen)
    context.out(`${service} ${createHash('sha256').update(JSON.stringify(container)).digest('hex')}`);
  return 0;
}

export const wait: Body = async (context, args, flags) => {
  const client = await context.client();
  const { name } = await knownProject(context, client, args);
  const rows = await rowsOf(client, name, args);
  if (rows.length === 0) throw fail('conflict.state', `the project ${name} has no containers to wait for`);
  const signal = new AbortController().signal;
  const exits = rows.map(async (row) => {
    const { code } = await client.waitContainer(row.id, 'not-running', signal);
    context.out(`${row.name} ${code}`);
    return code;
  });
  if (!flags.on('down-project')) return (await Promise.all(exits)).at(-1) as number;
  const first = await Promise.race(exits);
  await client.removeProject(name, {});
  return first;
};

export const events: Body = async (context, args, flags) => {
  const client = await context.client();
  const name = await (await import('../project/load.ts')).projectName(context);
  const stop = new AbortController();
  const undo = context.io.onSignal('SIGINT', () => stop.abort());
  const times = { sinceMs: timeOf(context, flags, 'since'), untilMs: timeOf(context, flags, 'until') };
  const query = Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined));
  for await (const event of client.events(
    { ...query, filters: { type: ['container'], project: [name] } },
    stop.signal,
  )) {
    const { service = '', ...attributes } = event.actor.attributes;
    if (args.length > 0 && !args.includes(service)) continue;
    const time = new Date(event.time).toISOString();
    const { action, type, actor } = event;
    if (flags.on('json'))
      context.out(JSON.stringify({ action, attributes, id: actor.id, service, time, type }));
    else {
      const said = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
      context.out(`${time} ${type} ${action} ${actor.id} (${said.join(', ')})`);
    }
  }
  undo();
  return 0;
};
