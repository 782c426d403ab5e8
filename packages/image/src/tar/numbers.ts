/** Numbers in tar headers: octal text, or base 256 when the first bit is set (GNU, star). */
import { fail, type OrcError } from '@orc/model';

export function readNumber(block: Buffer, at: number, length: number, what: string): number {
  const first = block[at] as number;
  const value = (first & 0x80) === 0 ? readOctal(block, at, length, what) : readBase256(block, at, length);
  if (!Number.isSafeInteger(value)) throw damaged(`${what} is out of range`);
  return value;
}

/** Only times may be negative. */
export function readCount(block: Buffer, at: number, length: number, what: string): number {
  const value = readNumber(block, at, length, what);
  if (value < 0) throw damaged(`${what} is negative`);
  return value;
}

export function decimal(text: string, what: string): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw damaged(`${what} is ${JSON.stringify(text.slice(0, 40))}`);
  return value;
}

/** `-1.25` to whole seconds, rounded down, and nanoseconds. */
export function readTime(text: string): { readonly sec: number; readonly nsec: number } {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw damaged(`mtime is ${JSON.stringify(text.slice(0, 40))}`);
  const nanos = Number((match[3] ?? '').padEnd(9, '0').slice(0, 9));
  const seconds = Number(match[2]);
  if (match[1] !== '-') return { sec: seconds, nsec: nanos };
  return nanos === 0 ? { sec: 0 - seconds, nsec: 0 } : { sec: -seconds - 1, nsec: 1_000_000_000 - nanos };
}

export const damaged = (why: string): OrcError => fail('image.invalid', `damaged tar archive: ${why}`);

function readOctal(block: Buffer, at: number, length: number, what: string): number {
  let value = 0;
  let position = at;
  const end = at + length;
  while (position < end && block[position] === 0x20) position += 1;
  for (; position < end; position += 1) {
    const byte = block[position] as number;
    if (byte === 0 || byte === 0x20) break;
    if (byte < 0x30 || byte > 0x37) throw damaged(`${what} is not an octal number`);
    value = value * 8 + byte - 0x30;
  }
  return value;
}

/** Two's complement, big-endian, the marker bit cut off. */
function readBase256(block: Buffer, at: number, length: number): number {
  const negative = ((block[at] as number) & 0x40) !== 0;
  let value = BigInt((block[at] as number) & 0x7f);
  for (let position = at + 1; position < at + length; position += 1) {
    value = (value << 8n) | BigInt(block[position] as number);
  }
  return Number(negative ? value - (1n << BigInt(length * 8 - 1)) : value);
}
