import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeName, encodeName } from '../src/tar/bytes.ts';
import type { TarEntry } from '../src/tar/entry.ts';
import { createTarReader } from '../src/tar/reader.ts';
import { encodeHeader, entryOf, padding, trailer } from '../src/tar/writer.ts';

type Read = { readonly entry: TarEntry; readonly data: Buffer };

function read(archive: Buffer, step = archive.length): readonly Read[] {
  const found: { entry: TarEntry; data: Buffer }[] = [];
  const reader = createTarReader({
    onEntry: (entry) => found.push({ entry, data: Buffer.alloc(entry.size) }),
    onData: (data, offset) => void data.copy(found.at(-1)?.data as Buffer, offset),
    onEntryEnd: () => undefined,
  });
  for (let at = 0; at < archive.length; at += step) reader.push(archive.subarray(at, at + step));
  reader.end();
  return found;
}

const write = (rows: readonly Read[]): Buffer =>
  Buffer.concat([
    ...rows.flatMap(({ entry, data }) => [encodeHeader(entry), data, padding(data.length)]),
    trailer(),
  ]);

const part = fc
  .string({ minLength: 1, maxLength: 120, unit: 'binary' })
  .map((text) => text.replace(/[/\0\ud800-\udfff]/g, '_'));
const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const id = fc.oneof(fc.nat(100_000), fc.integer({ min: 2_000_000, max: 2 ** 32 - 2 }));
const attributes = fc.dictionary(
  fc.constantFrom('user.a', 'security.capability', 'user.long.name'),
  fc.uint8Array({ maxLength: 300 }),
);
const entry = fc.record({
  path,
  mode: fc.nat(0o7777),
  uid: id,
  gid: id,
  mtimeSec: fc.integer({ min: -(2 ** 33), max: 2 ** 36 }),
  mtimeNsec: fc.oneof(fc.constant(0), fc.nat(999_999_999)),
  xattrs: attributes.map(
    (all) => new Map(Object.entries(all).map(([key, value]) => [key, Buffer.from(value)])),
  ),
});
const member: fc.Arbitrary<Read> = fc.oneof(
  fc.record({ base: entry, data: fc.uint8Array({ maxLength: 2000 }) }).map(({ base, data }) => ({
    entry: entryOf({ ...base, type: 'file', size: data.length }),
    data: Buffer.from(data),
  })),
  fc
    .record({ base: entry, link: path, type: fc.constantFrom('symlink' as const, 'hardlink' as const) })
    .map(({ base, link, type }) => ({
      entry: entryOf({ ...base, type, linkname: link }),
      data: Buffer.alloc(0),
    })),
  fc
    .record({
      base: entry,
      major: fc.nat(4095),
      minor: fc.nat(1_048_575),
      type: fc.constantFrom('char' as const, 'block' as const),
    })
    .map(({ base, ...more }) => ({
      entry: entryOf({ ...base, ...more }),
      data: Buffer.alloc(0),
    })),
);

describe('tar', () => {
  test('what is written is read again, however the bytes come', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), fc.integer({ min: 1, max: 3000 }), (rows, step) => {
        expect(read(write(rows), step)).toEqual(rows);
      }),
      { numRuns: 200 },
    );
  });

  test('the same entry gives the same bytes', () => {
    fc.assert(
      fc.property(member, ({ entry: each }) =>
        encodeHeader(each).equals(encodeHeader({ ...each, xattrs: new Map([...each.xattrs].reverse()) })),
      ),
    );
  });

  test('any damage ends in image.invalid or in some entries, never in anything else', () => {
    const whole = write([
      { entry: entryOf({ path: 'a'.repeat(200), type: 'file', size: 600 }), data: Buffer.alloc(600, 1) },
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const damaged = Buffer.from(whole);
          for (const [at, value] of changes) damaged[at] = value;
          try {
            read(damaged.subarray(0, damaged.length));
          } catch (error) {
            expect((error as { problem?: { code: string } }).problem?.code ?? `${error}`).toBe(
              'image.invalid',
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('names of any bytes come back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) =>
        Buffer.from(bytes).equals(encodeName(decodeName(Buffer.from(bytes)))),
      ),
    );
  });

  const header = (change: (block: Buffer) => void): Buffer => {
    const block = encodeHeader(entryOf({ path: 'f', type: 'file' }));
    change(block);
    block.fill(' ', 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return Buffer.concat([block, trailer()]);
  };
  const base256 = (block: Buffer, at: number, length: number, value: bigint): void => {
    const two = value < 0n ? (1n << BigInt(length * 8)) + value : value | (1n << BigInt(length * 8 - 1));
    block.write(two.toString(16).padStart(length * 2, '0'), at, 'hex');
  };

  test('base 256: large owners and times before 1970, but no negative size', () => {
    const owner = read(header((block) => base256(block, 108, 8, 3_000_000_000n)));
    expect(owner[0]?.entry.uid).toBe(3_000_000_000);
    const time = read(header((block) => base256(block, 136, 12, -5n)));
    expect(time[0]?.entry.mtimeSec).toBe(-5);
    expect(() => read(header((block) => base256(block, 124, 12, -1n)))).toThrow('size is negative');
    expect(() => read(header((block) => base256(block, 124, 12, 1n << 70n)))).toThrow('out of range');
  });

  test('a pax header that is too large is refused before it is read', () => {
    const huge = header((block) => {
      block.write('x', 156);
      block.write('77777777777\0', 124, 'latin1');
    });
    expect(() => read(huge)).toThrow('too large');
  });

  test.each(['5 path=a\n', '999 path=a\n', 'x path=a\n', '9 path\n', '10 path=ab'])(
    'pax record %j is refused',
    (record) => {
      const data = Buffer.from(record);
      const block = header((each) => {
        each.write('x', 156);
        each.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
      });
      expect(() =>
        read(Buffer.concat([block.subarray(0, 512), data, padding(data.length), header(() => undefined)])),
      ).toThrow('pax record');
    },
  );
});
