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
export type Visit = (
  stream: number,
  ns: bigint,
  start: number,
  end: number,
  partial: boolean,
) => boolean | undefined;

/** Xor of the header's bytes but the check itself. */
function checkOf(buffer: Buffer, at: number): number {
  let check = 0;
  for (let index = 0; index < HEADER_BYTES; index += 1)
    if (index !== 7) check ^= buffer[at + index] as number;
  return check;
}

export function isHeader(buffer: Buffer, at: number): boolean {
  if (buffer[at + 4] !== MAGIC) return false;
  const stream = buffer[at + 5] as number;
  if (stream < STREAM.stdout || stream > STREAM.marker || buffer.readUInt32LE(at) > LIMITS.recordBytesMax)
    return false;
  return buffer[at + 7] === checkOf(buffer, at);
}

/** The first plausible header at or after `from`, or -1: how a reader goes on after a torn or damaged part. */
export function findHeader(buffer: Buffer, from: number): number {
  for (let at = from; at + HEADER_BYTES <= buffer.length; at += 1) if (isHeader(buffer, at)) return at;
  return -1;
}

/**
 * Visits the whole records of `buffer` from `from` on and returns where the first incomplete one begins. A damaged
 * part is skipped up to the next header.
 */
export function scanRecords(buffer: Buffer, from: number, visit: Visit): number {
  let at = from;
  while (at + HEADER_BYTES <= buffer.length) {
    if (!isHeader(buffer, at)) {
      const next = findHeader(buffer, at + 1);
      if (next === -1) return Math.max(at, buffer.length - HEADER_BYTES + 1);
      at = next;
      continue;
    }
    const start = at + HEADER_BYTES;
    const end = start + buffer.readUInt32LE(at);
    if (end > buffer.length) return at;
    const partial = ((buffer[at + 6] as number) & FLAG_PARTIAL) !== 0;
    at = end;
    if (visit(buffer[start - 11] as number, buffer.readBigUInt64LE(start - 8), start, end, partial) === false)
      return at;
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
  buffer[7] = checkOf(buffer, 0);
  buffer.set(payload, HEADER_BYTES);
  return buffer;
}
