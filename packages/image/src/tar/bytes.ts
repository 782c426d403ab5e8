/**
 * File names are bytes; ours are strings. Bytes that are not UTF-8 become lone surrogates U+DC80..U+DCFF and come back
 * unchanged (Python's "surrogateescape", PEP 383).
 */
const LONE = /[\udc80-\udcff]/;
const REPLACEMENT = '\ufffd';
const UTF8_LENGTHS: readonly (readonly [number, number, number])[] = [
  [0x00, 0x7f, 1],
  [0xc2, 0xdf, 2],
  [0xe0, 0xef, 3],
  [0xf0, 0xf4, 4],
];

export function decodeName(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes(REPLACEMENT) ? decodeEscaped(bytes) : text;
}

export function encodeName(text: string): Buffer {
  if (!LONE.test(text)) return Buffer.from(text, 'utf8');
  return Buffer.concat([...text].map((char) => encodeChar(char)));
}

/** With the final NUL that system calls want. */
export const encodePath = (text: string): Buffer => encodeName(`${text}\0`);

function encodeChar(char: string): Buffer {
  const code = char.codePointAt(0) as number;
  return code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(char, 'utf8');
}

function decodeEscaped(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(0xdc00 + (bytes[at] as number))
        : bytes.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return text;
}

/** Bytes of the valid UTF-8 sequence at `at`, 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  const row = UTF8_LENGTHS.find(([low, high]) => first >= low && first <= high);
  const length = row?.[2] ?? 0;
  if (length < 2) return length;
  const part = bytes.subarray(at, at + length);
  const whole = part.toString('utf8');
  return part.length === length && Buffer.from(whole, 'utf8').equals(part) ? length : 0;
}
