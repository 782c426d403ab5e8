/** Clients at work on a daemon that may die at any time, and what they know: acknowledged is true, unanswered may be. */
import type { Client, ContainerSummary } from '@orc/api/client';
import { OrcError } from '@orc/model';
import { idle } from './engine.ts';

export type Worker = {
  /** One operation after the other, until the daemon goes away or `signal` aborts. */
  run(client: Client, signal: AbortSignal): Promise<void>;
  /** Compares with what is there, line by line of what is wrong. */
  check(client: Client): Promise<readonly string[]>;
  /** Removes what it made. */
  clear(client: Client): Promise<void>;
  /** What it did, for whoever looks for a cause. */
  readonly trace: readonly string[];
};

/** The connection was cut, or nobody listens any more. */
const GONE: ReadonlySet<string> = new Set(['daemon.unreachable', 'canceled', 'daemon.stopping']);
export const hasGone = (error: unknown): boolean => error instanceof OrcError && GONE.has(error.problem.code);

/** Any other failure is the daemon's fault and thrown. */
export async function workOn(step: () => Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) await step();
  } catch (error) {
    if (!hasGone(error)) throw error;
  }
}

/** Written before and after: one without an answer is seen. */
export async function traced(trace: string[], what: string, work: Promise<unknown>): Promise<void> {
  const at = trace.push(`${what} …`) - 1;
  await work;
  trace[at] = what;
}

export const pickOf = <T>(random: () => number, values: readonly T[]): T =>
  values[Math.floor(random() * values.length)] as T;

type Fate = 'absent' | 'created' | 'running' | 'exited';
type Kind = 'create' | 'start' | 'stop' | 'remove';

const NAMES = 6;
/** Where an operation leads from where it makes sense. */
const STEPS: Readonly<Record<Kind, { readonly from: readonly Fate[]; readonly to: Fate }>> = {
  create: { from: ['absent'], to: 'created' },
  start: { from: ['created', 'exited'], to: 'running' },
  stop: { from: ['running'], to: 'exited' },
  remove: { from: ['created', 'running', 'exited'], to: 'absent' },
};

/** create, start, stop and rm of containers; `prefix` keeps them apart from others. */
export function containersWorker(prefix: string, random: () => number): Worker {
  const fates = new Map<string, ReadonlySet<Fate>>();
  for (let index = 0; index < NAMES; index += 1) fates.set(`${prefix}${index}`, new Set(['absent']));
  const ids = new Map<string, string>();
  const removed = new Set<string>();
  const trace: string[] = [];

  const step = async (client: Client): Promise<void> => {
    const name = pickOf(random, [...fates.keys()]);
    const [fate] = [...(fates.get(name) as ReadonlySet<Fate>)] as [Fate];
    const kind = pickOf(
      random,
      (Object.keys(STEPS) as Kind[]).filter((each) => STEPS[each].from.includes(fate)),
    );
    fates.set(name, outcomes(kind, fate));
    await traced(trace, `${kind} ${name}`, act(client, kind, name, ids));
    if (kind === 'remove') removed.add(ids.get(name) as string);
    fates.set(name, new Set([STEPS[kind].to]));
  };
  return {
    trace,
    run: (client, signal) => workOn(() => step(client), signal),
    async check(client) {
      const rows = await rowsOf(client, prefix);
      return [
        ...[...fates].flatMap(([name, allowed]) => wrongOf(name, allowed, rows.get(name), ids.get(name))),
        ...[...rows.values()].flatMap(({ id, name }) => [
          ...(removed.has(id) ? [`${name} came back after its removal`] : []),
          ...(fates.has(name) ? [] : [`${name} was never asked for`]),
        ]),
      ];
    },
    async clear(client) {
      const rows = await rowsOf(client, prefix);
      await Promise.all([...rows.values()].map(({ id }) => client.removeContainer(id, { force: true })));
    },
  };
}

/** A start that nobody acknowledged may have failed with the daemon: it has ended then. */
function outcomes(kind: Kind, fate: Fate): ReadonlySet<Fate> {
  const ended = kind === 'start' || (kind === 'remove' && fate === 'running');
  return new Set([fate, STEPS[kind].to, ...(ended ? (['exited'] as const) : [])]);
}

/** What was acknowledged as stopped ended by its program's own exit code, and is known to. */
function wrongOf(
  name: string,
  allowed: ReadonlySet<Fate>,
  row: ContainerSummary | undefined,
  id: string | undefined,
): readonly string[] {
  const fate = row?.status ?? 'absent';
  const expected = [...allowed].join(' or ');
  if (!allowed.has(fate as Fate)) return [`${name} is ${fate}, expected ${expected}`];
  if (row !== undefined && !allowed.has('absent') && row.id !== id)
    return [`${name} is another than was made`];
  if (row === undefined || fate !== 'exited' || allowed.size > 1) return [];
  const { code, reason } = row.exit ?? {};
  return code === 0 || code === 137 ? [] : [`${name} was stopped and is exited with ${code} (${reason})`];
}

async function rowsOf(client: Client, prefix: string): Promise<ReadonlyMap<string, ContainerSummary>> {
  const rows = await client.listContainers({ all: true });
  return new Map(rows.filter(({ name }) => name.startsWith(prefix)).map((row) => [row.name, row]));
}

async function act(client: Client, kind: Kind, name: string, ids: Map<string, string>): Promise<void> {
  if (kind === 'create') ids.set(name, (await client.createContainer({ name, spec: idle() })).id);
  if (kind === 'start') await client.startContainer(name);
  if (kind === 'stop') await client.stopContainer(name, { timeoutMs: 0 });
  if (kind === 'remove') await client.removeContainer(name, { force: true });
}
