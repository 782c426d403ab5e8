/** `orc up` and `orc create`. */
import type { Client, PlannedChange, ProjectView, PutProject, PutResult } from '@orc/api/client';
import { type Project, type ProjectService, fail } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import { isOn } from '../cli/compose-env.ts';
import { type Context, showWarnings } from '../cli/context.ts';
import type { Io } from '../cli/io.ts';
import { resolveImages } from '../project/images.ts';
import { type Wanted, judgeUp, unready } from '../project/judge.ts';
import { loadToStart, mustKnow } from '../project/load.ts';
import { withPlaceOf, withPlaces } from '../project/places.ts';
import { watchProject } from '../project/watch.ts';
import { timeoutOf } from '../spec/values.ts';
import type { Reporter } from '../report/reporter.ts';

export const up: Body = async (context, args, flags) => {
  mustFit(flags);
  const project = await loadToStart(context, args);
  mustName(project, args, flags);
  const client = await context.client();
  const detached = flags.on('detach') || flags.on('wait');
  const begun = context.io.now();
  const result = await put(context, client, project, args, flags);
  if (flags.on('dry-run')) return 0;
  if (flags.on('no-start'))
    return settle(context, client, {
      project,
      result,
      wanted: { goal: 'created', ...only(project, args, flags) },
    });
  const wanted: Wanted = { goal: flags.on('wait') ? 'healthy' : 'started', ...only(project, args, flags) };
  const timeoutMs = timeoutOf(flags, 'wait-timeout');
  if (detached) return settle(context, client, { project, result, wanted, ...timeoutMs });
  const { foreground } = await import('./foreground.ts');
  return foreground(context, client, { project, result, wanted, flags, begun, ...timeoutMs });
};

export const create: Body = async (context, args, flags) => {
  const project = await loadToStart(context, args);
  const client = await context.client();
  const result = await put(context, client, project, args, flags, 'ready');
  return settle(context, client, {
    project,
    result,
    wanted: { goal: 'created', ...only(project, args, flags) },
  });
};

/** docker compose's rules on what excludes what. */
function mustFit(flags: Flags): void {
  const both = (a: string, b: string): void => {
    if (flags.on(a) && flags.on(b)) throw exclude(a, b);
  };
  both('build', 'no-build');
  both('force-recreate', 'no-recreate');
  both('detach', 'abort-on-container-exit');
  both('wait', 'abort-on-container-exit');
  if (flags.on('detach') && flags.text('exit-code-from') !== undefined)
    throw exclude('detach', 'exit-code-from');
}

/** Before anything is started: who is not there would be missed only at the end. */
function mustName(project: Project, args: readonly string[], flags: Flags): void {
  const known = project.services.map((each) => each.service);
  const from = flags.text('exit-code-from');
  const given = [...flags.list('attach'), ...flags.list('no-attach'), ...(from === undefined ? [] : [from])];
  mustKnow(given, known, project.name);
  if (from !== undefined && !only(project, args, flags).services.includes(from))
    throw fail('usage.invalid', `--exit-code-from names ${from}, which is not started here`, {
      hint: 'name it as one of the services too',
    });
}

const exclude = (a: string, b: string): Error =>
  fail('usage.invalid', `--${a} and --${b} exclude each other`, { hint: 'leave one of them out' });

export type Settling = {
  /** Another daemon than the one that took the change: it has none of the events before. */
  readonly anew?: boolean;
  readonly project: Pick<Project, 'name'>;
  readonly result: PutResult;
  readonly wanted: Wanted;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

/** The services that were asked for, with what they depend on; without names all of the files, not the orphans. */
export function only(
  project: Project,
  names: readonly string[],
  flags: Flags,
): { services: readonly string[] } {
  if (names.length === 0) return { services: project.services.map((each) => each.service) };
  return { services: flags.on('no-deps') ? names : withDependencies(project.services, names) };
}

export function withDependencies(
  services: readonly ProjectService[],
  names: readonly string[],
): readonly string[] {
  const found = new Set(names);
  for (const name of found) {
    const service = services.find((each) => each.service === name);
    for (const { service: dependency } of service?.dependsOn ?? []) found.add(dependency);
  }
  return [...found];
}

/**
 * Images first, then the project in one request; says what it changes. `prepare`: services that get their networks,
 * volumes and files and nothing else; with it, no names means none.
 */
export async function put(
  context: Context,
  client: Client,
  project: Project,
  names: readonly string[],
  flags: Flags,
  desired: 'ready' | 'run' = flags.on('no-start') ? 'ready' : 'run',
  prepare?: readonly string[],
): Promise<PutResult> {
  const { services: chosen } = only(project, names, flags);
  const none = prepare !== undefined && names.length === 0;
  const services = project.services.filter((each) => !none && chosen.includes(each.service));
  const pull = flags.text('pull');
  const options = {
    ...optionsOf(context.io.env, names, flags, desired),
    ...(prepare === undefined ? {} : { prepare }),
  };
  if (flags.on('dry-run')) {
    const { dryRun } = await import('./plan.ts');
    return dryRun(context, client, project, { services, options });
  }
  const images = await resolveImages(context, client, services, {
    build: flags.on('build'),
    noBuild: flags.on('no-build'),
    quiet: flags.on('quiet-pull'),
    ...(pull === undefined ? {} : { pull }),
  });
  const result = await putPlaced(client, project, { project, images, options });
  showPutWarnings(context, result.warnings);
  await showReasons(context, result.changes);
  return result;
}

/** What the daemon refuses of what the files ask for is said with its place. */
export async function putPlaced(client: Client, project: Project, body: PutProject): Promise<PutResult> {
  try {
    return await client.putProject(project.name, body);
  } catch (error) {
    throw withPlaces(project, error);
  }
}

/** Which fields of a service make its containers others. */
async function showReasons(context: Context, changes: readonly PlannedChange[]): Promise<void> {
  const told = new Set<string>();
  for (const { service, action, reason } of changes) {
    if (action !== 'recreate' || service === undefined || reason === undefined || told.has(service)) continue;
    told.add(service);
    (await context.reporter()).update({
      id: `Service ${service}`,
      text: `Recreate: ${reason}`,
      state: 'done',
    });
  }
}

export function optionsOf(
  env: Io['env'],
  names: readonly string[],
  flags: Flags,
  desired: 'ready' | 'run',
): PutProject['options'] {
  const scale = scaleOf(flags.list('scale'));
  const switches = {
    noDeps: flags.on('no-deps'),
    removeOrphans: flags.on('remove-orphans') || isOn(env['COMPOSE_REMOVE_ORPHANS']),
    forceRecreate: flags.on('force-recreate'),
    noRecreate: flags.on('no-recreate'),
    renewAnonVolumes: flags.on('renew-anon-volumes'),
    dryRun: flags.on('dry-run'),
  };
  return {
    desired,
    ...Object.fromEntries(Object.entries(switches).filter(([, value]) => value)),
    ...(names.length === 0 ? {} : { services: names }),
    ...(Object.keys(scale).length === 0 ? {} : { scale }),
    ...timeoutOf(flags),
  };
}

/** That there are orphans is not said where COMPOSE_IGNORE_ORPHANS asks for that. */
export function showPutWarnings(context: Context, warnings: PutResult['warnings']): void {
  const quiet = isOn(context.io.env['COMPOSE_IGNORE_ORPHANS']);
  const isOfOrphans = ({ hint = '' }: PutResult['warnings'][number]): boolean =>
    hint.includes('--remove-orphans');
  showWarnings(context, quiet ? warnings.filter((each) => !isOfOrphans(each)) : warnings);
}

export function scaleOf(words: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    words.map((word) => {
      const [, service, count] = /^(.+)=(\d+)$/.exec(word) ?? [];
      if (service === undefined)
        throw fail('usage.invalid', `the scale ${word} is malformed`, { hint: 'write web=3' });
      return [service, Number(count)];
    }),
  );
}

