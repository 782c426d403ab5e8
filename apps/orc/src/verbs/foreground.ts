/** `orc up` in the foreground: logs of all containers until they end, or the user stops them. */
import type { Client, ContainerSummary } from '@orc/api/client';
import { type OrcEvent, type Project, fail } from '@orc/model';
import type { Flags } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { type LogView, createLogView, shortName } from '../project/log-view.ts';
import { timeoutOf } from '../spec/values.ts';
import { actAndWatch } from './act.ts';
import { type Settling, settle } from './up.ts';

export type Foreground = Settling & {
  readonly project: Project;
  readonly flags: Flags;
  readonly begun: number;
};

export async function foreground(context: Context, client: Client, run: Foreground): Promise<number> {
  const { flags, project } = run;
  const over = new AbortController();
  const interrupted = new AbortController();
  const view = createLogView(context, client, {
    width: widthOf(project),
    timestamps: flags.on('timestamps'),
    prefix: !flags.on('no-log-prefix'),
    color: context.color && !flags.on('no-color'),
    signal: over.signal,
    reporter: await context.reporter(),
  });
  const undo = context.io.onSignal('SIGINT', () => interrupt(context, client, run, interrupted));
  const undoTerm = context.io.onSignal('SIGTERM', () => interrupt(context, client, run, interrupted));
  try {
    const following = follow(client, run, view, over.signal, interrupted.signal);
    following.catch(() => undefined);
    const code = await settle(context, client, { ...run, signal: interrupted.signal });
    if (code !== 0) return await stopAll(context, client, run, 130);
    const ended = await following;
    return interrupted.signal.aborted
      ? await stopAll(context, client, run, 130)
      : await finish(context, client, run, ended);
  } finally {
    undo();
    undoTerm();
    over.abort();
    await view.done();
  }
}

const widthOf = (project: Project): number =>
  Math.max(
    ...project.services.map((each) => (each.containerName ?? `${each.service}-${each.replicas}`).length),
  );

/** The first asks to stop; the second kills. */
function interrupt(context: Context, client: Client, run: Foreground, interrupted: AbortController): void {
  if (!interrupted.signal.aborted) {
    context.err('Gracefully stopping... (press Ctrl+C again to force)');
    interrupted.abort();
    return;
  }
  context.err('Killing...');
  client
    .actProject(run.project.name, { kind: 'kill', ...servicesOf(run) })
    .catch((error: unknown) => context.err(`error: ${(error as Error).message}`));
}

const servicesOf = ({ wanted }: Foreground): { services?: readonly string[] } =>
  wanted.services === undefined ? {} : { services: wanted.services };

async function stopAll(context: Context, client: Client, run: Foreground, code: number): Promise<number> {
  const action = { kind: 'stop' as const, ...servicesOf(run), ...timeoutOf(run.flags) };
  await actAndWatch(context, client, run.project.name, action);
  return code;
}

type Ended =
  | { readonly why: 'all' }
  | { readonly why: 'first'; readonly service: string; readonly code: number };

async function finish(context: Context, client: Client, run: Foreground, ended: Ended): Promise<number> {
  if (ended.why === 'all') return codeFrom(client, run, 0);
  context.err('Aborting on container exit...');
  await stopAll(context, client, run, 0);
  return codeFrom(client, run, ended.code);
}

/** `--exit-code-from`: that service's status, whoever ended first. */
async function codeFrom(client: Client, run: Foreground, otherwise: number): Promise<number> {
  const service = run.flags.text('exit-code-from');
  if (service === undefined) return otherwise;
  const rows = await client.listContainers({
    all: true,
    filters: { project: [run.project.name], service: [service] },
  });
  const row = rows[0];
  if (row === undefined)
    throw fail('notfound.service', `--exit-code-from ${service} has no container`, {
      hint: 'see "orc ps -a"',
    });
  return row.exit?.code ?? 0;
}

/** Opens the logs of every container as it starts; resolves when all have ended, or the first if that is the wish. */
async function follow(
  client: Client,
  run: Foreground,
  view: LogView,
  over: AbortSignal,
  interrupted: AbortSignal,
): Promise<Ended> {
  const { flags, project, result, begun } = run;
  const signal = AbortSignal.any([over, interrupted]);
  const abortFirst = flags.on('abort-on-container-exit') || flags.text('exit-code-from') !== undefined;
  const shown = attachedServices(run);
  const open = (row: Pick<ContainerSummary, 'id' | 'name' | 'service'>): void => {
    if (shown.has(row.service ?? ''))
      view.open({ id: row.id, name: shortName(project.name, row.name), sinceMs: begun });
  };
  for (const row of await rowsOf(client, run)) if (row.status === 'running') open(row);
  const filters = { type: ['container'], event: ['start', 'die'] };
  for await (const event of client.events({ afterIndex: result.eventIndex, filters }, signal)) {
    const { project: of, service = '', name = '', exitCode } = event.actor.attributes;
    if (of !== project.name || !(run.wanted.services?.includes(service) ?? true)) continue;
    if (event.action === 'start') {
      open({ id: event.actor.id as ContainerSummary['id'], name, service });
      continue;
    }
    if (!(await runsOn(client, run, event.actor.id))) await view.ended(event.actor.id);
    if (shown.has(service)) view.say(shortName(project.name, name), `exited with code ${exitCode ?? '?'}`);
    if (abortFirst && isFinal(event, run)) return { why: 'first', service, code: Number(exitCode ?? 0) };
    if (await allEnded(client, run)) return { why: 'all' };
  }
  return { why: 'all' };
}

/** Its policy begins it again: its output has no end yet. */
async function runsOn(client: Client, run: Foreground, id: string): Promise<boolean> {
  const status = (await rowsOf(client, run)).find((row) => row.id === id)?.status;
  return status === 'restarting' || status === 'running';
}

/** `--exit-code-from` ends with any container, like `--abort-on-container-exit`, unless it is restarted. */
const isFinal = (event: OrcEvent, { project }: Foreground): boolean => {
  const service = project.services.find((each) => each.service === event.actor.attributes['service']);
  return (service?.container.restart?.condition ?? 'no') === 'no';
};

const rowsOf = (client: Client, run: Foreground): Promise<readonly ContainerSummary[]> =>
  client.listContainers({ all: true, filters: { project: [run.project.name] } });

async function allEnded(client: Client, run: Foreground): Promise<boolean> {
  const rows = (await rowsOf(client, run)).filter(
    (row) => run.wanted.services?.includes(row.service ?? '') ?? true,
  );
  return rows.every((row) => row.status === 'exited' || row.status === 'dead');
}

function attachedServices({ project, wanted, flags }: Foreground): ReadonlySet<string> {
  const [attach, noAttach] = [flags.list('attach'), flags.list('no-attach')];
  const chosen = project.services
    .filter((each) => wanted.services?.includes(each.service) ?? true)
    .filter((each) => (attach.length === 0 ? each.attach : attach.includes(each.service)))
    .map((each) => each.service);
  return new Set(chosen.filter((each) => !noAttach.includes(each)));
}
