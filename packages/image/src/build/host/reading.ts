/**
 * Opening files of a tree for reading. Whoever may write to a context may swap a file for a link meanwhile.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fail } from '@orc/model';
import { O_FOLDER, openBeneath } from '../../layer/syscalls.ts';
import { READ_CHUNK_BYTES } from '../../limits.ts';
import type { Slices } from './slices.ts';
import { toHost, type TreeEntry } from './tree.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Roots of trees that stay open while many of their files are read. */
export type Roots = { readonly of: (path: string) => number; readonly close: () => void };

export function openRoots(): Roots {
  const open = new Map<string, number>();
  return {
    of: (path) => {
      const fd = open.get(path) ?? openSync(toHost(path), O_FOLDER);
      open.set(path, fd);
      return fd;
    },
    close: () => {
      for (const fd of open.values()) closeSync(fd);
      open.clear();
    },
  };
}

/** Calls `use` with a descriptor of the very file that `entry` was; anything else throws. */
export async function withFile<T>(entry: TreeEntry, use: (fd: number) => T | Promise<T>): Promise<T> {
  const roots = openRoots();
  try {
    return await withFileOf(roots, entry, use);
  } finally {
    roots.close();
  }
}

export async function withFileOf<T>(
  roots: Roots,
  entry: TreeEntry,
  use: (fd: number) => T | Promise<T>,
): Promise<T> {
  const fd = openEntry(roots, entry);
  try {
    return await use(fd);
  } finally {
    closeSync(fd);
  }
}

function openEntry(roots: Roots, entry: TreeEntry): number {
  const place = entry.places[0] as string;
  const root = roots.of(place.slice(0, place.length - entry.path.length));
  const fd = openBeneath(root, entry.path, FLAGS);
  const stats = fstatSync(fd, { bigint: true });
  if (stats.isFile() && stats.ino === entry.stats.ino && stats.dev === entry.stats.dev) return fd;
  closeSync(fd);
  throw fail('build.failed', `${entry.path} changed while it was read`, {
    hint: 'build again when nothing writes to the context',
    retry: true,
  });
}

/** The whole file in chunks; each is only good until the next. */
export async function eachChunk(fd: number, pause: Slices, use: (chunk: Buffer) => void): Promise<void> {
  const buffer = Buffer.allocUnsafe(READ_CHUNK_BYTES);
  for (let read = readSync(fd, buffer); read > 0; read = readSync(fd, buffer)) {
    use(buffer.subarray(0, read));
    await pause();
  }
}
