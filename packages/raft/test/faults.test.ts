/** Rows 5 to 7 and 22 to 27 of the fault list: torn, flipped, zeroed, lost and misdirected writes, EIO, ENOSPC, power loss. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fault, memoryDisk, type MemoryDisk, openLog, RaftError } from '../src/index.ts';
import { type App, bytesOf, entry, openApp, randomFrom, snapshot } from './app.ts';

const FOLDER = '/raft';
const SMALL = 16 * 1024;
const optionsOf = (disk: MemoryDisk) => ({ disk, folder: FOLDER, segmentBytes: SMALL, node: 'n' });

/** A closed log, and where each of its batches lies in the last segment. */
type Made = {
  disk: MemoryDisk;
  path: string;
  bytes: Uint8Array;
  batches: { from: number; to: number }[];
  texts: string[];
};

async function make(sizes: readonly number[], group = 1): Promise<Made> {
  const disk = memoryDisk();
  const batches: Made['batches'] = [];
  const log = await openLog(optionsOf(disk));
  const path = `${FOLDER}/wal/${(await disk.list(`${FOLDER}/wal`))[0]}`;
  const end = (): number => (disk.peek(path) as Uint8Array).findLastIndex((byte) => byte !== 0) + 1;
  const texts: string[] = [];
  for (const size of sizes) {
    const from = end();
    const round = Array.from({ length: group }, (_, at) => entry(texts.length + at, size));
    texts.push(...round);
    await Promise.all(round.map((text) => log.propose(bytesOf(text))));
    batches.push({ from, to: end() });
  }
  await log.close();
  return { disk, path, bytes: (disk.peek(path) as Uint8Array).slice(), batches, texts };
}

async function reopened(made: Made, bytes: Uint8Array): Promise<readonly string[] | string> {
  const disk = memoryDisk();
  disk.poke(`${FOLDER}/identity.json`, made.disk.peek(`${FOLDER}/identity.json`) as Uint8Array);
  disk.poke(made.path, bytes);
  try {
    const first = await openApp(optionsOf(disk));
    const seen = [...first.applied];
    await first.log.propose(bytesOf('and on'));
    await first.log.close();
    const second = await openApp(optionsOf(disk));
    expect(second.applied).toEqual([...seen, 'and on']);
    await second.log.close();
    return seen;
  } catch (error) {
    if (error instanceof RaftError) return error.code;
    throw error;
  }
}

