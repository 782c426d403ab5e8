/** Clients at work on a daemon that may die at any time, and what they know: acknowledged is true, unanswered may be. */
import type { Client } from '@orc/api/client';
import { OrcError } from '@orc/model';
import { forever, idle, sh } from './engine.ts';

type Fate = 'absent' | 'created' | 'running' | 'exited';
type Kind = 'create' | 'start' | 'stop' | 'remove';

export type Workload = {
  /** One random operation after the other, until the daemon goes away or `signal` aborts. */
  run(client: Client, signal: AbortSignal): Promise<void>;
  /** Compares with what is there, line by line of what is wrong; what is there is known from then on. */
  check(client: Client): Promise<readonly string[]>;
};

const NAMES = 12;
/** Where an operation leads from where it makes sense. */
const STEPS: Readonly<Record<Kind, { readonly from: readonly Fate[]; readonly to: Fate }>> = {
  create: { from: ['absent'], to: 'created' },
  start: { from: ['created', 'exited'], to: 'running' },
  stop: { from: ['running'], to: 'exited' },
  remove: { from: ['created', 'running', 'exited'], to: 'absent' },
};

/** `prefix` keeps its containers apart from others. */
export function openWorkload(prefix: string, random: () => number): Workload {
  const fates = new Map<string, Set<Fate>>();
  for (let index = 0; index < NAMES; index += 1) fates.set(`${prefix}${index}`, new Set(['absent']));
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

  const step = async (client: Client): Promise<void> => {
    const name = pick([...fates.keys()]);
    const [fate] = [...(fates.get(name) as Set<Fate>)] as [Fate];
    const kind = pick((Object.keys(STEPS) as Kind[]).filter((each) => STEPS[each].from.includes(fate)));
    const { to } = STEPS[kind];
    // A start that nobody acknowledged may have failed with the daemon: it has ended then.
    fates.set(name, new Set([fate, to, ...(kind === 'start' ? (['exited'] as const) : [])]));
    if (kind === 'remove' && fate === 'running') (fates.get(name) as Set<Fate>).add('exited');
    await act(client, kind, name);
    fates.set(name, new Set([to]));
  };
  return {
    async run(client, signal) {
      while (!signal.aborted) {
        try {
          await step(client);
        } catch (error) {
          if (error instanceof OrcError && !GONE.has(error.problem.code)) throw error;
          return;
        }
      }
    },
    async check(client) {
      const rows = await client.listContainers({ all: true });
      const found = new Map(
        rows.filter(({ name }) => name.startsWith(prefix)).map((row) => [row.name, row.status]),
      );
      const wrong: string[] = [];
      for (const [name, allowed] of fates) {
        const fate = (found.get(name) ?? 'absent') as Fate;
        if (!allowed.has(fate)) wrong.push(`${name} is ${fate}, expected ${[...allowed].join(' or ')}`);
        fates.set(name, new Set([fate]));
        found.delete(name);
      }
      return [...wrong, ...[...found.keys()].map((name) => `${name} was never asked for`)];
    },
  };
}

/** The connection was cut, or nobody listens any more. */
const GONE: ReadonlySet<string> = new Set(['daemon.unreachable', 'canceled', 'daemon.stopping']);

async function act(client: Client, kind: Kind, name: string): Promise<void> {
  if (kind === 'create') await client.createContainer({ name, spec: idle() });
  if (kind === 'start') await client.startContainer(name);
  if (kind === 'stop') await client.stopContainer(name, { timeoutMs: 0 });
  if (kind === 'remove') await client.removeContainer(name, { force: true });
}

/** Says 1, 2, 3 … one a line, and ends with `code` when it is told to. */
export const counting = (code: number): ReturnType<typeof sh> =>
  sh(`trap "exit ${code}" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done`);

/** The numbers that are missing or come twice in what it said. */
export async function gaps(client: Client, id: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  let expected = 1;
  let rest = '';
  for await (const { data } of client.containerLogs(id, { stdout: true, stderr: true }, forever())) {
    const lines = `${rest}${Buffer.from(data).toString('utf8')}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (Number(line) !== expected) wrong.push(`line ${line} where ${expected} was due`);
      expected = Number(line) + 1;
    }
  }
  return expected === 1 ? ['it said nothing'] : wrong;
}
