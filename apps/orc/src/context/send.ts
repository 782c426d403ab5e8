/** Gives the daemon a build context: the list first, then the contents that it does not have. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
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

async function* contentsOf(
  folder: string,
  files: readonly ContextFile[],
  needed: readonly number[],
): AsyncGenerator<Uint8Array> {
  for (const index of needed) {
    const file = files[index];
    if (file !== undefined) yield* contentOf(folder, file);
  }
}

/** Exactly as long as was said: the daemon tells the files apart by their sizes. */
async function* contentOf(folder: string, file: ContextFile): AsyncGenerator<Uint8Array> {
  const handle = await open(join(folder, file.path), 'r');
  try {
    let left = file.size;
    while (left > 0) {
      const { bytesRead, buffer } = await handle.read(
        Buffer.allocUnsafe(Math.min(READ_BYTES, left)),
        0,
        Math.min(READ_BYTES, left),
      );
      if (bytesRead === 0)
        throw fail('input.invalid', `${file.path} became shorter while it was sent`, {
          hint: 'build again once nothing writes to it',
          retry: true,
        });
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