const changed = (bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array => {
  const copy = bytes.slice();
  change(copy);
  return copy;
};

describe('the last batch', () => {
  test('cut at any byte is taken off exactly, whether the file ends there or zeros follow', async () => {
    const made = await make([200, 300, 700]);
    const { from, to } = made.batches.at(-1) as { from: number; to: number };
    for (let cut = from; cut < to; cut += 1) {
      expect(await reopened(made, made.bytes.slice(0, cut))).toEqual(made.texts.slice(0, 2));
      expect(
        await reopened(
          made,
          changed(made.bytes, (copy) => copy.fill(0, cut)),
        ),
      ).toEqual(made.texts.slice(0, 2));
    }
    expect(await reopened(made, made.bytes)).toEqual(made.texts);
  });

  test('of several records is taken off whole when any of its sectors is missing', async () => {
    const made = await make([100, 400], 6);
    const { from, to } = made.batches.at(-1) as { from: number; to: number };
    const sectors: number[] = [];
    for (let at = Math.ceil(from / 512) * 512; at + 512 <= to; at += 512) sectors.push(at);
    expect(sectors.length).toBeGreaterThan(3);
    await fc.assert(
      fc.asyncProperty(fc.subarray(sectors, { minLength: 1 }), async (missing) => {
        const torn = changed(made.bytes, (copy) => {
          for (const at of missing) copy.fill(0, at, at + 512);
        });
        expect(await reopened(made, torn)).toEqual(made.texts.slice(0, 6));
      }),
      { numRuns: 100 },
    );
  });

  test('with a flipped bit is damage and not a torn write: it may have been acknowledged', async () => {
    const made = await make([200, 300]);
    const { from, to } = made.batches.at(-1) as { from: number; to: number };
    for (let at = from; at < to; at += 1) {
      const flipped = changed(made.bytes, (copy) => {
        copy[at] = (copy[at] as number) ^ (1 << (at % 8));
      });
      expect(await reopened(made, flipped)).toBe('damaged');
    }
  });
});

describe('before the last batch', () => {
  test('any flipped bit refuses the log', async () => {
    const made = await make([100, 600, 200, 90]);
    const last = made.batches.at(-1) as { from: number };
    await fc.assert(
      fc.asyncProperty(fc.nat(last.from - 1), fc.nat(7), async (at, bit) => {
        const flipped = changed(made.bytes, (copy) => {
          copy[at] = (copy[at] as number) ^ (1 << bit);
        });
        expect(await reopened(made, flipped)).toBe('damaged');
      }),
      { numRuns: 500 },
    );
  });

  test('a zeroed block, a lost batch and a misdirected one refuse the log', async () => {
    const made = await make([1500, 1500, 1500, 1500, 1500, 1500, 1500]);
    const [, second, third] = made.batches as { from: number; to: number }[];
    if (second === undefined || third === undefined) throw new Error('too few batches');
    const zeroed = changed(made.bytes, (copy) => copy.fill(0, 4096, 8192));
    expect(await reopened(made, zeroed)).toBe('damaged');
    expect(
      await reopened(
        made,
        changed(made.bytes, (copy) => copy.fill(0, second.from, second.to)),
      ),
    ).toBe('damaged');
    const swapped = changed(made.bytes, (copy) =>
      copy.set(made.bytes.subarray(second.from, second.to), third.from),
    );
    expect(await reopened(made, swapped)).toBe('damaged');
  });

  test('a log that lost a segment is refused', async () => {
    const disk = memoryDisk();
    const app = await openApp(optionsOf(disk));
    for (let at = 0; at < 60; at += 1) await app.log.propose(bytesOf(entry(at, 900)));
    await app.log.close();
    const names = [...(await disk.list(`${FOLDER}/wal`))].filter((name) => name.endsWith('.wal')).sort();
    expect(names.length).toBeGreaterThan(3);
    const gone = disk.peek(`${FOLDER}/wal/${names[1]}`) as Uint8Array;
    await disk.remove(`${FOLDER}/wal/${names[1]}`);
    await expect(openLog(optionsOf(disk))).rejects.toMatchObject({ code: 'damaged' });
    disk.poke(`${FOLDER}/wal/${names[1]}`, gone);
    await disk.remove(`${FOLDER}/wal/${names[0]}`);
    await expect(openLog(optionsOf(disk))).rejects.toMatchObject({ code: 'damaged' });
  });

  test.each(['lost', 'misdirected'] as const)(
    'a write that the disk %s is found at the next opening',
    async (fault) => {
      const disk = memoryDisk();
      const log = await openLog(optionsOf(disk));
      await log.propose(bytesOf('one'));
      const at = disk.operations() + 1;
      disk.fault = ({ count }) => (count === at ? fault : undefined);
      await log.propose(bytesOf('two'));
      await log.propose(bytesOf('three'));
      await log.close();
      await expect(openLog(optionsOf(disk))).rejects.toMatchObject({ code: 'damaged' });
    },
  );
});

test('a failed sync ends it: nothing is acknowledged or written any more', async () => {
  const disk = memoryDisk();
  const fatal: RaftError[] = [];
  const app = await openApp({ ...optionsOf(disk), onFatal: (error) => void fatal.push(error) });
  await app.log.propose(bytesOf('kept'));
  disk.fault = ({ operation }) => (operation === 'append' ? 'EIO' : undefined);
  const both = await Promise.allSettled([app.log.propose(bytesOf('a')), app.log.propose(bytesOf('b'))]);
  expect(both.map((each) => each.status)).toEqual(['rejected', 'rejected']);
  const before = disk.operations();
  disk.fault = () => undefined;
  await expect(app.log.propose(bytesOf('c'))).rejects.toMatchObject({ code: 'failed' });
  await expect(snapshot(app)).rejects.toMatchObject({ code: 'failed' });
  expect(disk.operations()).toBe(before);
  expect(fatal.length).toBe(1);
  const again = await openApp(optionsOf(disk));
  expect(again.applied[0]).toBe('kept');
  await again.log.close();
});

describe('a full disk', () => {
  test.each(['create', 'write', 'rename'])(
    'refuses proposals that need a new segment (%s), keeps what is there, and goes on once there is space',
    async (full) => {
      const disk = memoryDisk();
      const app = await openApp(optionsOf(disk));
      disk.fault = ({ operation, path }) =>
        operation === full && path.endsWith('.tmp') ? 'ENOSPC' : undefined;
      const texts: string[] = [];
      let refused = 0;
      for (let at = 0; at < 40; at += 1) {
        const text = entry(at, 900);
        const taken = await app.log.propose(bytesOf(text)).then(
          () => true,
          (error: RaftError) => {
            expect(error.code).toBe('disk-full');
            return false;
          },
        );
        if (taken) texts.push(text);
        else refused += 1;
      }
      expect(refused).toBeGreaterThan(10);
      expect(app.applied).toEqual(texts);
      disk.fault = () => undefined;
      await app.log.propose(bytesOf('space again'));
      await app.log.close();
      const again = await openApp(optionsOf(disk));
      expect(again.applied).toEqual([...texts, 'space again']);
      await again.log.close();
    },
  );

  test('once, at any operation of a roll-over, loses nothing that was acknowledged, large or small', async () => {
    const run = async (disk: MemoryDisk): Promise<string[]> => {
      const app = await openApp({ ...optionsOf(disk), onFatal: () => undefined });
      const kept: string[] = [];
      let bytes = 900;
      for (let at = 0; at < 20; at += 1) {
        const text = entry(at, bytes);
        await app.log.propose(bytesOf(text)).then(
          () => kept.push(text),
          () => {
            // Fits into the segment that was too full for the one that was refused.
            bytes = 10;
          },
        );
      }
      await app.log.close().catch(() => undefined);
      return kept;
    };
    const whole = memoryDisk();
    await run(whole);
    let refused = 0;
    for (let full = 1; full <= whole.operations(); full += 1) {
      const disk = memoryDisk();
      disk.fault = ({ count }) => (count === full ? 'ENOSPC' : undefined);
      const kept = await run(disk).catch(() => undefined);
      if (kept === undefined) continue;
      if (kept.length < 20) refused += 1;
      disk.fault = () => undefined;
      const again = await openApp(optionsOf(disk));
      expect(again.applied.slice(0, kept.length), `no space at operation ${full}`).toEqual(kept);
      await again.log.close();
    }
    expect(refused).toBeGreaterThan(5);
  });

  test('on a disk that copies on write, a batch that did not fit is taken back', async () => {
    const disk = memoryDisk();
    const app = await openApp(optionsOf(disk));
    await app.log.propose(bytesOf('one'));
    const at = disk.operations() + 1;
    disk.fault = ({ count }) => (count === at ? 'ENOSPC' : undefined);
    await expect(app.log.propose(bytesOf('two'))).rejects.toMatchObject({ code: 'disk-full' });
    await app.log.propose(bytesOf('three'));
    await app.log.close();
    const again = await openApp(optionsOf(disk));
    expect(again.applied).toEqual(['one', 'three']);
    await again.log.close();
  });

  test.each(['create', 'write', 'rename'] as const)(
    'a snapshot that finds no space at %s leaves the old one',
    async (operation) => {
      const disk = memoryDisk();
      const app = await openApp(optionsOf(disk));
      await app.log.propose(bytesOf('one'));
      await snapshot(app);
      await app.log.propose(bytesOf('two'));
      disk.fault = (each) =>
        each.operation === operation && each.path.includes('/snap/') ? 'ENOSPC' : undefined;
      await expect(snapshot(app)).rejects.toMatchObject({ code: 'disk-full' });
      await app.log.propose(bytesOf('three'));
      disk.fault = () => undefined;
      await snapshot(app);
      await app.log.close();
      const again = await openApp(optionsOf(disk));
      expect(again.applied).toEqual(['one', 'two', 'three']);
      await again.log.close();
    },
  );
});

/** Groups of proposals with snapshots between; `acknowledged` grows as promises come true. */
async function workload(disk: MemoryDisk, seed: number, acknowledged: Set<string>): Promise<void> {
  const random = randomFrom(seed);
  const app: App = await openApp(optionsOf(disk));
  for (let round = 0; round < 12; round += 1) {
    const texts = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, at) =>
      entry(round * 10 + at, 20 + Math.floor(random() * 1500)),
    );
    await Promise.all(texts.map((text) => app.log.propose(bytesOf(text)).then(() => acknowledged.add(text))));
    if (round % 4 === 3) await snapshot(app);
  }
  await app.log.close();
}

