/** COPY and ADD: selected entries, inline files and unpacked archives into the topmost layer. */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { posix } from 'node:path';
import {
  AT_FDCWD,
  changeFileTimes,
  isErrno,
  linkFile,
  majorOf,
  makeLink,
  makeNode,
  makeSymlink,
  minorOf,
} from '../../layer/syscalls.ts';
import { LINK_FROM_BYTES, SMALL_FILE_BYTES } from '../limits.ts';
import type { CopyWork } from '../plan/evaluate.ts';
import { type ModeChange, readMode } from '../plan/mode.ts';
import type { Owner } from '../plan/owner.ts';
import { unpackArchive } from './archive.ts';
import {
  type Attributes,
  attributesOf,
  copyXattrs,
  type Destination,
  finishDestination,
  freeName,
  openDestination,
  openFolder,
  putFolder,
  setAttributes,
  setTime,
  timeOf,
} from './destination.ts';
import { openRoots, type Roots, withFileOf } from './reading.ts';
import type { Selected, Selection } from './selection.ts';
import type { Slices } from './slices.ts';
import { linkOf, lookup, toHost, type TreeEntry } from './tree.ts';

/** A COPY or ADD as data, for whoever carries it out. */
export type CopyPlan = {
  readonly work: CopyWork;
  readonly selection: Selection;
  /** Of the stage that is copied into, the lowest first. */
  readonly layers: readonly string[];
  /** Of directories that have to be made on the way. */
  readonly made: Destination['made'];
  /** `--chown`. Absent: root for files of a context, each entry's own for those of a stage or an archive. */
  readonly owner?: Owner;
  /** Owners and extended attributes of a context mean nothing here. */
  readonly fromContext: boolean;
  /** The files are the store's, root's, and nobody writes to them: large ones may be linked instead of copied. */
  readonly linkable: boolean;
};
export type CopyJob = Omit<CopyPlan, 'layers' | 'made'> & {
  readonly destination: Destination;
  readonly mode?: ModeChange;
  readonly pause: Slices;
  readonly roots: Roots;
  /** Inodes of the context that this layer has already. */
  readonly linked: Set<bigint>;
};

/** `upper`: an empty folder, which becomes the layer. */
export async function copyFiles(plan: CopyPlan, upper: string, pause: Slices): Promise<void> {
  const { layers, made, ...rest } = plan;
  const { chmod = '' } = plan.work;
  const mode = chmod === '' ? undefined : readMode(chmod);
  const roots = openRoots();
  const destination = openDestination(upper, layers, made);
  try {
    await copyInto({
      ...rest,
      destination,
      pause,
      roots,
      linked: new Set(),
      ...(mode === undefined ? {} : { mode }),
    });
  } finally {
    roots.close();
  }
}

async function copyInto(job: CopyJob): Promise<void> {
  const { work, selection, destination } = job;
  const base = work.destination;
  const into = work.intoFolder || selection.folder || isFolder(destination, base);
  if (into && (selection.rows.length > 0 || selection.folder)) openFolder(destination, base);
  const links = new Map<string, string>();
  for (const row of selection.rows) {
    const path = into ? posix.join(base, row.target) : base;
    await copyOne(row, path, job, links);
    await job.pause();
  }
  for (const file of work.files) writeInline(file, into ? posix.join(base, file.name) : base, job);
  finishDestination(destination);
}

const isFolder = (destination: Destination, path: string): boolean =>
  lookup(destination.tree, path)?.kind === 'directory';

function wanted(entry: TreeEntry, job: CopyJob): Attributes {
  const own = attributesOf(entry);
  const mode =
    job.mode === undefined || entry.kind === 'symlink'
      ? own.mode
      : job.mode(own.mode, entry.kind === 'directory');
  return { ...own, ...(job.fromContext ? ROOT : {}), ...job.owner, mode };
}

const ROOT: Owner = { uid: 0, gid: 0 };

async function copyOne(row: Selected, path: string, job: CopyJob, links: Map<string, string>): Promise<void> {
  const { entry } = row;
  const perhapsArchive = job.work.add && job.work.unpack && row.direct && entry.kind === 'file';
  if (perhapsArchive && (await unpackArchive(entry, job))) return;
  const folder = openFolder(job.destination, posix.dirname(path));
  const name = posix.basename(path);
  const attributes = wanted(entry, job);
  if (entry.kind === 'directory') {
    const made = putFolder(job.destination, folder, name, attributes);
    if (made !== undefined && !job.fromContext) copyXattrs(entry.places[0] as string, made);
    return;
  }
  if (entry.kind === 'file' && job.linkable) return copyContextFile(entry, folder, name, attributes, job);
  const hostPath = freeName(job.destination, folder, name);
  const first = linkKey(entry, links);
  if (first !== undefined) return makeLink(AT_FDCWD, first, AT_FDCWD, hostPath);
  await writeEntry(entry, hostPath, attributes, job.roots);
  if (!job.fromContext) copyXattrs(entry.places[0] as string, hostPath);
  setTime(hostPath, attributes.mtimeNs);
  if (entry.stats.nlink > 1n) links.set(inodeOf(entry), hostPath);
}

