/**
 * Writing into the topmost layer of an image that is not mounted. Paths mean what they mean inside the
 * image: links of lower layers are followed within its root, never on the host. Directories of lower layers
 * keep their owner and mode.
 */
import { chmodSync, lchownSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { fail } from '@orc/model';
import { AT_FDCWD, changeTimes, getXattr, listXattrs, setXattr } from '../../layer/syscalls.ts';
import { isKeptXattr } from '../../layer/whiteouts.ts';
import type { Owner } from '../plan/owner.ts';
import { child, lookup, rootOf, toHost, type Tree, type TreeEntry } from './tree.ts';

export type Attributes = {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
};

export type Destination = {
  readonly upper: string;
  readonly tree: Tree;
  /** Of directories that have to be made on the way. */
  readonly made: Owner & { readonly mtimeNs: bigint };
  /** Times of directories, set last, for every name made in one changes them. */
  readonly times: Map<string, bigint>;
  /** Host paths of directories made on the way, in order. */
  readonly created: string[];
  /** By path as asked for; a directory is never replaced, so it stays right. */
  readonly opened: Map<string, TreeEntry>;
};

const MADE_MODE = 0o755;
const MODE_BITS = 0o7777n;

/** `layers`: the lowest first. `upper` is an empty folder; it becomes the root, as the lower one was. */
export function openDestination(
  upper: string,
  layers: readonly string[],
  made: Destination['made'],
): Destination {
  const top = layers.at(-1);
  if (top !== undefined) copyAttributes(top, upper);
  else chmodSync(upper, MADE_MODE);
  return {
    upper,
    tree: { folders: [upper, ...layers.toReversed()], layered: true },
    made,
    times: new Map(),
    created: [],
    opened: new Map(),
  };
}

/** After the last write. */
export function finishDestination(destination: Destination): void {
  for (const [path, mtimeNs] of destination.times) setTime(path, mtimeNs);
}

export const attributesOf = (entry: TreeEntry): Attributes => ({
  mode: Number(entry.stats.mode & MODE_BITS),
  uid: Number(entry.stats.uid),
  gid: Number(entry.stats.gid),
  mtimeNs: entry.stats.mtimeNs,
});

const NS_PER_S = 1_000_000_000n;

export function setTime(hostPath: string, mtimeNs: bigint): void {
  const { sec, nsec } = timeOf(mtimeNs);
  changeTimes(AT_FDCWD, hostPath, sec, nsec);
}

/** As the kernel has it: nanoseconds count up, also before 1970. */
export function timeOf(mtimeNs: bigint): { readonly sec: number; readonly nsec: number } {
  const seconds = mtimeNs / NS_PER_S - (mtimeNs < 0n && mtimeNs % NS_PER_S !== 0n ? 1n : 0n);
  return { sec: Number(seconds), nsec: Number(mtimeNs - seconds * NS_PER_S) };
}

/** Owner first: changing it clears setuid. A link has no mode. */
export function setAttributes(hostPath: string, attributes: Attributes, isLink = false): void {
  lchownSync(toHost(hostPath), attributes.uid, attributes.gid);
  if (!isLink) chmodSync(toHost(hostPath), attributes.mode);
}

/**
 * The directory at `path`, made where it is missing, and with a folder in the topmost layer to write into.
 * Throws where something else is in the way.
 */
export function openFolder(destination: Destination, path: string): TreeEntry {
  const known = destination.opened.get(path);
  if (known !== undefined) return known;
  const entry = lookup(destination.tree, path, true, (parent, name) => makeFolder(destination, parent, name));
  if (entry?.kind !== 'directory') {
    const hint = 'copy to another path, or remove what is there in a RUN before';
    throw fail('build.failed', `${path} is no directory in the image`, { hint });
  }
  raise(destination, entry);
  const opened = lookup(destination.tree, entry.path) ?? entry;
  destination.opened.set(path, opened);
  return opened;
}

function makeFolder(destination: Destination, parent: TreeEntry, name: string): TreeEntry | undefined {
  const hostPath = `${raise(destination, parent)}/${name}`;
  mkdirSync(toHost(hostPath));
  destination.created.push(hostPath);
  setAttributes(hostPath, { ...destination.made, mode: MADE_MODE });
  destination.times.set(hostPath, destination.made.mtimeNs);
  return child(destination.tree, lookup(destination.tree, parent.path) ?? parent, name);
}

/** The directory's folder in the topmost layer: made, with its attributes, if it only lies below. */
function raise(destination: Destination, folder: TreeEntry): string {
  let hostPath = destination.upper;
  let entry = rootOf(destination.tree);
  for (const name of folder.path.split('/').filter((part) => part !== '')) {
    entry = child(destination.tree, entry, name) ?? entry;
    hostPath = `${hostPath}/${name}`;
    if (lstatSync(toHost(hostPath), { throwIfNoEntry: false }) !== undefined) continue;
    mkdirSync(toHost(hostPath));
    copyAttributes(entry.places[0] as string, hostPath);
    destination.times.set(hostPath, entry.stats.mtimeNs);
  }
  return hostPath;
}

function copyAttributes(from: string, to: string): void {
  const stats = lstatSync(toHost(from));
  lchownSync(toHost(to), stats.uid, stats.gid);
  chmodSync(toHost(to), stats.mode & 0o7777);
  copyXattrs(from, to);
}

export function copyXattrs(from: string, to: string): void {
  for (const name of listXattrs(from).filter(isKeptXattr)) {
    const value = getXattr(from, name);
    if (value !== undefined) setXattr(to, name, value);
  }
}

/**
 * A free name in an opened directory: what had it is hidden or gone. A directory is never replaced by
 * anything else. Returns the host path.
 */
export function freeName(destination: Destination, folder: TreeEntry, name: string): string {
  const existing = child(destination.tree, folder, name);
  if (existing?.kind === 'directory') {
    const hint = 'remove it in a RUN before, or copy elsewhere';
    throw fail('build.failed', `/${existing.path} is a directory in the image`, { hint });
  }
  const hostPath = `${folder.places[0]}/${name}`;
  if (existing !== undefined) rmSync(toHost(hostPath), { force: true });
  return hostPath;
}

/** A directory in an opened directory, as the source has it; one that is there already stays as it is. */
export function putFolder(
  destination: Destination,
  folder: TreeEntry,
  name: string,
  attributes: Attributes,
): string | undefined {
  const existing = lookup(destination.tree, `${folder.path}/${name}`);
  if (existing?.kind === 'directory') return undefined;
  const hostPath = freeName(destination, folder, name);
  mkdirSync(toHost(hostPath));
  setAttributes(hostPath, attributes);
  destination.times.set(hostPath, attributes.mtimeNs);
  return hostPath;
}
