/** Containers that stand while daemons come and go: plain ones and tasks of a project, some of which talk all the time. */
import { readFileSync } from 'node:fs';
import type { Client } from '@orc/api/client';
import type { Container, ContainerId, ContainerSpec } from '@orc/model';
import { composed, upOf } from './composed.ts';
import { counting, countingScript, lastCount, readCount } from './counting.ts';
import { idle, startNew } from './engine.ts';
import { until } from './instance.ts';

/** How many of each. */
export type FleetSize = {
  readonly idle: number;
  readonly published: number;
  readonly counters: number;
  readonly web: number;
  readonly log: number;
  readonly db: number;
};

export const FIFTY: FleetSize = { idle: 20, published: 5, counters: 5, web: 13, log: 5, db: 2 };
export const FEW: FleetSize = { idle: 2, published: 1, counters: 1, web: 1, log: 1, db: 1 };
export const sizeOf = (size: FleetSize): number => Object.values(size).reduce((sum, each) => sum + each, 0);

export type Fleet = {
  readonly ids: readonly ContainerId[];
  readonly counters: readonly ContainerId[];
  /** What is other than it was, line by line: a container that was restarted, a port that moved, a log with a gap. */
  check(client: Client): Promise<readonly string[]>;
  /** Every log from its first line to its last. */
  logs(client: Client): Promise<readonly string[]>;
  /** Takes what there is now for what shall be. */
  accept(client: Client): Promise<void>;
  remove(client: Client): Promise<void>;
};

const PROJECT = 'stand';
export const idleScript = idle().command?.[2] as string;

export async function startFleet(client: Client, size: FleetSize): Promise<Fleet> {
  const ports = [{ containerPort: 80, protocol: 'tcp' }] as const;
  const idles = await startMany(client, size.idle, idle());
  const published = await startMany(client, size.published, idle({ ports }));
  const counters = await startMany(client, size.counters, counting(0));
  await upOf(client, await composed(PROJECT, projectText(size)));
  await until(() => isUp(client, size), 'the standing project to run');
  const tasks = await client.listContainers({ all: true, filters: { project: [PROJECT] } });
  const loud = tasks.filter(({ service }) => service === 'log').map(({ id }) => id);
  return openFleet(
    client,
    [...idles, ...published, ...counters, ...tasks.map(({ id }) => id)],
    [...counters, ...loud],
  );
}

/** Each of them depends on another; one with a health check, one with a volume, all on the project's network. */
const projectText = (size: FleetSize): string => `
services:
  db:
    image: busybox
    command: ${shell(idleScript)}
    healthcheck: { test: ['CMD', 'true'], interval: 2s }
    volumes: ['data:/data']
    scale: ${size.db}
  web:
    image: busybox
    command: ${shell(idleScript)}
    depends_on: [db]
    restart: always
    scale: ${size.web}
  log:
    image: busybox
    command: ${shell(countingScript(0))}
    scale: ${size.log}
volumes: { data: {} }
`;

export const shell = (script: string): string => JSON.stringify(['sh', '-c', script.replaceAll('$', '$$$$')]);

async function isUp(client: Client, { web, log, db }: FleetSize): Promise<boolean> {
  const { tasks } = await client.getProject(PROJECT);
  return tasks.length === web + log + db && tasks.every(({ status }) => status.phase === 'running');
}

const startMany = (client: Client, count: number, spec: ContainerSpec): Promise<readonly ContainerId[]> =>
  Promise.all(
    Array.from({ length: count }, async () => (await startNew(client, spec)) as string as ContainerId),
  );

async function openFleet(
  client: Client,
  ids: readonly ContainerId[],
  counters: readonly ContainerId[],
): Promise<Fleet> {
  const portraits = new Map<string, string>();
  const said = new Map<string, number>();
  const fleet: Fleet = {
    ids,
    counters,
    check: async (now) => [
      ...(await changedOf(now, ids, portraits)),
      ...(await unlike(now)),
      ...(await silent(now, counters, said)),
    ],
    logs: async (now) => {
      const counted = await Promise.all(counters.map((id) => readCount(now, id)));
      return counted.flatMap(({ wrong }, index) =>
        wrong.map((line) => `${counters[index]?.slice(0, 12)}: ${line}`),
      );
    },
    async accept(now) {
      for (const id of ids) portraits.set(id, await portraitOf(now, id));
    },
    async remove(now) {
      const plain = (await now.listContainers({ all: true })).filter(({ project }) => project === undefined);
      await Promise.all(plain.map(({ id }) => now.removeContainer(id, { force: true })));
      await now.removeProject(PROJECT, { volumes: true, timeoutMs: 0 });
    },
  };
  await fleet.accept(client);
  return fleet;
}

const portraitOf = (client: Client, id: ContainerId): Promise<string> =>
  client.getContainer(id).then(portrait, (error: unknown) => String(error));

/** What an adoption leaves as it was. */
function portrait(container: Container): string {
  const { name, status, pid, startedAt, attempt, restarts, ports, endpoints } = container;
  const program = pid === undefined || !isAlive(pid) ? 'no program' : `program ${pid} since ${startedAt}`;
  const places = { ports, endpoints: endpoints.map(({ ipv4, mac }) => `${ipv4} ${mac}`) };
  return `${name} ${status}, ${program}, attempt ${attempt}, ${restarts} restarts, ${JSON.stringify(places)}`;
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function changedOf(
  client: Client,
  ids: readonly ContainerId[],
  portraits: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const now = await Promise.all(ids.map((id) => portraitOf(client, id)));
  return ids.flatMap((id, index) =>
    portraits.get(id) === now[index] ? [] : [`${portraits.get(id)}\n  is now: ${now[index]}`],
  );
}

/** What the log of the cluster says of its tasks. */
async function unlike(client: Client): Promise<readonly string[]> {
  const { tasks } = await client.getProject(PROJECT);
  return tasks
    .filter(({ status }) => status.phase !== 'running' || status.attempt !== 1)
    .map(({ name, status }) => `task ${name} is ${status.phase}, attempt ${status.attempt}`);
}

/** Those that said nothing since the last look. */
async function silent(
  client: Client,
  counters: readonly ContainerId[],
  said: Map<string, number>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const id of counters) {
    const last = await lastCount(client, id);
    if (!(last > (said.get(id) ?? 0)))
      lines.push(`${id.slice(0, 12)} stands at ${last}, as at the last look`);
    said.set(id, last);
  }
  return lines;
}
