/** Contexts and cache mounts: kept by last use within a size and an age, never taken from under a build. */
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CACHE_MOUNT_BYTES_MAX, FOLDER_AGE_MS_MAX } from '../../src/limits.ts';
import { surplus } from '../../src/plan/keep.ts';
import type { ContextFile } from '../../src/types.ts';
import { bytes, newFixture } from './support/store.ts';

const fixture = newFixture();
afterEach(fixture.cleanUp);

const DAY_MS = 24 * 60 * 60_000;
const aged = (path: string, ms: number): void => {
  const seconds = (Date.now() - ms) / 1000;
  utimesSync(path, seconds, seconds);
};

test.each([
  ['within both bounds', [10, 20], 100, []],
  ['too old', [10, FOLDER_AGE_MS_MAX + 1], 100, ['1']],
  ['too large together: the longest unused', [10, 20, 30], 25, ['2']],
  ['larger than all', [10, 20], 5, ['1', '0']],
])('%s', (_, ages, bytesMax, gone) => {
  const folders = ages.map((age, at) => ({ path: String(at), bytes: 10, usedAtMs: -age }));
  const bounds = { bytesMax, ageMsMax: FOLDER_AGE_MS_MAX };
  expect(surplus(folders, bounds, 0).map(({ path }) => path)).toEqual(gone);
});

test('what is in use fills the bound', () => {
  const bounds = { bytesMax: CACHE_MOUNT_BYTES_MAX, ageMsMax: FOLDER_AGE_MS_MAX };
  const folder = { path: 'a', bytes: 1, usedAtMs: 0 };
  expect(surplus([folder], bounds, 0, CACHE_MOUNT_BYTES_MAX)).toEqual([folder]);
});

const file: ContextFile = { path: 'a', type: 'file', mode: 0o644, size: 3, mtimeMs: 0, fingerprint: 'one' };

test('an old context goes, one that is about to be built from stays, and a cache mount that was used lately', async () => {
  let now = Date.now() - 2 * FOLDER_AGE_MS_MAX;
  const clock = { monotonic: () => performance.now(), after: () => () => undefined, sleep: async () => {} };
  const store = await fixture.open('root', { clock: { ...clock, now: () => now } });
  const { context } = await store.contexts.open('old', [file]);
  await store.contexts.fill(context, bytes(Buffer.from('one')));
  const old = (await store.contexts.take(context)).folder;
  const mounts = join(fixture.folder, 'root/cache/mounts');
  for (const [name, age] of [
    ['stale', FOLDER_AGE_MS_MAX + DAY_MS],
    ['used', DAY_MS],
  ] as const) {
    mkdirSync(join(mounts, name), { recursive: true });
    writeFileSync(join(mounts, name, 'file'), 'x');
    aged(join(mounts, name), age);
  }
  now = Date.now();
  const taken = await store.contexts.open('new', [file]);
  await store.contexts.fill(taken.context, bytes(Buffer.from('two')));
  await store.collect();
  expect(existsSync(old), 'a build holds it').toBe(true);
  expect(readdirSync(mounts)).toEqual(['used']);
  expect((await store.contexts.take(taken.context)).sent?.namesIn('')).toEqual([file.path]);
  rmSync(mounts, { recursive: true });
});

test('a context goes once its build is over, and whoever asks for it again is told', async () => {
  let now = Date.now() - 2 * FOLDER_AGE_MS_MAX;
  const clock = { monotonic: () => performance.now(), after: () => () => undefined, sleep: async () => {} };
  const store = await fixture.open('root', { clock: { ...clock, now: () => now } });
  const { context } = await store.contexts.open('old', [file]);
  await store.contexts.fill(context, bytes(Buffer.from('one')));
  const taken = await store.contexts.take(context);
  await taken.remove();
  now = Date.now();
  expect((await store.collect()).bytes).toBeGreaterThan(0);
  expect(existsSync(dirname(taken.folder))).toBe(false);
  await expect(store.contexts.take(context)).rejects.toMatchObject({ problem: { code: 'notfound.object' } });
  expect(await store.contexts.open('old', [file])).toMatchObject({ needed: [0] });
});
