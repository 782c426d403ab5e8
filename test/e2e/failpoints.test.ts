/** kill -9 at each failpoint of docs/failpoints.md: what was acknowledged holds, and no half of anything is left. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilClean } from '../lab/crash.ts';
import { bootstrapBusybox, idle, startNew } from '../lab/engine.ts';
import { dieAt, failpoints, LATER, placesOf, FIRST } from '../lab/failpoints.ts';
import { FEW, type Fleet, startFleet } from '../lab/fleet.ts';
import { type Instance, makeInstance, startInstance } from '../lab/instance.ts';

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
  let fleet: Fleet;
  let serial = 0;
  beforeAll(async () => {
    instance = await startInstance();
    await bootstrapBusybox(instance);
    fleet = await startFleet(instance.client, FEW);
  });
  afterAll(() => instance.purge());

  test.each(placesOf(LATER))(
    '$failpoint, a $first first',
    async (place) => {
      serial += 1;
      expect((await dieAt(instance, fleet, serial, place)).wrong).toEqual([]);
    },
    60_000,
  );

  test('and nothing is left of all that', async () => {
    expect(await fleet.logs(instance.client)).toEqual([]);
    await fleet.remove(instance.client);
    await untilClean(instance);
  });
});
