/**
 * The records of a log file, as shims write them (docs/logs.md): a 16-byte little-endian header (u32 length, u8 magic,
 * u8 stream, u8 flags, u8 check, u64 nanoseconds) and the payload without its newline.
 */
import { LIMITS } from '../limits.ts';

export const HEADER_BYTES = 16;
export const MAGIC = 0x6f;
export const STREAM = { stdout: 1, stderr: 2, marker: 3 } as const;
export const FLAG_PARTIAL = 1;

/** `start` and `end` bound the payload in the buffer. Returning false stops the scan after this record. */
export type Visit = (stream: number, start: number, end: number, partial: boolean) => boolean | undefined;

/** When the record whose payload begins at `start` was written. */
export const timeOf = (buffer: Buffer, start: number): bigint => buffer.readBigUInt64LE(start - 8);

const viewOf = (buffer: Buffer): DataView =>
  new DataView(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);

/** Xor of the header's bytes: 0 when the check among them is right. */
function xorOf(view: DataView, at: number): number {
  const words =
    view.getUint32(at, true) ^
    view.getUint32(at + 4, true) ^
    view.getUint32(at + 8, true) ^
    view.getUint32(at + 12, true);
  const halves = words ^ (words >>> 16);
  return (halves ^ (halves >>> 8)) & 0xff;
}

/** A reader of logs looks at millions of them: numbers only, and nothing is allocated. */
function isHeader(view: DataView, at: number): boolean {
  if (view.getUint8(at + 4) !== MAGIC) return false;
  const stream = view.getUint8(at + 5);
  if (stream < STREAM.stdout || stream > STREAM.marker) return false;
  return view.getUint32(at, true) <= LIMITS.recordBytesMax && xorOf(view, at) === 0;
}

/** The first plausible header at or after `from`, or -1: how a reader goes on after a torn or damaged part. */
function findHeader(view: DataView, from: number): number {
  for (let at = from; at + HEADER_BYTES <= view.byteLength; at += 1) if (isHeader(view, at)) return at;
  return -1;
}

/**
 * Visits the whole records of `buffer` from `from` on and returns where the first incomplete one begins. A damaged
 * part is skipped up to the next header.
 */
export function scanRecords(buffer: Buffer, from: number, visit: Visit): number {
  const view = viewOf(buffer);
  let at = from;
  while (at + HEADER_BYTES <= buffer.length) {
    if (!isHeader(view, at)) {
      const next = findHeader(view, at + 1);
      if (next === -1) return Math.max(at, buffer.length - HEADER_BYTES + 1);
      at = next;
      continue;
    }
    const start = at + HEADER_BYTES;
    const end = start + view.getUint32(at, true);
    if (end > buffer.length) return at;
    const partial = (view.getUint8(at + 6) & FLAG_PARTIAL) !== 0;
    const stream = view.getUint8(at + 5);
    at = end;
    if (visit(stream, start, end, partial) === false) return at;
  }
  return at;
}

/** A record as a shim would write it; for tests and tools. */
export function encodeRecord(stream: number, ns: bigint, payload: Uint8Array, partial = false): Buffer {
  const buffer = Buffer.alloc(HEADER_BYTES + payload.length);
  buffer.writeUInt32LE(payload.length, 0);
  buffer[4] = MAGIC;
  buffer[5] = stream;
  buffer[6] = partial ? FLAG_PARTIAL : 0;
  buffer.writeBigUInt64LE(ns, 8);
  buffer[7] = xorOf(viewOf(buffer), 0);
  buffer.set(payload, HEADER_BYTES);
  return buffer;
}
