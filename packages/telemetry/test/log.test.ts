import { mkdtempSync, renameSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  encodeRecord,
  type LogQuery,
  readLog,
  renderRecords,
  scanRecords,
  stampOf,
  timeOf,
} from '../src/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const line = (text: string, ns = 1n, stream = 1, partial = false): Buffer =>
  encodeRecord(stream, ns, Buffer.from(text), partial);

async function read(query: LogQuery, ended?: Promise<unknown>): Promise<string> {
  const parts: string[] = [];
  for await (const run of readLog(folder, query, ended))
    parts.push(`${run.stream === 'stderr' ? '!' : ''}${Buffer.from(run.data).toString()}`);
  return parts.join('');
}

test('reads rotated files oldest first', async () => {
  writeFileSync(join(folder, 'log.2'), line('one'));
  writeFileSync(join(folder, 'log.1'), Buffer.concat([line('two'), line('err', 2n, 2)]));
  writeFileSync(join(folder, 'log'), line('three'));
  expect(await read({})).toBe('one\ntwo\n!err\nthree\n');
  expect(await read({ stderr: false })).toBe('one\ntwo\nthree\n');
  expect(await read({ tail: 2 })).toBe('!err\nthree\n');
  expect(await read({ tail: 0 })).toBe('');
  expect(await read({ tail: 99 })).toBe('one\ntwo\n!err\nthree\n');
});

test('who does not follow gets what was there, however much comes meanwhile', async () => {
  const file = join(folder, 'log');
  writeFileSync(file, Buffer.concat(Array.from({ length: 4000 }, () => line('x'.repeat(999)))));
  let bytes = 0;
  for await (const run of readLog(folder, {})) {
    bytes += run.data.length;
    appendFileSync(file, line('x'.repeat(999)));
  }
  expect(bytes).toBe(4_000_000);
});

test('a line that comes in parts has the time of its first, whatever the other stream says meanwhile', async () => {
  const parts = [
    line('a', 1n, 1, true),
    line('x', 2n, 2),
    line('b', 3n, 1, true),
    line('c', 4n),
    line('d', 5n),
  ];
  const [first, second] = [Buffer.concat(parts.slice(0, 2)), Buffer.concat(parts.slice(2))];
  const file = join(folder, 'log');
  writeFileSync(file, first);
  const ended = Promise.withResolvers<void>();
  const seen: string[] = [];
  const whole = `${stampOf(1n)} abc\n${stampOf(5n)} d\n`;
  for await (const run of readLog(folder, { timestamps: true, follow: true }, ended.promise)) {
    if (seen.length === 0) appendFileSync(file, second);
    if (run.stream === 'stdout') seen.push(Buffer.from(run.data).toString());
    if (seen.join('').length >= whole.length) ended.resolve();
  }
  expect(seen.join('')).toBe(whole);
});

test('parts of one line are joined and count once', async () => {
  writeFileSync(
    join(folder, 'log'),
    Buffer.concat([line('a'), line('long', 1n, 1, true), line('er'), line('z')]),
  );
  expect(await read({})).toBe('a\nlonger\nz\n');
  const [a, longer] = (await read({ timestamps: true })).split('\n');
  expect([a, longer]).toEqual([`${stampOf(1n)} a`, `${stampOf(1n)} longer`]);
  expect(await read({ tail: 2 })).toBe('longer\nz\n');
});

const indexed = (records: readonly Buffer[], every: number): void => {
  const entries: Buffer[] = [];
  let [at, due] = [0, every];
  for (const record of records) {
    if (at >= due) {
      const entry = Buffer.alloc(16);
      entry.writeBigUInt64LE(BigInt(at));
      entries.push(entry);
      due += every;
    }
    at += record.length;
  }
  writeFileSync(join(folder, 'log'), Buffer.concat(records));
  writeFileSync(join(folder, 'log.idx'), Buffer.concat(entries));
};

