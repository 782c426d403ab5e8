/**
 * A root file system as its layers lie on disk, read without mounting it: whiteouts, opaque directories and
 * links mean what they mean inside. No path ever leaves the root: every component is looked at before it is
 * entered, and links are resolved here, never by the kernel.
 */
import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { getXattr, isErrno, majorOf, minorOf } from '../../layer/syscalls.ts';
import { OPAQUE_XATTR } from '../../layer/whiteouts.ts';
import { decodeName, encodeName } from '../../tar/bytes.ts';
import { LINK_HOPS_MAX } from '../limits.ts';

export type Tree = {
  /** Host folders, the topmost first. */
  readonly folders: readonly string[];
  /** Layers of an image; else one plain folder, in which devices are only devices. */
  readonly layered: boolean;
};

export type EntryKind = 'file' | 'directory' | 'symlink' | 'other';

export type TreeEntry = {
  /** From the root, without links in it, no leading slash; '' is the root. */
  readonly path: string;
  readonly kind: EntryKind;
  readonly stats: BigIntStats;
  /** Host paths: all folders that a directory is merged from, the topmost first; one of anything else. */
  readonly places: readonly string[];
};

export type OnMissing = (parent: TreeEntry, name: string) => TreeEntry | undefined;

/** By path inside the root; links are followed, the last one only if `follow`. `undefined`: there is none. */
export function lookup(
  tree: Tree,
  path: string,
  follow = true,
  onMissing?: OnMissing,
): TreeEntry | undefined {
  const stack = [rootOf(tree)];
  let pending = path.split('/');
  let hops = 0;
  while (pending.length > 0) {
    const [name = '', ...rest] = pending;
    pending = rest;
    const parent = stack.at(-1) as TreeEntry;
    if (parent.kind !== 'directory') return undefined;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (stack.length > 1) stack.pop();
      continue;
    }
    const entry = child(tree, parent, name) ?? onMissing?.(parent, name);
    if (entry === undefined) return undefined;
    if (entry.kind !== 'symlink' || (rest.every((each) => each === '') && !follow)) {
      stack.push(entry);
      continue;
    }
    hops += 1;
    if (hops > LINK_HOPS_MAX) return undefined;
    const target = linkOf(entry);
    if (target.startsWith('/')) stack.length = 1;
    pending = [...target.split('/'), ...rest];
  }
  return stack.at(-1);
}

export function rootOf(tree: Tree): TreeEntry {
  const stats = lstatSync(toHost(tree.folders[0] as string), { bigint: true });
  return { path: '', kind: 'directory', stats, places: tree.folders };
}

export const linkOf = (entry: TreeEntry): string =>
  decodeName(readlinkSync(toHost(entry.places[0] as string), { encoding: 'buffer' }));

/** A host path for node:fs, also where names are not UTF-8. */
export const toHost = (path: string): string | Buffer =>
  /[\udc80-\udcff]/.test(path) ? encodeName(path) : path;

/** One name in a directory, links not followed. */
export function child(tree: Tree, folder: TreeEntry, name: string): TreeEntry | undefined {
  const places: string[] = [];
  let top: BigIntStats | undefined;
  for (const place of folder.places) {
    const path = `${place}/${name}`;
    const stats = lstatSync(toHost(path), { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (tree.layered && isWhiteout(stats)) break;
    if (!stats.isDirectory()) {
      if (top === undefined) return entryOf(folder, name, stats, [path]);
      break;
    }
    top ??= stats;
    places.push(path);
    if (tree.layered && isOpaque(path)) break;
  }
  return top === undefined ? undefined : entryOf(folder, name, top, places);
}

function entryOf(folder: TreeEntry, name: string, stats: BigIntStats, places: readonly string[]): TreeEntry {
  const path = folder.path === '' ? name : `${folder.path}/${name}`;
  return { path, kind: kindOf(stats), stats, places };
}

function kindOf(stats: BigIntStats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

const isWhiteout = (stats: BigIntStats): boolean =>
  stats.isCharacterDevice() && majorOf(Number(stats.rdev)) === 0 && minorOf(Number(stats.rdev)) === 0;

const isOpaque = (path: string): boolean => getXattr(path, OPAQUE_XATTR)?.toString('latin1') === 'y';

/** Names in a directory, sorted, deleted ones left out only when they are looked up. */
export function namesIn(folder: TreeEntry): readonly string[] {
  const names = new Set<string>();
  for (const place of folder.places) for (const name of readNames(place)) names.add(name);
  return [...names].sort();
}

function readNames(place: string): readonly string[] {
  try {
    const names = readdirSync(toHost(place));
    if (!names.some((name) => name.includes('\ufffd'))) return names;
    return readdirSync(toHost(place), { encoding: 'buffer' }).map(decodeName);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
