/** Space that is given up on a full disk, so that a daemon can start there and what fills the disk can be removed. */
import { existsSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emit } from '@orc/model';
import { LIMITS } from './limits.ts';

/** Before anything is written. */
export function makeRoom(root: string, emit: Emit): void {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const free = freeBytes(root);
  if (free >= LIMITS.startBytes || !existsSync(fileOf(root))) return;
  rmSync(fileOf(root));
  emit('warn', 'the disk is full: space that was kept for this is given up', { root, free });
}

/** Once there is much more than that; what fails here is tried again at the next start. */
export async function keepRoom(root: string): Promise<void> {
  const file = fileOf(root);
  if (existsSync(file) || freeBytes(root) < LIMITS.ballastBytes * LIMITS.ballastShare) return;
  await writeFile(`${file}.tmp`, Buffer.alloc(LIMITS.ballastBytes), { mode: 0o600 });
  await rename(`${file}.tmp`, file);
}

const fileOf = (root: string): string => join(root, 'ballast');

/** Also what is reserved for root. */
function freeBytes(root: string): number {
  const { bfree, bsize } = statfsSync(root);
  return bfree * bsize;
}