/** Shows the change until what is wanted is there. 130 when it was interrupted: the daemon goes on. */
export async function settle(context: Context, client: Client, settling: Settling): Promise<number> {
  const reporter = await context.reporter();
  const stop = new AbortController();
  const undo =
    settling.signal === undefined ? context.io.onSignal('SIGINT', () => stop.abort()) : (): void => undefined;
  try {
    showFixed(reporter, settling.result.changes);
    const begun = new Set(settling.result.changes.filter(isChanged).map((each) => `Container ${each.name}`));
    const done = await watchProject(client, {
      project: settling.project.name,
      ...(settling.anew === true ? {} : { eventIndex: settling.result.eventIndex }),
      judge: (view, quietMs) =>
        judge(reporter, { ...settling, wanted: { ...settling.wanted, quietMs } }, view, begun),
      unready: (view) => unready(view, settling.wanted),
      signal: settling.signal ?? stop.signal,
      ...(settling.timeoutMs === undefined ? {} : { timeoutMs: settling.timeoutMs }),
    });
    return done ? 0 : 130;
  } finally {
    undo();
    reporter.flush();
  }
}

const isChanged = ({ action }: PlannedChange): boolean => action !== 'keep';

/** `begun`: rows of what was changed, or was seen on its way; the others were running before. */
function judge(
  reporter: Reporter,
  settling: Settling,
  view: ProjectView | null,
  begun: Set<string>,
): 'wait' | 'done' {
  if (view === null)
    throw fail('notfound.project', `the project ${settling.project.name} was removed meanwhile`, {
      hint: 'somebody took it down: try again',
    });
  const judgement = judgeUp(view, settling.wanted);
  for (const row of judgement.rows) {
    if (row.state === 'working') begun.add(row.id);
    const ran = row.text === 'Started' && !begun.has(row.id);
    reporter.update(ran ? { ...row, text: 'Running' } : row);
  }
  const gone = showRemoved(reporter, settling.result.changes, view);
  const { failure, cause } = judgement;
  if (failure !== undefined)
    throw cause === undefined ? failure : withPlaceOf(settling.project, failure, cause);
  return judgement.done && gone ? 'done' : 'wait';
}

/** Whether all that were to be removed are. */
function showRemoved(reporter: Reporter, changes: readonly PlannedChange[], view: ProjectView): boolean {
  const present = new Set(view.tasks.map((each) => each.name));
  const removed = changes.filter((each) => each.kind === 'task' && each.action === 'remove');
  for (const { name } of removed) {
    const id = `Container ${name}`;
    if (present.has(name)) reporter.update({ id, text: 'Removing', state: 'working' });
    else reporter.update({ id, text: 'Removed', state: 'done' });
  }
  return removed.every(({ name }) => !present.has(name));
}

const CAPITALS: Readonly<Record<string, string>> = {
  network: 'Network',
  volume: 'Volume',
  secret: 'Secret',
  config: 'Config',
};
const FIXED: Partial<Record<PlannedChange['action'], string>> = {
  create: 'Created',
  remove: 'Removed',
  update: 'Updated',
  recreate: 'Recreated',
};

/** What is done once it is written: networks, volumes, secrets and configs. */
export function showFixed(reporter: Reporter, changes: readonly PlannedChange[]): void {
  for (const { kind, name, action } of changes) {
    const [noun, text] = [CAPITALS[kind], FIXED[action]];
    if (noun !== undefined && text !== undefined)
      reporter.update({ id: `${noun} ${name}`, text, state: 'done' });
  }
}
