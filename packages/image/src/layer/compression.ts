/** Which compression a stream has, by its first bytes, and undoing it. */
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { fail, OrcError } from '@orc/model';
import { COMPRESSION_RATIO_FROM_BYTES, COMPRESSION_RATIO_MAX, READ_CHUNK_BYTES } from '../limits.ts';
import { isExternal, throughProgram } from './external.ts';
import { zstdFrames } from './zstd.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];
const MAGIC_BYTES = 6;

export const compressionOf = (head: Uint8Array): Compression =>
  MAGIC.find(([, magic]) => magic.every((byte, at) => head[at] === byte))?.[0] ?? 'none';

export type Source = AsyncIterable<Uint8Array>;

/** The plain bytes of a stream of any supported compression. Several gzip members or zstd frames are one stream. */
export async function* decompress(source: Source): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const head = await readHead(chunks);
    const compression = compressionOf(head);
    const whole = prepend(head, chunks);
    if (compression === 'none') yield* whole;
    else yield* decompressAs(compression, whole);
  } finally {
    await chunks.return?.();
  }
}

async function readHead(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* prepend(head: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
}

async function* decompressAs(compression: Compression, source: Source): AsyncGenerator<Uint8Array> {
  const counted = { in: 0, out: 0 };
  const input = count(source, counted);
  try {
    for await (const chunk of decoded(compression, input)) {
      counted.out += chunk.length;
      checkRatio(counted);
      yield chunk;
    }
  } catch (error) {
    throw translated(compression, error);
  }
}

async function* piped(transform: Transform, source: Source): AsyncGenerator<Buffer> {
  const output = new PassThrough({ highWaterMark: 4 * READ_CHUNK_BYTES });
  const run = pipeline(source, transform, output).catch(() => undefined);
  try {
    yield* output as AsyncIterable<Buffer>;
  } finally {
    output.destroy();
    await run;
  }
}

async function* count(source: Source, counted: { in: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    counted.in += chunk.length;
    yield chunk;
  }
}

function decoded(compression: Compression, input: Source): Source {
  if (isExternal(compression)) return throughProgram(compression, input);
  if (compression === 'zstd') return zstdFrames(input);
  return piped(createGunzip({ chunkSize: READ_CHUNK_BYTES }), input);
}

function checkRatio(counted: { readonly in: number; readonly out: number }): void {
  if (counted.out < COMPRESSION_RATIO_FROM_BYTES || counted.out < counted.in * COMPRESSION_RATIO_MAX) return;
  throw fail('image.invalid', `archive grows more than ${COMPRESSION_RATIO_MAX}-fold when it is unpacked`, {
    hint: 'it looks like a decompression bomb; unpack it by hand and import the result if you trust it',
  });
}

const translated = (compression: Compression, error: unknown): unknown =>
  error instanceof OrcError ||
  !/^(Z_|ZSTD|ERR_ZSTD|ERR__ZSTD)/.test((error as NodeJS.ErrnoException)?.code ?? '')
    ? error
    : fail('image.invalid', `damaged ${compression} stream: ${(error as Error).message}`);
