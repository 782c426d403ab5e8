/** COPY and ADD: selected entries, inline files and unpacked archives into the topmost layer. */
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { AT_FDCWD, majorOf, makeLink, makeNode, makeSymlink, minorOf } from '../../layer/syscalls.ts';
import { SMALL_FILE_BYTES } from '../limits.ts';
import type { CopyWork } from '../plan/evaluate.ts';
import type { ModeChange } from '../plan/mode.ts';
import type { Owner } from '../plan/owner.ts';
import { unpackArchive } from './archive.ts';
import {
  type Attributes,
  attributesOf,
  copyXattrs,
  type Destination,
  finishDestination,
  freeName,
  openFolder,
  putFolder,
  setAttributes,
  setTime,
} from './destination.ts';
import { withFile } from './reading.ts';
import type { Selected, Selection } from './selection.ts';
import type { Slices } from './slices.ts';
import { linkOf, lookup, toHost, type TreeEntry } from './tree.ts';

export type CopyJob = {
  readonly work: CopyWork;
  readonly selection: Selection;
  readonly destination: Destination;
  /** `--chown`. Absent: root for files of a context, each entry's own for those of a stage or an archive. */
  readonly owner?: Owner;
  readonly mode?: ModeChange;
  /** Owners and extended attributes of a context mean nothing here. */
  readonly fromContext: boolean;
  readonly pause: Slices;
};

export async function copyInto(job: CopyJob): Promise<void> {
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
  const hostPath = freeName(job.destination, folder, name);
  const first = linkKey(entry, links);
  if (first !== undefined) return makeLink(AT_FDCWD, first, AT_FDCWD, hostPath);
  await writeEntry(entry, hostPath, attributes);
  if (!job.fromContext) copyXattrs(entry.places[0] as string, hostPath);
  setTime(hostPath, attributes.mtimeNs);
  if (entry.stats.nlink > 1n) links.set(inodeOf(entry), hostPath);
}

const inodeOf = ({ stats }: TreeEntry): string => `${stats.dev}:${stats.ino}`;
const linkKey = (entry: TreeEntry, links: ReadonlyMap<string, string>): string | undefined =>
  entry.stats.nlink > 1n ? links.get(inodeOf(entry)) : undefined;

async function writeEntry(entry: TreeEntry, hostPath: string, attributes: Attributes): Promise<void> {
  if (entry.kind === 'symlink') makeSymlink(AT_FDCWD, hostPath, linkOf(entry));
  else if (entry.kind === 'file') await writeFileOf(entry, hostPath);
  else {
    const { mode, rdev } = entry.stats;
    makeNode(AT_FDCWD, hostPath, Number(mode), majorOf(Number(rdev)), minorOf(Number(rdev)));
  }
  setAttributes(hostPath, attributes, entry.kind === 'symlink');
}

const COPY_FLAGS = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

function writeFileOf(entry: TreeEntry, hostPath: string): Promise<void> {
  return withFile(entry, (fd) => {
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
