/** What standard input gives to a build: a Dockerfile, or the whole context in an archive. */
import { fail } from '@orc/model';
import { DOCKERFILE_BYTES_MAX } from '../limits.ts';

export type Given =
  | { readonly kind: 'dockerfile'; readonly text: string }
  | { readonly kind: 'archive'; readonly chunks: AsyncIterable<Uint8Array> };

/** Told apart by how it begins, as docker does. */
export async function readGiven(input: AsyncIterable<Uint8Array>): Promise<Given> {
  const chunks = input[Symbol.asyncIterator]();
  const head = await upTo(chunks, TAR_HEADER_BYTES);
  if (isArchive(head)) return { kind: 'archive', chunks: joined(head, chunks) };
  return { kind: 'dockerfile', text: await textOf(joined(head, chunks)) };
}

export async function textOf(input: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of input) {
    parts.push(part);
    size += part.length;
    if (size > DOCKERFILE_BYTES_MAX)
      throw fail('input.toolarge', `the Dockerfile on standard input has over ${DOCKERFILE_BYTES_MAX} bytes`);
  }
  return Buffer.concat(parts).toString();
}

async function upTo(chunks: AsyncIterator<Uint8Array>, bytes: number): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < bytes) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* joined(head: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
}

/** First bytes of gzip, bzip2, xz and zstd. */
const COMPRESSED: readonly string[] = ['1f8b08', '425a68', 'fd377a585a00', '28b52ffd'];

export function isArchive(head: Buffer): boolean {
  const begins = head.subarray(0, 6).toString('hex');
  return COMPRESSED.some((magic) => begins.startsWith(magic)) || isTar(head);
}

const TAR_HEADER_BYTES = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const SPACE = 0x20;

/** By the checksum of its first header, which the oldest archives have too; an empty archive is zeros. */
function isTar(head: Buffer): boolean {
  if (head.length < TAR_HEADER_BYTES) return false;
  const header = Buffer.from(head.subarray(0, TAR_HEADER_BYTES));
  const end = CHECKSUM_AT + CHECKSUM_BYTES;
  const said = Number.parseInt(
    header.toString('latin1', CHECKSUM_AT, end).replaceAll('\0', ' ').trim() || '0',
    8,
  );
  if (header.every((byte) => byte === 0)) return true;
  header.fill(SPACE, CHECKSUM_AT, end);
  return header.reduce((sum, byte) => sum + byte, 0) === said;
}
