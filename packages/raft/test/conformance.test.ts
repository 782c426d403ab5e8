/** What every disk under the log must give: the same suite over real files and over the disk in memory. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Disk, fileDisk, memoryDisk, openLog, RaftError } from '../src/index.ts';
import { BATCH_BYTES_MAX, ENTRY_BYTES_MAX } from '../src/limits.ts';
import { bytesOf, entry, openApp, snapshot, textOf } from './app.ts';

const SMALL = 16 * 1024;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

type Place = { readonly disk: Disk; readonly folder: string };
const PLACES: readonly (readonly [string, () => Place])[] = [
  ['memory', () => ({ disk: memoryDisk(), folder: '/raft' })],
  [
    'files',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'orc-raft-'));
      folders.push(folder);
      return { disk: fileDisk(), folder: join(folder, 'raft') };
    },
  ],
];

describe.each(PLACES)('a log over %s', (_, place) => {
  test('gives back in order what was proposed, after each opening', async () => {
    const options = { ...place(), segmentBytes: SMALL };
    const expected: string[] = [];
    for (let opening = 0; opening < 4; opening += 1) {
      const app = await openApp(options);
      expect(app.applied).toEqual(expected);
      for (let each = 0; each < 20; each += 1) {
        const text = entry(expected.length, 40 + each * 50);
        expected.push(text);
        await app.log.propose(bytesOf(text));
        expect(app.applied.at(-1)).toBe(text);
      }
      await app.log.close();
    }
  });

  test('indexes grow by one, terms with each opening', async () => {
    const options = place();
    const first = await openLog(options);
    expect([await first.propose(bytesOf('a')), await first.propose(bytesOf('b'))]).toEqual([
      { index: 2 },
      { index: 3 },
    ]);
    expect(first.term()).toBe(1);
    await first.close();
    const second = await openLog(options);
    expect([second.term(), second.index()]).toEqual([2, 4]);
    expect(await second.propose(bytesOf('c'))).toEqual({ index: 5 });
    expect(second.identity).toEqual(first.identity);
    await second.close();
  });

  test('many at once are all kept, in the order of their proposals', async () => {
    const options = { ...place(), segmentBytes: SMALL };
    const app = await openApp(options);
    const texts = Array.from({ length: 300 }, (_each, at) => entry(at, 30 + (at % 90)));
    const indexes = await Promise.all(texts.map((text) => app.log.propose(bytesOf(text))));
    expect(indexes.map((each) => each.index)).toEqual(texts.map((_each, at) => at + 2));
    await app.log.close();
    const again = await openApp(options);
    expect(again.applied).toEqual(texts);
    await again.log.close();
  });

  test('a snapshot stands for what came before, two are kept, and the log behind the older one goes', async () => {
    const { disk, folder } = place();
    const options = { disk, folder, segmentBytes: SMALL };
    const app = await openApp(options);
    const texts: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (let each = 0; each < 30; each += 1) {
        texts.push(entry(texts.length, 900));
        await app.log.propose(bytesOf(texts.at(-1) as string));
      }
      await snapshot(app);
      expect(app.log.bytesSinceSnapshot()).toBe(0);
    }
    expect((await disk.list(`${folder}/snap`)).length).toBe(2);
    expect((await disk.list(`${folder}/wal`)).length).toBeLessThan(8);
    await app.log.close();
    const again = await openApp(options);
    expect(again.log.recovered?.index).toBe(151);
    expect(again.log.recovered?.term).toBe(1);
    expect(again.applied).toEqual(texts);
    await again.log.close();
  });

  test('a damaged snapshot is set aside and the older one and the log stand in', async () => {
    const { disk, folder } = place();
    const app = await openApp({ disk, folder });
    for (const text of ['a', 'b', 'c', 'd']) {
      await app.log.propose(bytesOf(text));
      await snapshot(app);
    }
    await app.log.close();
    const newest = [...(await disk.list(`${folder}/snap`))].sort().at(-1) as string;
    const file = await disk.open(`${folder}/snap/${newest}`);
    await file.append(70, bytesOf('?'));
    await file.close();
    const again = await openApp({ disk, folder });
    expect(again.log.quarantined).toEqual([`${folder}/snap/${newest}.damaged`]);
    expect(again.applied).toEqual(['a', 'b', 'c', 'd']);
    await again.log.close();
  });

  test('batches fill up to their limit in bytes on the disk, whatever the sizes of their entries', async () => {
    const app = await openApp(place());
    // Each of these records has the most padding there is, and their data alone fits into one batch.
    const sizes = [1_398_101, 1_398_101, 1_398_101];
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(BATCH_BYTES_MAX);
    await Promise.all(sizes.map((size) => app.log.propose(new Uint8Array(size).fill(1))));
    expect(app.applied).toHaveLength(3);
    await app.log.propose(new Uint8Array(ENTRY_BYTES_MAX).fill(1));
    expect(app.applied).toHaveLength(4);
    await app.log.close();
  });

  test('says no in its own words', async () => {
    const { disk, folder } = place();
    const log = await openLog({ disk, folder, node: 'one' });
    await expect(log.propose(new Uint8Array(5 * 1024 * 1024))).rejects.toMatchObject({ code: 'too-large' });
    await expect(log.snapshot(99, [])).rejects.toBeInstanceOf(RaftError);
    await log.close();
    await expect(log.propose(bytesOf('late'))).rejects.toMatchObject({ code: 'closed' });
    await expect(openLog({ disk, folder, node: 'two' })).rejects.toMatchObject({ code: 'other-node' });
  });

  test('whoever lost the log or its identity is not given a new one', async () => {
    for (const part of ['wal', 'identity.json'] as const) {
      const { disk, folder } = place();
      const log = await openLog({ disk, folder });
      await log.propose(bytesOf('a'));
      await log.close();
      if (part === 'wal') {
        for (const name of await disk.list(`${folder}/wal`)) await disk.remove(`${folder}/wal/${name}`);
      } else await disk.remove(`${folder}/identity.json`);
      await expect(openLog({ disk, folder })).rejects.toMatchObject({ code: 'lost' });
    }
  });

  test('what a newer version wrote is refused, not misread', async () => {
    const { disk, folder } = place();
    const log = await openLog({ disk, folder });
    await log.close();
    const identity = JSON.parse(textOf((await disk.read(`${folder}/identity.json`)) as Uint8Array));
    const file = await disk.create(`${folder}/identity.json`);
    await file.append(0, bytesOf(JSON.stringify({ ...identity, schema: 2 })));
    await file.close();
    await expect(openLog({ disk, folder })).rejects.toMatchObject({ code: 'version' });
  });
});

test('segments are preallocated, and no one else can read them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-raft-'));
  folders.push(folder);
  const log = await openLog({ folder: join(folder, 'raft') });
  const [segment] = readdirSync(join(folder, 'raft/wal'));
  const status = statSync(join(folder, 'raft/wal', segment as string));
  expect(status.size).toBe(8 * 1024 * 1024);
  expect(status.blocks * 512).toBeGreaterThanOrEqual(status.size);
  expect(status.mode & 0o077).toBe(0);
  expect(statSync(join(folder, 'raft')).mode & 0o077).toBe(0);
  expect(JSON.parse(readFileSync(join(folder, 'raft/identity.json'), 'utf8'))).toMatchObject({
    schema: 1,
    complete: true,
  });
  await log.close();
});