async function countOperations(seed: number): Promise<number> {
  const disk = memoryDisk();
  await workload(disk, seed, new Set());
  return disk.operations();
}

test('power lost before or after any step of the disk: what was acknowledged is there, in order, once', async () => {
  for (const seed of [1, 2, 3]) {
    const total = await countOperations(seed);
    expect(total).toBeGreaterThan(50);
    for (let at = 1; at <= total; at += 1) {
      for (const fault of ['power', 'power-after'] as const satisfies readonly Fault[]) {
        const disk = memoryDisk();
        const acknowledged = new Set<string>();
        disk.fault = ({ count }) => (count === at ? fault : undefined);
        await workload(disk, seed, acknowledged).catch(() => undefined);
        disk.fault = () => undefined;
        disk.powerLoss(randomFrom(seed * 1000 + at));
        const app = await openApp(optionsOf(disk));
        const numbers = app.applied.map((text) => Number(text.split(':')[0]));
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        expect(new Set(numbers).size).toBe(numbers.length);
        for (const text of acknowledged) expect(app.applied).toContain(text);
        await app.log.propose(bytesOf('999:after'));
        expect(app.log.quarantined).toEqual([]);
        await app.log.close();
      }
    }
  }
});

test('term and index never go back over a power loss', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(100_000), async (seed) => {
      const random = randomFrom(seed);
      const disk = memoryDisk();
      let [term, index] = [0, 0];
      for (let opening = 0; opening < 5; opening += 1) {
        const log = await openLog(optionsOf(disk));
        log.committed(() => undefined);
        expect(log.term()).toBeGreaterThan(term);
        expect(log.index()).toBeGreaterThan(index);
        for (let each = 0; each < 3; each += 1)
          index = (await log.propose(bytesOf(entry(each, Math.floor(random() * 3000))))).index;
        term = log.term();
        disk.powerLoss(random);
      }
    }),
    { numRuns: 50 },
  );
});
