/** A frame that comes in many pieces, read slowly: the decoder is waited for once each time, and no more. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { zstdFrames } from '../src/layer/zstd.ts';

const PIECE_BYTES = 64 * 1024;

async function* pieces(data: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += PIECE_BYTES) yield data.subarray(at, at + PIECE_BYTES);
}

test('nothing heaps up on it', async () => {
  const warnings: string[] = [];
  const heard = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', heard);
  try {
    const data = randomBytes(64 * PIECE_BYTES);
    const read: Buffer[] = [];
    for await (const chunk of zstdFrames(pieces(zstdCompressSync(data)))) read.push(chunk);
    await setImmediate();
    expect(Buffer.concat(read).equals(data)).toBe(true);
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', heard);
  }
});
