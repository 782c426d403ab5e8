/** Records: what was written comes back, at its own place and in its own chain only. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryDisk, openLog } from '../src/index.ts';
import { decodeRecord, encodeBatch, type WalRecord } from '../src/wal/record.ts';
import { bytesOf, openApp } from './app.ts';

const place = { log: 'log', segment: 7 };
const record = fc.record({
  type: fc.constantFrom('data' as const, 'noop' as const, 'hardstate' as const),
  index: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  term: fc.integer({ min: 0, max: 2 ** 40 }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

test('a batch comes back record by record, linked and counted down', () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 8 }),
      fc.nat(0xffffffff),
      (records: WalRecord[], batch) => {
        const { bytes, checksum } = encodeBatch(place, 0, batch, 5, records);
        let at = 0;
        let previous = 5;
        for (const [position, expected] of records.entries()) {
          const found = decodeRecord(Buffer.from(bytes), place, at);
          expect(found).toMatchObject({
            type: expected.type,
            index: expected.index,
            term: expected.term,
            batch,
            previous,
          });
          expect(Buffer.from(found?.payload ?? []).equals(Buffer.from(expected.payload))).toBe(true);
          expect(found?.left).toBe(records.length - 1 - position);
          at = found?.end ?? 0;
          previous = found?.checksum ?? 0;
        }
        expect([at, previous]).toEqual([bytes.length, checksum]);
      },
    ),
  );
});

test('a record is one at its own place only: another offset, segment or log does not verify', () => {
  const { bytes } = encodeBatch(place, 0, 1, 0, [
    { type: 'data', index: 1, term: 1, payload: bytesOf('here') },
  ]);
  const moved = Buffer.alloc(bytes.length + 64);
  moved.set(bytes, 64);
  expect(decodeRecord(Buffer.from(bytes), place, 0)).toBeDefined();
  expect(decodeRecord(moved, place, 64)).toBeUndefined();
  expect(decodeRecord(Buffer.from(bytes), { log: 'log', segment: 8 }, 0)).toBeUndefined();
  expect(decodeRecord(Buffer.from(bytes), { log: 'other', segment: 7 }, 0)).toBeUndefined();
});

test('a batch of another history, valid and in its place, breaks the chain', async () => {
  const random = (count: number): Uint8Array => new Uint8Array(count).fill(1);
  const made = async (
    first: string,
  ): Promise<{ path: string; bytes: Uint8Array; disk: ReturnType<typeof memoryDisk> }> => {
    const disk = memoryDisk();
    const log = await openLog({ disk, folder: '/raft', random, segmentBytes: 4096 });
    for (const text of [first, 'same', 'same']) await log.propose(bytesOf(text));
    await log.close();
    const path = `/raft/wal/${(await disk.list('/raft/wal'))[0]}`;
    return { disk, path, bytes: disk.peek(path) as Uint8Array };
  };
  const [one, other] = [await made('aaaa'), await made('bbbb')];
  const differs = one.bytes.findIndex((byte, at) => byte !== other.bytes[at]);
  const second = one.bytes.findIndex(
    (_, at) => at > differs + 8 && at % 8 === 0 && one.bytes[at] === 0x4f && one.bytes[at + 1] === 0x72,
  );
  const mixed = one.bytes.slice();
  mixed.set(other.bytes.subarray(second), second);
  one.disk.poke(one.path, mixed);
  await expect(openLog({ disk: one.disk, folder: '/raft', segmentBytes: 4096 })).rejects.toMatchObject({
    code: 'damaged',
  });
  one.disk.poke(one.path, one.bytes);
  const app = await openApp({ disk: one.disk, folder: '/raft', segmentBytes: 4096 });
  expect(app.applied).toEqual(['aaaa', 'same', 'same']);
  await app.log.close();
});
