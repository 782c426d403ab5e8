/** Build contexts and caches of RUN steps: they only save time, so the longest unused go beyond a size and an age. */
import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '@orc/disk';
import { CACHE_MOUNT_BYTES_MAX, CONTEXT_BYTES_MAX, FOLDER_AGE_MS_MAX } from '../limits.ts';
import { type KeepBounds, type KeptFolder, surplus } from '../plan/keep.ts';
import type { Store } from './context.ts';

/** Returns the bytes that it freed. */
export async function collectFolders(store: Store): Promise<number> {
  const { contexts, mountCache } = store.paths;
  const ageMsMax = FOLDER_AGE_MS_MAX;
  const caches = { bytesMax: CACHE_MOUNT_BYTES_MAX, ageMsMax };
  const isHeld = (path: string): boolean => store.uses.has(path) || store.contexts.isPending(path);
  return (
    (await collectIn(store, contexts, { bytesMax: CONTEXT_BYTES_MAX, ageMsMax }, isHeld)) +
    (await collectIn(store, mountCache, caches, (path) => store.uses.has(path)))
  );
}

async function collectIn(
  store: Store,
  base: string,
  bounds: KeepBounds,
  isHeld: (path: string) => boolean,
): Promise<number> {
  const paths = foldersIn(base);
  if (paths.length === 0) return 0;
  const sizes = await store.threads.run('measure', { folders: paths });
  const all = paths.map((path, at) => ({ path, bytes: sizes[at] ?? 0, usedAtMs: usedAt(path) }));
  const held = all.filter(({ path }) => isHeld(path)).reduce((sum, { bytes }) => sum + bytes, 0);
  const free = all.filter(({ path }) => !isHeld(path));
  let freed = 0;
  for (const gone of surplus(free, bounds, store.options.clock.now(), held))
    if (await remove(store, gone, isHeld)) freed += gone.bytes;
  return freed;
}

function foldersIn(base: string): readonly string[] {
  try {
    return readdirSync(base).map((name) => join(base, name));
  } catch {
    return [];
  }
}

const usedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Out of sight at once, without a wait between the last look and the rename; the rest may take its time. */
async function remove(
  store: Store,
  { path }: KeptFolder,
  isHeld: (path: string) => boolean,
): Promise<boolean> {
  const trash = join(store.paths.trash, randomBytes(8).toString('hex'));
  const moved = await store.contexts.locked(path, async () => {
    if (isHeld(path)) return false;
    store.contexts.forget(path);
    renameSync(path, trash);
    return true;
  });
  if (moved) await removeTree(trash);
  return moved;
}