test('the last lines are whole however long they are, over pieces of the index and files', async () => {
  const long = (letter: string): Buffer[] =>
    Array.from({ length: 20 }, (_, at) => line(letter.repeat(15_000), 1n, 1, at < 19));
  const [b, c] = [long('b'), long('c')];
  writeFileSync(join(folder, 'log.1'), Buffer.concat([...long('a'), ...b.slice(0, 11)]));
  indexed([...b.slice(11), ...c], 65_536);
  const text = (letter: string): string => `${letter.repeat(300_000)}\n`;
  expect(await read({ tail: 1 })).toBe(text('c'));
  expect(await read({ tail: 2 })).toBe(text('b') + text('c'));
  expect(await read({ tail: 3 })).toBe(text('a') + text('b') + text('c'));
  expect(await read({ tail: 4 })).toBe(text('a') + text('b') + text('c'));
});

test('the last lines are the end of all lines, whatever is in parts and wherever the index cuts', async () => {
  const piece = fc.record({ stream: fc.constantFrom(1, 2), size: fc.nat(40), partial: fc.boolean() });
  const law = fc.asyncProperty(
    fc.array(piece, { maxLength: 60 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 20, max: 200 }),
    async (pieces, tail, every) => {
      const inside = new Map<number, number>();
      let lines = 0;
      const numbered = pieces.map(({ stream, size, partial }) => {
        const number = inside.get(stream) ?? (lines += 1);
        if (partial) inside.set(stream, number);
        else inside.delete(stream);
        return { number, record: line(`${number},`.repeat(size + 1), 1n, stream, partial) };
      });
      indexed(
        numbered.map(({ record }) => record),
        every,
      );
      const from = numbered.findIndex(({ number }) => number === Math.max(1, lines - tail + 1));
      const rest = numbered.slice(from).map(({ record }) => record);
      const expected = await read({ tail });
      indexed(from === -1 ? [] : rest, every);
      expect(expected).toBe(await read({}));
    },
  );
  await fc.assert(law, { numRuns: 300 });
});

test('since, until and timestamps', async () => {
  writeFileSync(
    join(folder, 'log'),
    Buffer.concat([line('a', 1_000_000_000n), line('b', 2_000_000_001n), line('c', 3_000_000_000n)]),
  );
  expect(await read({ sinceNs: 2_000_000_000n, untilNs: 2_500_000_000n, timestamps: true })).toBe(
    '1970-01-01T00:00:02.000000001Z b\n',
  );
  expect(stampOf(1_763_720_000_123_456_789n)).toMatch(/^2025-11-21T.*\.123456789Z$/);
});

test('a torn tail is left out and damage in the middle is skipped', async () => {
  const torn = line('torn').subarray(0, 18);
  writeFileSync(join(folder, 'log'), Buffer.concat([line('a'), Buffer.alloc(37, 0x6f), line('b'), torn]));
  expect(await read({})).toBe('a\nb\n');
});

test('follows through a rotation until the end', async () => {
  writeFileSync(join(folder, 'log'), line('a'));
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen = read({ follow: true }, promise);
  appendFileSync(join(folder, 'log'), line('b'));
  renameSync(join(folder, 'log'), join(folder, 'log.1'));
  writeFileSync(join(folder, 'log'), line('c'));
  await new Promise((wake) => setImmediate(wake));
  appendFileSync(join(folder, 'log'), line('d'));
  resolve();
  expect(await seen).toBe('a\nb\nc\nd\n');
});

test('any records come back, whatever the buffer is cut into', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(1, 2), fc.boolean())),
      fc.nat(),
      (rows, cut) => {
        const whole = Buffer.concat(
          rows.map(([data, stream, partial], at) => encodeRecord(stream, BigInt(at), data, partial)),
        );
        const seen: number[] = [];
        const at = whole.length === 0 ? 0 : cut % (whole.length + 1);
        const part = whole.subarray(0, at);
        const next = scanRecords(part, 0, (_s, start) => void seen.push(Number(timeOf(part, start))));
        scanRecords(whole, next, (_s, start) => void seen.push(Number(timeOf(whole, start))));
        expect(seen).toEqual(rows.map((_, index) => index));
      },
    ),
  );
});

test('a time stamp never overruns the room made for it', () => {
  const many = Buffer.concat(Array.from({ length: 1000 }, (_, at) => line('', BigInt(at))));
  const { runs } = renderRecords(many, 0, {}, []);
  expect(runs.map((run) => run.data.length)).toEqual([1000 * 32]);
});
