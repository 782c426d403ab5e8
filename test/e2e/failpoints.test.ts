/** kill -9 at each failpoint of docs/failpoints.md: what was acknowledged holds, and no half of anything is left. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilClean } from '../lab/crash.ts';
import { bootstrapBusybox, idle, startNew } from '../lab/engine.ts';
import { type Facts, failpoints, goBy } from '../lab/failpoints.ts';
import { type Instance, makeInstance, startInstance } from '../lab/instance.ts';

/** Come by when a root is made, and never again. */
const FIRST = failpoints().filter((name) => /^raft\.(identity|segment\.(filled|headed|named))/.test(name));
const LATER = failpoints().filter((name) => !FIRST.includes(name));

test('the table names what the code names', () => {
  const named = ['packages', 'apps'].flatMap((folder) => sources(join(import.meta.dirname, '../..', folder)));
  expect([...new Set(named)].sort()).toEqual([...failpoints()].sort());
});

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ['node_modules', 'test', 'dist'].includes(entry.name) ? [] : sources(path);
    if (!entry.name.endsWith('.ts')) return [];
    return [...readFileSync(path, 'utf8').matchAll(/failpoint\(\s*'([^']+)'/g)].map(
      (match) => match[1] as string,
    );
  });
}

test.each(FIRST)('a root that was half made at %s is made whole', async (failpoint) => {
  const instance = makeInstance();
  try {
    await expect(instance.start({ ORC_FAILPOINT: failpoint })).rejects.toThrow(/in vain/);
    await instance.start();
    await bootstrapBusybox(instance);
    await startNew(instance.client, idle());
    expect((await instance.client.info()).quarantined).toEqual([]);
  } finally {
    await instance.purge();
  }
});

describe('a daemon that is at work', () => {
  let instance: Instance;
  let lasting: string[];
  let serial = 0;
  beforeAll(async () => {
    instance = await startInstance();
    await bootstrapBusybox(instance);
    lasting = await Promise.all(Array.from({ length: 4 }, () => startNew(instance.client, idle())));
  });
  afterAll(() => instance.purge());

  test.each(LATER)('%s', async (failpoint) => {
    serial += 1;
    const facts: Facts = new Map();
    await instance.stop('SIGKILL');
    const died = await instance.start({ ORC_FAILPOINT: failpoint }).then(
      () =>
        goBy(instance.client, serial, facts, failpoint).then(
          () => false,
          () => true,
        ),
      () => true,
    );
    expect(died, 'the failpoint is come by').toBe(true);
    await instance.ended();
    await instance.start();
    for (const [key, holds] of facts) expect(await holds(), key).toBe(true);
    const { quarantined, containers } = await instance.client.info();
    expect(quarantined).toEqual([]);
    expect(containers.running).toBeGreaterThanOrEqual(lasting.length);
    await tidyUp(instance, lasting);
  });

  test('and nothing is left of all that', async () => {
    await Promise.all(lasting.map((id) => instance.client.removeContainer(id, { force: true })));
    await untilClean(instance);
  });
});

/** The same work succeeds after the crash. */
async function tidyUp({ client }: Instance, lasting: readonly string[]): Promise<void> {
  for (const { id, status } of await client.listContainers({ all: true })) {
    if (lasting.includes(id)) continue;
    if (status !== 'running') await client.startContainer(id);
    await client.removeContainer(id, { force: true, volumes: true });
  }
  for (const { name } of await client.listVolumes()) await client.removeVolume(name, {});
}
