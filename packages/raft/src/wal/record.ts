/**
 * One record of a segment, little endian, at a multiple of 8:
 *
 *     0 head magic   4 length   8 index   16 term   24 batch   28 left, type, version   32 previous checksum
 *     36 checksum of the header   40 body magic   44 payload, zeros to a multiple of 8, checksum of all, tail magic
 *
 * Both checksums are seeded with the log's id, the segment's number and the offset, so a record that landed in the
 * wrong place is not one. `left` counts the records after it in its batch: one write, one sync.
 */
import { crc32 } from 'node:zlib';

export const HEADER_BYTES = 44;
export const TRAILER_BYTES = 8;
const VERSION = 1;
/** No byte is zero: a magic with a zero byte was not written to its end. */
const HEAD_MAGIC = 0x4365724f;
const BODY_MAGIC = 0x7964426f;
const TAIL_MAGIC = 0x6c696154;
export const HEAD_BYTES = new Uint8Array([0x4f, 0x72, 0x65, 0x43]);

export const RECORD_TYPES = ['', 'segment', 'data', 'noop', 'hardstate'] as const;
export type RecordType = Exclude<(typeof RECORD_TYPES)[number], ''>;

export type WalRecord = {
  readonly type: RecordType;
  readonly index: number;
  readonly term: number;
  readonly payload: Uint8Array;
};
export type Placed = WalRecord & {
  readonly batch: number;
  readonly left: number;
  readonly previous: number;
  readonly checksum: number;
  readonly at: number;
  readonly end: number;
};

export type Place = { readonly log: string; readonly segment: number };

export const recordBytes = (payload: number): number => align(HEADER_BYTES + payload) + TRAILER_BYTES;
const align = (count: number): number => (count + 7) & ~7;

export const seedOf = (place: Place, at: number): number => crc32(`${place.log}/${place.segment}/${at}`);

export type Encoded = { readonly bytes: Uint8Array; readonly checksum: number };

/** One batch, ready to be written at `at`. */
export function encodeBatch(
  place: Place,
  at: number,
  batch: number,
  previous: number,
  records: readonly WalRecord[],
): Encoded {
  const size = records.reduce((sum, record) => sum + recordBytes(record.payload.length), 0);
  const bytes = Buffer.alloc(size);
  let offset = 0;
  let checksum = previous;
  for (const [position, record] of records.entries()) {
    const left = records.length - 1 - position;
    const slot = bytes.subarray(offset, offset + recordBytes(record.payload.length));
    checksum = encodeInto(slot, record, {
      batch,
      left,
      previous: checksum,
      seed: seedOf(place, at + offset),
    });
    offset += slot.length;
  }
  return { bytes, checksum };
}

type Links = {
  readonly batch: number;
  readonly left: number;
  readonly previous: number;
  readonly seed: number;
};

function encodeInto(slot: Buffer, record: WalRecord, links: Links): number {
  slot.writeUInt32LE(HEAD_MAGIC, 0);
  slot.writeUInt32LE(record.payload.length, 4);
  slot.writeBigUInt64LE(BigInt(record.index), 8);
  slot.writeBigUInt64LE(BigInt(record.term), 16);
  slot.writeUInt32LE(links.batch, 24);
  slot.writeUInt16LE(links.left, 28);
  slot.writeUInt8(RECORD_TYPES.indexOf(record.type), 30);
  slot.writeUInt8(VERSION, 31);
  slot.writeUInt32LE(links.previous, 32);
  slot.writeUInt32LE(crc32(slot.subarray(0, 36), links.seed), 36);
  slot.writeUInt32LE(BODY_MAGIC, 40);
  slot.set(record.payload, HEADER_BYTES);
  const trailer = slot.length - TRAILER_BYTES;
  const checksum = crc32(slot.subarray(0, trailer), links.seed);
  slot.writeUInt32LE(checksum, trailer);
  slot.writeUInt32LE(TAIL_MAGIC, trailer + 4);
  return checksum;
}

/** The record at `at`, or undefined: nothing there verifies. */
export function decodeRecord(bytes: Buffer, place: Place, at: number): Placed | undefined {
  const length = verifiedLength(bytes, place, at);
  if (length === undefined) return undefined;
  const end = at + recordBytes(length);
  if (end > bytes.length) return undefined;
  const trailer = end - TRAILER_BYTES;
  const checksum = bytes.readUInt32LE(trailer);
  if (bytes.readUInt32LE(trailer + 4) !== TAIL_MAGIC) return undefined;
  if (crc32(bytes.subarray(at, trailer), seedOf(place, at)) !== checksum) return undefined;
  const type = RECORD_TYPES[bytes.readUInt8(at + 30)];
  if (type === undefined || type === '') return undefined;
  return {
    type,
    index: Number(bytes.readBigUInt64LE(at + 8)),
    term: Number(bytes.readBigUInt64LE(at + 16)),
    payload: bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length),
    batch: bytes.readUInt32LE(at + 24),
    left: bytes.readUInt16LE(at + 28),
    previous: bytes.readUInt32LE(at + 32),
    checksum,
    at,
    end,
  };
}

/** Payload length of a record whose header verifies. */
function verifiedLength(bytes: Buffer, place: Place, at: number): number | undefined {
  if (at + HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== HEAD_MAGIC) return undefined;
  if (bytes.readUInt32LE(at + 40) !== BODY_MAGIC) return undefined;
  const sum = crc32(bytes.subarray(at, at + 36), seedOf(place, at));
  return sum === bytes.readUInt32LE(at + 36) ? bytes.readUInt32LE(at + 4) : undefined;
}

const SECTOR = 512;

/**
 * Whether what is at `at`, which does not verify, can be a write that was cut short: then some of it is still zero
 * (segments are zeros before), as whole sectors or from one byte on. What is all there and still wrong was damaged.
 */
export function looksTorn(bytes: Buffer, place: Place, at: number): boolean {
  const head = magicAt(bytes, at, HEAD_MAGIC);
  const body = magicAt(bytes, at + 40, BODY_MAGIC);
  if (head === 'wrong' || body === 'wrong') return false;
  if (head === 'partial' || body === 'partial') return true;
  const length = verifiedLength(bytes, place, at);
  if (length === undefined) return false;
  const end = at + recordBytes(length);
  const tail = magicAt(bytes, end - 4, TAIL_MAGIC);
  return tail === 'partial' || (tail === 'whole' && hasZeroSector(bytes, at, end));
}

/** `partial`: some of its bytes are still zero, the others are right. */
function magicAt(bytes: Buffer, at: number, magic: number): 'whole' | 'partial' | 'wrong' {
  let zeros = 0;
  for (let byte = 0; byte < 4; byte += 1) {
    const found = bytes[at + byte] ?? 0;
    if (found === 0) zeros += 1;
    else if (found !== ((magic >>> (8 * byte)) & 255)) return 'wrong';
  }
  return zeros === 0 ? 'whole' : 'partial';
}

function hasZeroSector(bytes: Buffer, from: number, to: number): boolean {
  for (let sector = Math.floor(from / SECTOR) * SECTOR; sector < to; sector += SECTOR) {
    const slice = bytes.subarray(Math.max(sector, from), Math.min(sector + SECTOR, to));
    if (slice.every((byte) => byte === 0)) return true;
  }
  return false;
}
