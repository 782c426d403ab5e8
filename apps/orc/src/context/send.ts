/** Gives the daemon a build context: the list first, then the contents that it does not have. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, ContextFile } from '@orc/api/client';
import { fail } from '@orc/model';
import { READ_BYTES } from '../limits.ts';
import { walkContext } from './walk.ts';

/** The name of the context for `build`. `dockerfile`: its path in the context. */
export async function sendContext(client: Client, folder: string, dockerfile: string): Promise<string> {
  const files = walkContext(folder, dockerfile);
  const { context, needed } = await client.openContext(keyOf(folder, dockerfile), files);
  if (needed.length > 0) await client.fillContext(context, contentsOf(folder, files, needed));
  return context;
}

/** What is ignored depends on the Dockerfile too. */
const keyOf = (folder: string, dockerfile: string): string =>
  createHash('sha256').update(`${folder}\0${dockerfile}`).digest('hex');

/** Large pieces, of many small files each: a piece is a few system calls here and there. */
async function* contentsOf(
  folder: string,
  files: readonly ContextFile[],
  needed: readonly number[],
): AsyncGenerator<Uint8Array> {
  let piece = Buffer.allocUnsafeSlow(READ_BYTES);
  let used = 0;
  for (const index of needed) {
    const file = files[index] as ContextFile;
    const fd = openSync(join(folder, file.path), 'r');
    try {
      for (let left = file.size; left > 0; ) {
        const count = readSync(fd, piece, used, Math.min(left, piece.length - used), null);
        if (count === 0) throw shorter(file);
        left -= count;
        used += count;
        if (used < piece.length) continue;
        yield piece;
        piece = Buffer.allocUnsafeSlow(READ_BYTES);
        used = 0;
      }
    } finally {
      closeSync(fd);
    }
  }
  if (used > 0) yield piece.subarray(0, used);
}

/** Exactly as long as was said: the daemon tells the files apart by their sizes. */
const shorter = (file: ContextFile): Error =>
  fail('input.invalid', `${file.path} became shorter while it was sent`, {
    hint: 'build again once nothing writes to it',
    retry: true,
  });
