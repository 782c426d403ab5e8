/**
 * `snap/<index>-<term>`: one JSON line, the state as it was given, and a footer that says it is whole.
 *
 *     {"schema":1,"log":…,"index":…,"term":…}\n   data   "OrcSnap1"  length of data, 8   checksum of all before, 4   0, 4
 */
import { crc32 } from 'node:zlib';
import { SNAPSHOTS_KEPT } from '../limits.ts';
import { type Disk, type DiskFile, type Failpoint, RaftError, type SnapshotData } from '../types.ts';
import { diskFull, failed, isDiskFull, viewOf } from './wal.ts';

export type SnapshotFolder = {
  readonly disk: Disk;
  readonly folder: string;
  readonly log: string;
  readonly failpoint: Failpoint;
};
export type SnapshotName = { readonly index: number; readonly term: number; readonly name: string };

const NAME = /^([0-9a-f]{16})-([0-9a-f]{16})$/;
const MAGIC = 'OrcSnap1';
const FOOTER_BYTES = 24;
const hex = (value: number): string => value.toString(16).padStart(16, '0');

/** Write, sync, rename, sync the folder; then the ones beyond those kept go. Returns those kept, the newest first. */
export async function writeSnapshot(
  at: SnapshotFolder,
  index: number,
  term: number,
  slices: Iterable<Uint8Array>,
): Promise<readonly SnapshotName[]> {
  const temporary = `${at.folder}/snapshot.tmp`;
  try {
    await writeWhole(at, temporary, index, term, slices);
    await at.disk.rename(temporary, `${at.folder}/${hex(index)}-${hex(term)}`);
    at.failpoint('raft.snapshot.renamed');
    await at.disk.syncFolder(at.folder);
  } catch (error) {
    if (!isDiskFull(error)) throw failed('write a snapshot', error);
    await at.disk.remove(temporary).catch(() => undefined);
    throw diskFull(at.folder, error);
  }
  return removeOld(at);
}

async function writeWhole(
  at: SnapshotFolder,
  path: string,
  index: number,
  term: number,
  slices: Iterable<Uint8Array>,
): Promise<void> {
  const file = await at.disk.create(path);
  try {
    await writeSlices(file, { schema: 1, log: at.log, index, term }, slices);
    at.failpoint('raft.snapshot.written');
    await file.sync();
    at.failpoint('raft.snapshot.synced');
  } finally {
    await file.close();
  }
}

async function writeSlices(file: DiskFile, header: object, slices: Iterable<Uint8Array>): Promise<void> {
  const head = Buffer.from(`${JSON.stringify(header)}\n`);
  let at = head.length;
  let sum = crc32(head);
  await file.write(0, head);
  for (const slice of slices) {
    await file.write(at, slice);
    at += slice.length;
    sum = crc32(slice, sum);
  }
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.write(MAGIC, 0, 'latin1');
  footer.writeBigUInt64LE(BigInt(at - head.length), 8);
  footer.writeUInt32LE(sum, 16);
  await file.write(at, footer);
}

async function removeOld(at: SnapshotFolder): Promise<readonly SnapshotName[]> {
  const all = await listSnapshots(at);
  for (const { name } of all.slice(SNAPSHOTS_KEPT)) await at.disk.remove(`${at.folder}/${name}`);
  return all.slice(0, SNAPSHOTS_KEPT);
}

/** The newest first. */
export async function listSnapshots(at: SnapshotFolder): Promise<readonly SnapshotName[]> {
  const rows = (await at.disk.list(at.folder)).flatMap((name) => {
    const match = NAME.exec(name);
    if (match === null) return [];
    return [
      { index: Number.parseInt(match[1] as string, 16), term: Number.parseInt(match[2] as string, 16), name },
    ];
  });
  return rows.sort((a, b) => b.index - a.index || b.term - a.term);
}

export type Found = { readonly snapshot: SnapshotData | undefined; readonly quarantined: readonly string[] };

/** The newest that is whole; damaged ones are set aside as `*.damaged`, for people to look at. */
export async function readSnapshot(at: SnapshotFolder): Promise<Found> {
  const quarantined: string[] = [];
  await at.disk.remove(`${at.folder}/snapshot.tmp`);
  for (const { name } of await listSnapshots(at)) {
    const path = `${at.folder}/${name}`;
    const bytes = viewOf((await at.disk.read(path)) ?? new Uint8Array(0));
    const snapshot = parseSnapshot(bytes, at.log, path);
    if (snapshot !== undefined) return { snapshot, quarantined };
    await at.disk.rename(path, `${path}.damaged`);
    quarantined.push(`${path}.damaged`);
  }
  return { snapshot: undefined, quarantined };
}

function parseSnapshot(bytes: Buffer, log: string, path: string): SnapshotData | undefined {
  const footer = bytes.length - FOOTER_BYTES;
  const line = bytes.indexOf('\n');
  if (line === -1 || footer <= line || bytes.toString('latin1', footer, footer + 8) !== MAGIC)
    return undefined;
  if (Number(bytes.readBigUInt64LE(footer + 8)) !== footer - line - 1) return undefined;
  if (bytes.readUInt32LE(footer + 16) !== crc32(bytes.subarray(0, footer))) return undefined;
  const header = JSON.parse(bytes.toString('utf8', 0, line)) as Header;
  if (header.schema > 1)
    throw new RaftError('version', `${path} was written by a newer version (schema ${header.schema})`);
  if (header.log !== log) return undefined;
  return { index: header.index, term: header.term, data: bytes.subarray(line + 1, footer) };
}

type Header = {
  readonly schema: number;
  readonly log: string;
  readonly index: number;
  readonly term: number;
};
