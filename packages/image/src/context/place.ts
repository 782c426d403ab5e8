/** Putting the parts of a context into its folder, never through a link. Synchronous; paths were checked. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { ContextFile } from '../types.ts';
import type { ContextRows } from './record.ts';

export type Folders = (path: string) => void;

/**
 * Makes folders without a link on the way: a transfer of another listing, cut off, may have left one where this has a
 * folder, and what follows it would be written wherever it leads.
 */
export function plainFolders(base: string): Folders {
  const done = new Set(['.']);
  const plain: Folders = (path) => {
    if (done.has(path)) return;
    plain(dirname(path));
    const at = join(base, path);
    const found = look(at);
    if (found !== undefined && !found.isDirectory()) rmSync(at, { force: true });
    if (found?.isDirectory() !== true) mkdirSync(at);
    done.add(path);
  };
  return plain;
}

const look = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

/** Folders and links; last the folders' modes. What is as it should be is left alone: a build may be reading it. */
export function placeOthers(base: string, files: readonly ContextFile[]): void {
  const plain = plainFolders(base);
  for (const { path, type, linkname = '' } of files) {
    plain(type === 'directory' ? path : dirname(path));
    if (type === 'symlink') relink(join(base, path), linkname);
  }
  for (const { path, type, mode } of files)
    if (type === 'directory' && ((look(join(base, path))?.mode ?? 0) & 0o7777) !== mode)
      chmodSync(join(base, path), mode);
}

function relink(path: string, target: string): void {
  const found = look(path);
  if (found?.isSymbolicLink() === true && readlinkSync(path) === target) return;
  if (found !== undefined) rmSync(path, { recursive: true, force: true });
  symlinkSync(target, path);
}

/** Removes what no row names: the rest of a transfer that was cut off. */
export const sweep = (base: string, rows: ContextRows): void =>
  sweepBelow(base, '', new Set(withFolders(Object.keys(rows))));

/** And every folder that one of them lies in. */
export function withFolders(paths: readonly string[]): string[] {
  const all = new Set<string>();
  for (let path of paths) for (; path !== '.' && !all.has(path); path = dirname(path)) all.add(path);
  return [...all];
}

function sweepBelow(base: string, below: string, kept: ReadonlySet<string>): void {
  for (const entry of readdirSync(join(base, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (!kept.has(path)) rmSync(join(base, path), { recursive: true, force: true });
    else if (entry.isDirectory()) sweepBelow(base, path, kept);
  }
}
