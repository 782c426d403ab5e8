/**
 * A folder that archives are written into. Every path is resolved by the kernel as if the folder were `/`
 * (openat2 with RESOLVE_IN_ROOT), and every name is made or removed relative to an open folder, so that no link in
 * the archive leads out of it.
 */
import { closeSync, lstatSync, readlinkSync, rmSync, type Stats } from 'node:fs';
import { FOLDERS_OPEN_MAX, LINK_HOPS_MAX } from '../limits.ts';
import { decodeName, encodeName } from '../tar/bytes.ts';
import { refused, targetOf } from './names.ts';
import {
  isErrno,
  makeFolder,
  openFolder,
  openInRoot,
  O_FOLDER,
  changeMode,
  pathAt,
  unlink,
} from './syscalls.ts';

export type Tree = {
  readonly root: number;
  /** The folder of these parts, made with mode 0755 where it is missing. The descriptor is the tree's. */
  folder(parts: readonly string[]): number;
  /** As `folder`, but `undefined` where it is missing. */
  existing(parts: readonly string[]): number | undefined;
  /** What is at `name`, not following it. */
  look(folder: number, name: string): Stats | undefined;
  /** Removes whatever is at `name`, folders with all below. */
  clear(folder: number, name: string): void;
  close(): void;
};

export function openTree(path: string): Tree {
  const root = openFolder(path);
  const rootPath = readlinkSync(`/proc/self/fd/${root}`, { encoding: 'buffer' });
  const open = new Map<string, number>();
  const forget = (): void => {
    for (const fd of open.values()) closeSync(fd);
    open.clear();
  };
  const keep = (key: string, fd: number): number => {
    if (open.size >= FOLDERS_OPEN_MAX) forget();
    open.set(key, fd);
    return fd;
  };
  const existing = (parts: readonly string[]): number | undefined => {
    if (parts.length === 0) return root;
    const key = parts.join('/');
    const known = open.get(key);
    if (known !== undefined) return known;
    const fd = openExisting(root, key);
    return fd === undefined ? undefined : keep(key, fd);
  };
  const folder = (parts: readonly string[]): number => existing(parts) ?? make(parts, 0);
  const make = (parts: readonly string[], hops: number): number => {
    if (hops > LINK_HOPS_MAX) throw refused(parts.join('/'), 'it has too many links');
    const found = existing(parts);
    if (found !== undefined) return found;
    const parentParts = parts.slice(0, -1);
    const parent = existing(parentParts) ?? make(parentParts, hops);
    const name = parts.at(-1) as string;
    const real = realParts(rootPath, parent);
    try {
      makeFolder(parent, name);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      return make(targetOf(real, readLink(parent, name)), hops + 1);
    }
    changeMode(parent, name, 0o755);
    return existing(parts) as number;
  };
  return {
    root,
    folder,
    existing,
    look: (at, name) => lstatSync(encodeName(pathAt(at, name)), { throwIfNoEntry: false }),
    clear: (at, name) => clear(at, name, forget),
    close: () => {
      forget();
      closeSync(root);
    },
  };
}

function openExisting(root: number, path: string): number | undefined {
  try {
    return openInRoot(root, path, O_FOLDER);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw isErrno(error, 'ENOTDIR', 'ELOOP')
      ? refused(path, 'it is below something that is not a folder')
      : error;
  }
}

const readLink = (folder: number, name: string): string =>
  decodeName(readlinkSync(encodeName(pathAt(folder, name)), { encoding: 'buffer' }));

/** Where an open folder lies below the root, links resolved. */
function realParts(rootPath: Buffer, folder: number): readonly string[] {
  const path = readlinkSync(`/proc/self/fd/${folder}`, { encoding: 'buffer' });
  return decodeName(path.subarray(rootPath.length))
    .split('/')
    .filter((part) => part !== '');
}

/** Open folders may lie below what is removed or resolve through it. */
function clear(folder: number, name: string, forget: () => void): void {
  const path = encodeName(pathAt(folder, name));
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isDirectory()) rmSync(path, { recursive: true });
  else unlink(folder, name);
  if (stat.isDirectory() || stat.isSymbolicLink()) forget();
}
