/** Fifty containers and clients at work; the daemon is killed at random instants, again and again. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { leftOfContainers, seeded, untilClean } from './crash.ts';
import { idle, startNew } from './engine.ts';
import { type Instance, until } from './instance.ts';
import { counting, gaps, openWorkload, type Workload } from './workload.ts';

export type Rounds = { readonly seed: number; readonly rounds: number };

/** Milliseconds that the adoption took, of each round. */
export async function killAtRandom(instance: Instance, { seed, rounds }: Rounds): Promise<readonly number[]> {
  const { client } = instance;
  const random = seeded(seed);
  const idles = await startMany(instance, 45, idle());
  const ports = [{ containerPort: 80, protocol: 'tcp' }] as const;
  const counters = await startMany(instance, 5, { ...counting(0), ports });
  const workload = openWorkload('work-', random);
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await killOnce(instance, workload, random() * INSTANT_MS_MAX, 1 + (round % CODES));
    const running = new Set<string>((await client.listContainers({ all: false })).map(({ id }) => id));
    expect([...idles, ...counters].filter((id) => !running.has(id))).toEqual([]);
    took.push(adoptionMs(instance));
  }
  for (const id of counters) expect(await gaps(client, id)).toEqual([]);
  const kinds = new Set(leftOfContainers(instance).map((line) => line.split(' ')[0]));
  expect([...kinds].sort()).toEqual(['cgroup', 'folder', 'link', 'mount', 'rule']);
  const all = await client.listContainers({ all: true });
  await Promise.all(all.map(({ id }) => client.removeContainer(id, { force: true })));
  await untilClean(instance);
  return took;
}

const INSTANT_MS_MAX = 300;
const CODES = 100;

async function killOnce(instance: Instance, workload: Workload, atMs: number, code: number): Promise<void> {
  const { client } = instance;
  const ending = await startNew(client, counting(code));
  const { pid } = await client.getContainer(ending);
  const abort = new AbortController();
  const work = workload.run(client, abort.signal);
  await new Promise((resolve) => setTimeout(resolve, atMs));
  await instance.stop('SIGKILL');
  abort.abort();
  await work;
  process.kill(pid as number, 'SIGTERM');
  await until(ended(pid as number), 'a container to end without a daemon');
  await instance.start();
  expect(await workload.check(client)).toEqual([]);
  expect((await client.getContainer(ending)).exit).toMatchObject({ code });
  await client.removeContainer(ending, {});
}

export const ended = (pid: number) => (): boolean => {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
};

const adoptionMs = (instance: Instance): number =>
  Number(/.*"adoptionMs":([\d.]+)/s.exec(instance.log())?.[1]);

const startMany = (
  { client }: Instance,
  count: number,
  spec: Parameters<typeof startNew>[1],
): Promise<readonly string[]> => Promise.all(Array.from({ length: count }, () => startNew(client, spec)));
