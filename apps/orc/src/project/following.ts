/**
 * Hears out the containers of a foreground `up`: their logs from the start on, and how each ends. What counts is what
 * was told of a container, not what it is by now: one that ended at once has been heard only when its events were.
 * Of those that the `up` replaces nothing is said, and their ends count for nothing.
 */
import type { Client, ContainerSummary, EventQuery, PutResult } from '@orc/api/client';
import type { OrcEvent, Project } from '@orc/model';
import { isGone } from '../cli/reconnect.ts';
import { type Current, currentOf } from './current.ts';
import { type LogView, shortName } from './log-view.ts';

export type Follow = {
  readonly project: Project;
  readonly result: Pick<PutResult, 'eventIndex'>;
  /** Absent: all. */
  readonly wanted: { readonly services?: readonly string[] };
  /** Services whose words are printed. */
  readonly shown: ReadonlySet<string>;
  /** Wall time, milliseconds: what ended before has nothing to say. */
  readonly begun: number;
  /** Resolves when a daemon answers in place of one that has gone; throws when none comes. */
  readonly back: () => Promise<void>;
};

export type Following = {
  /** Every container has ended and was heard out. Rejects when nothing more can be heard. */
  readonly all: Promise<'all'>;
  /** The first that nothing starts again: not its policy, nor who stopped it. */
  readonly first: Promise<{ readonly service: string; readonly code: number }>;
  /** All have been started: from now on none is still to come. */
  settled(): void;
  /** Resolves when none runs and all that ran were heard out. */
  idle(): Promise<void>;
};

type Heard = { readonly alive: Set<string>; readonly ended: Set<string>; settled: boolean };

export function follow(client: Client, request: Follow, view: LogView, signal: AbortSignal): Following {
  const heard: Heard = { alive: new Set(), ended: new Set(), settled: false };
  const all = Promise.withResolvers<'all'>();
  const first = Promise.withResolvers<{ service: string; code: number }>();
  const waiting = new Set<() => void>();
  const current = currentOf(client, request.project.name);
  const look = async (): Promise<void> => {
    const rows = heard.alive.size > 0 ? [] : await currentRows(client, request, current);
    if (heard.alive.size > 0 || !rows.every((row) => isHeardOut(row, request, heard))) return;
    for (const each of waiting) each();
    if (heard.settled && rows.every(({ status }) => status === 'exited' || status === 'dead'))
      all.resolve('all');
  };
  const told = { view, heard, current, look, first: first.resolve };
  listen(client, request, told, signal).catch((error: unknown) =>
    signal.aborted ? undefined : all.reject(error),
  );
  all.promise.catch(() => undefined);
  return {
    all: all.promise,
    first: first.promise,
    settled: () => {
      heard.settled = true;
      look().catch(all.reject);
    },
    idle: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      look().catch(all.reject);
      await Promise.race([promise, all.promise]);
    },
  };
}

type Told = {
  readonly view: LogView;
  readonly heard: Heard;
  readonly current: Current;
  readonly look: () => Promise<void>;
  readonly first: (ended: { readonly service: string; readonly code: number }) => void;
};

/** Another daemon counts its events anew: what came about between the two is seen by how things are. */
async function listen(client: Client, request: Follow, told: Told, signal: AbortSignal): Promise<void> {
  for (let since: EventQuery = { afterIndex: request.result.eventIndex }; ; since = { sinceMs: 0 }) {
    try {
      for (const row of await currentRows(client, request, told.current))
        if (row.status === 'running') begin(request, told, { ...row, service: row.service ?? '' });
      if (since.afterIndex === undefined) await endMissed(client, request, told);
      return await listenTo(client, request, told, since, signal);
    } catch (error) {
      if (signal.aborted || !isGone(error)) throw error;
      await request.back();
    }
  }
}

async function endMissed(client: Client, request: Follow, told: Told): Promise<void> {
  for (const row of await rowsOf(client, request)) {
    const { id, name, service = '', exit } = row;
    if (row.status === 'running' || row.status === 'restarting' || !told.heard.alive.has(id)) continue;
    // What it said since is read before its end is told.
    begin(request, told, { id, name, service });
    await end(client, request, told, {
      id,
      attributes: { name, service, exitCode: String(exit?.code ?? '?') },
    });
  }
}

async function listenTo(
  client: Client,
  request: Follow,
  told: Told,
  since: EventQuery,
  signal: AbortSignal,
): Promise<void> {
  const { project, wanted } = request;
  const filters = { type: ['container'], event: ['start', 'die'] };
  for await (const event of client.events({ ...since, filters }, signal)) {
    const { project: of, service = '', name = '' } = event.actor.attributes;
    if (of !== project.name || !(wanted.services?.includes(service) ?? true)) continue;
    if (!(await told.current.has(event.actor.id))) continue;
    if (event.action === 'start') begin(request, told, { id: event.actor.id, name, service });
    else if (since.afterIndex !== undefined || told.heard.alive.has(event.actor.id))
      await end(client, request, told, event.actor);
  }
}

type Named = { readonly id: string; readonly name: string; readonly service: string };

function begin({ project, shown, begun }: Follow, { view, heard }: Told, { id, name, service }: Named): void {
  heard.alive.add(id);
  heard.ended.delete(id);
  if (shown.has(service)) view.open({ id, name: shortName(project.name, name), sinceMs: begun });
}

async function end(client: Client, request: Follow, told: Told, actor: OrcEvent['actor']): Promise<void> {
  const { service = '', name = '', exitCode } = actor.attributes;
  const row = (await rowsOf(client, request)).find((each) => each.id === actor.id);
  // It is begun again: its output has no end yet.
  const goesOn = row?.status === 'restarting' || row?.status === 'running';
  if (!goesOn) await told.view.ended(actor.id);
  if (request.shown.has(service)) {
    const why = row?.exit?.oomKilled === true ? ' (out of memory)' : '';
    told.view.say(shortName(request.project.name, name), `exited with code ${exitCode ?? '?'}${why}`);
  }
  told.heard.alive.delete(actor.id);
  told.heard.ended.add(actor.id);
  if (!goesOn && isFinal(request, service) && !(await told.current.isToStart(actor.id)))
    told.first({ service, code: Number(exitCode ?? 0) });
  await told.look();
}

/** `--exit-code-from` ends with any container, like `--abort-on-container-exit`, unless it is restarted. */
const isFinal = ({ project }: Follow, service: string): boolean =>
  (project.services.find((each) => each.service === service)?.container.restart?.condition ?? 'no') === 'no';

/** What ended, and when, may be known before its events have come. */
const isHeardOut = ({ id, status, exit }: ContainerSummary, { begun }: Follow, { ended }: Heard): boolean =>
  status !== 'running' && status !== 'restarting' && (ended.has(id) || (exit?.at ?? 0) < begun);

async function rowsOf(client: Client, { project, wanted }: Follow): Promise<readonly ContainerSummary[]> {
  const rows = await client.listContainers({ all: true, filters: { project: [project.name] } });
  return rows.filter((row) => wanted.services?.includes(row.service ?? '') ?? true);
}

async function currentRows(
  client: Client,
  request: Follow,
  current: Current,
): Promise<readonly ContainerSummary[]> {
  const found: ContainerSummary[] = [];
  for (const row of await rowsOf(client, request)) if (await current.has(row.id)) found.push(row);
  return found;
}
