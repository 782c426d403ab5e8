/** The folder of volumes takes no name that leads out of it, whoever let it pass before. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openVolumes, type Volumes } from '../src/host/volumes.ts';

let base: string;
let volumes: Volumes;
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'orc-volumes-'));
  mkdirSync(join(base, 'root', 'victim'), { recursive: true });
  mkdirSync(join(base, 'victim'));
  volumes = await openVolumes({ root: join(base, 'root'), clock: { now: () => 0 }, emit: () => undefined });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const allFiles = (): readonly string[] => readdirSync(base, { recursive: true }).map(String).sort();

test.each(['../victim', '../../victim', '..', '.', '', '/etc', 'a/b', 'a\0b', '-v'])(
  'nothing is made or removed by the name %j',
  async (name) => {
    const before = allFiles();
    await expect(volumes.place(name)).rejects.toThrow('is not allowed');
    await expect(volumes.remove(name)).rejects.toThrow('is not allowed');
    expect(allFiles()).toEqual(before);
  },
);

test('a name of the greatest length is made and removed', async () => {
  const name = 'v'.repeat(255);
  await volumes.place(name);
  expect((await volumes.list()).map((each) => each.name)).toEqual([name]);
  await volumes.remove(name);
  expect(await volumes.list()).toEqual([]);
});
