/** `orc logs -f`: containers that start later are shown too; over when none runs, and none is still to start by itself. */
import type { Client, ContainerSummary, ProjectView } from '@orc/api/client';
import type { TaskVerdict } from '@orc/model';
import type { Context } from '../cli/context.ts';
import { isGone, untilBack } from '../cli/reconnect.ts';
import { type LogView, shortName } from './log-view.ts';
import { watchProject } from './watch.ts';

export type LogFollow = {
  readonly project: string;
  /** None: all. */
  readonly services: readonly string[];
  readonly slot: number | undefined;
  /** Those of the project that are meant, as they are now. */
  readonly rows: () => Promise<readonly ContainerSummary[]>;
};

/** Goes on where it was when another daemon takes the place of one that has gone. */
export async function followLogs(
  context: Context,
  client: Client,
  follow: LogFollow,
  view: LogView,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      // Also those are heard that start while the list is on its way.
      return await followUntilOver(client, { ...follow, sinceMs: context.io.now() }, view, signal);
    } catch (error) {
      if (signal.aborted || !isGone(error)) throw error;
    }
    await untilBack(context, client, { goesOn: GO_ON, hint: 'see "orc logs -f" again' });
  }
}

const GO_ON = 'and the containers go on without it';

type Since = LogFollow & { readonly sinceMs: number };

async function followUntilOver(
  client: Client,
  follow: Since,
  view: LogView,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const failed = Promise.withResolvers<never>();
  const started = new Map<string, number>();
  const show = (id: string, name: string, at: number): void => {
    started.set(id, at);
    view.open({ id, name: shortName(follow.project, name) });
  };
  for (const row of await follow.rows()) show(row.id, row.name, row.startedAt ?? 0);
  const ending = AbortSignal.any([signal, over.signal]);
  openStarted(client, follow, show, ending).catch((error: unknown) =>
    ending.aborted ? undefined : failed.reject(error),
  );
  const judge = (seen: ProjectView | null): 'wait' | 'done' => (goesOn(seen, follow) ? 'wait' : 'done');
  try {
    await Promise.race([watchProject(client, { project: follow.project, judge, signal }), failed.promise]);
  } finally {
    over.abort();
  }
  // Those whose start was not heard before they had ended.
  for (const row of await follow.rows())
    if ((row.startedAt ?? 0) > (started.get(row.id) ?? 0)) show(row.id, row.name, row.startedAt ?? 0);
}

async function openStarted(
  client: Client,
  { project, services, slot, sinceMs }: Since,
  show: (id: string, name: string, at: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const filters = { type: ['container'], event: ['start'] };
  for await (const { time, actor } of client.events({ sinceMs, filters }, signal)) {
    const { project: of, service = '', name = '', slot: place } = actor.attributes;
    if (of !== project || (services.length > 0 && !services.includes(service))) continue;
    if (slot === undefined || Number(place) === slot) show(actor.id, name, time);
  }
}

/** Whether a container has more to say, now or when what is under way has come about. */
export function goesOn(
  view: ProjectView | null,
  { services, slot }: Pick<LogFollow, 'services' | 'slot'>,
): boolean {
  if (view === null) return false;
  const slots = new Map(view.tasks.map((task) => [task.id, task.spec.slot]));
  return view.verdicts
    .filter(({ service }) => services.length === 0 || services.includes(service))
    .flatMap(({ tasks }) => tasks)
    .some((each) => (slot === undefined || slots.get(each.task) === slot) && speaks(each));
}

function speaks({ state, missing }: TaskVerdict): boolean {
  switch (state.state) {
    case 'created':
    case 'exited':
    case 'failed':
      return false;
    case 'waiting':
      return missing.started?.standing === 'coming';
    default:
      return true;
  }
}
