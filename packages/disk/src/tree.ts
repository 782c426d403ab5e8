import { mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';

/** Containers and builds can nest folders deeper than a path can name; only the synchronous form goes by descriptors. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENAMETOOLONG') throw error;
    rmSync(path, { recursive: true, force: true });
  });
}

/** With those above it; no other user of the host sees what is in it. */
export const makePrivateFolder = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
};