/** Of a context that was sent: linked where it is large and as it has to be; else written, with all it takes on one descriptor. */
async function copyContextFile(
  entry: TreeEntry,
  folder: TreeEntry,
  name: string,
  attributes: Attributes,
  job: CopyJob,
): Promise<void> {
  const put = (hostPath: string): Promise<void> =>
    withFileOf(job.roots, entry, (fd) => putContextFile(fd, entry, hostPath, attributes, job));
  // Where no layer below has this folder, the name is free unless this copy has taken it.
  const [upper] = folder.places;
  if (folder.places.length > 1) return put(freeName(job.destination, folder, name));
  try {
    await put(`${upper}/${name}`);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    await put(freeName(job.destination, folder, name));
  }
}

async function putContextFile(
  fd: number,
  entry: TreeEntry,
  hostPath: string,
  attributes: Attributes,
  job: CopyJob,
): Promise<void> {
  if (mayLink(entry, attributes, job) && tryLink(fd, hostPath)) {
    job.linked.add(entry.stats.ino);
  } else if (entry.stats.size > SMALL_FILE_BYTES) {
    await copyFile(`/proc/self/fd/${fd}`, toHost(hostPath), COPY_FLAGS);
    setAttributes(hostPath, attributes);
    setTime(hostPath, attributes.mtimeNs);
  } else writeSmall(fd, Number(entry.stats.size), hostPath, attributes);
}

/**
 * Small ones are never linked: a copy costs as little, and programs look at the number of links (cron leaves out tables
 * that have more than one). Within a layer two names of one inode would be a hard link of the image.
 */
const mayLink = ({ stats }: TreeEntry, wanted: Attributes, { linkable, linked }: CopyJob): boolean =>
  linkable &&
  stats.size > LINK_FROM_BYTES &&
  Number(stats.mode & 0o7777n) === wanted.mode &&
  Number(stats.uid) === wanted.uid &&
  Number(stats.gid) === wanted.gid &&
  !linked.has(stats.ino);

/** By its descriptor, so that it is the very file that was looked at. False: copy it. */
function tryLink(fd: number, hostPath: string): boolean {
  try {
    linkFile(fd, hostPath);
    return true;
  } catch (error) {
    if (isErrno(error, 'EXDEV', 'EMLINK', 'EPERM', 'ENOENT')) return false;
    throw error;
  }
}

function writeSmall(
  fd: number,
  size: number,
  hostPath: string,
  { mode, uid, gid, mtimeNs }: Attributes,
): void {
  const target = openSync(toHost(hostPath), 'wx', 0o600);
  try {
    for (let left = size; left > 0; ) {
      const count = readSync(fd, SMALL, 0, left, null);
      if (count === 0) break;
      left -= count;
      for (let at = 0; at < count; ) at += writeSync(target, SMALL, at, count - at);
    }
    fchownSync(target, uid, gid);
    fchmodSync(target, mode);
    const { sec, nsec } = timeOf(mtimeNs);
    changeFileTimes(target, sec, nsec);
  } finally {
    closeSync(target);
  }
}
const SMALL = Buffer.allocUnsafeSlow(SMALL_FILE_BYTES);

const inodeOf = ({ stats }: TreeEntry): string => `${stats.dev}:${stats.ino}`;
const linkKey = (entry: TreeEntry, links: ReadonlyMap<string, string>): string | undefined =>
  entry.stats.nlink > 1n ? links.get(inodeOf(entry)) : undefined;

async function writeEntry(
  entry: TreeEntry,
  hostPath: string,
  attributes: Attributes,
  roots: Roots,
): Promise<void> {
  if (entry.kind === 'symlink') makeSymlink(AT_FDCWD, hostPath, linkOf(entry));
  else if (entry.kind === 'file') await writeFileOf(entry, hostPath, roots);
  else {
    const { mode, rdev } = entry.stats;
    makeNode(AT_FDCWD, hostPath, Number(mode), majorOf(Number(rdev)), minorOf(Number(rdev)));
  }
  setAttributes(hostPath, attributes, entry.kind === 'symlink');
}

const COPY_FLAGS = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

function writeFileOf(entry: TreeEntry, hostPath: string, roots: Roots): Promise<void> {
  return withFileOf(roots, entry, (fd) => {
    if (entry.stats.size > SMALL_FILE_BYTES)
      return copyFile(`/proc/self/fd/${fd}`, toHost(hostPath), COPY_FLAGS);
    const target = openSync(toHost(hostPath), 'wx', 0o600);
    try {
      writeFileSync(target, readFileSync(fd));
    } finally {
      closeSync(target);
    }
    return undefined;
  });
}

const INLINE_MODE = 0o644;

function writeInline(file: CopyWork['files'][number], path: string, job: CopyJob): void {
  const { destination } = job;
  const folder = openFolder(destination, posix.dirname(path));
  const hostPath = freeName(destination, folder, posix.basename(path));
  writeFileSync(toHost(hostPath), file.content, { flag: 'wx' });
  const mode = job.mode?.(INLINE_MODE, false) ?? INLINE_MODE;
  setAttributes(hostPath, { ...destination.made, ...job.owner, mode });
  setTime(hostPath, destination.made.mtimeNs);
}
