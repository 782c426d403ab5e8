/** The files of a build context as they come, one after the other, each exactly as long as was said. */
import { createHash, hash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  futimesSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '@orc/model';
import { type Folders, placeOthers, plainFolders } from '../context/place.ts';
import { type ContextRow, type ContextRows, FILES, readRecord, writeRecord } from '../context/record.ts';
import { isErrno } from '../layer/syscalls.ts';
import type { ContextFile } from '../types.ts';
import type { Tools } from './jobs.ts';
import { inodeOf } from '../context/inode.ts';
import { type Turn, turns } from './turns.ts';
import { write } from './write.ts';

export type ReceiveArgs = {
  readonly folder: string;
  readonly files: readonly ContextFile[];
  /** Those whose contents come, by index, in this order. */
  readonly needed: readonly number[];
};
/**
 * What another transfer has brought since the listing is taken off the stream and left as it is: a build may be
 * reading it.
 */
export async function receiveContext(args: ReceiveArgs, tools: Tools): Promise<void> {
  const { folder, files, needed } = args;
  const base = join(folder, FILES);
  const record = readRecord(folder);
  const former = record?.rows ?? {};
  mustHaveOthers(files, needed, former);
  const rows: Record<string, ContextRow> = { ...former };
  if (record !== undefined) writeRecord(folder, { whole: false, rows: former });
  const reader = openReader(tools.input);
  const place: Place = {
    folder,
    plain: plainFolders(base),
    unread: record === undefined,
    turn: turns(tools),
  };
  for (const index of needed) {
    const file = files[index] as ContextFile;
    const isKnown = former[file.path]?.[0] === file.fingerprint;
    if (isKnown) await reader.skip(file.size);
    else rows[file.path] = await receiveFile(place, file, reader);
  }
  placeOthers(base, files);
  const listed = Object.fromEntries(files.map((file) => [file.path, rowOf(rows, file)]));
  writeRecord(folder, { whole: true, rows: listed });
}

/** What does not come was there when the listing came, and another transfer may have removed it since. */
function mustHaveOthers(files: readonly ContextFile[], needed: readonly number[], rows: ContextRows): void {
  const coming = new Set(needed);
  for (const [index, { type, path, fingerprint }] of files.entries())
    if (type === 'file' && !coming.has(index) && rows[path]?.[0] !== fingerprint)
      throw fail('conflict.inuse', `another transfer has removed ${path} from this build context meanwhile`, {
        hint: 'build again',
        retry: true,
      });
}

const rowOf = (rows: ContextRows, file: ContextFile): ContextRow =>
  file.type === 'file' ? (rows[file.path] as ContextRow) : [file.fingerprint];

type Place = {
  readonly folder: string;
  readonly plain: Folders;
  /** No build has seen this context yet: files may be seen half written. */
  readonly unread: boolean;
  readonly turn: Turn;
};

async function receiveFile(place: Place, file: ContextFile, reader: Reader): Promise<ContextRow> {
  place.plain(dirname(file.path));
  const path = join(place.folder, FILES, file.path);
  const { fd, at } = openNew(place, path);
  try {
    const sha256 = await receiveInto({ fd, path }, file.size, reader, place.turn);
    futimesSync(fd, file.mtimeMs / 1000, file.mtimeMs / 1000);
    const stats = fstatSync(fd, { bigint: true });
    if ((Number(stats.mode) & 0o7777) !== file.mode) fchmodSync(fd, file.mode);
    if (at !== path) putInPlace(at, path);
    return [file.fingerprint, inodeOf(stats), sha256];
  } catch (error) {
    rmSync(at, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const USUAL_MODE = 0o644;

/** Aside, to be renamed, where a build may read the former file meanwhile. */
function openNew(place: Place, path: string): { readonly fd: number; readonly at: string } {
  try {
    if (place.unread) return { fd: openSync(path, NEW, USUAL_MODE), at: path };
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  const at = join(place.folder, `incoming-${process.hrtime.bigint()}`);
  return { fd: openSync(at, NEW, USUAL_MODE), at };
}

function putInPlace(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isErrno(error, 'EISDIR')) throw error;
    rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  }
}

type To = { readonly fd: number; readonly path: string };

async function receiveInto(to: To, size: number, reader: Reader, turn: Turn): Promise<string> {
  const first = reader.ready(size) ?? (await reader.piece(size));
  write(to.fd, to.path, first);
  if (first.length === size) return hash('sha256', first, 'base64url');
  const sum = createHash('sha256').update(first);
  for (let left = size - first.length; left > 0; ) {
    await turn();
    const piece = reader.ready(left) ?? (await reader.piece(left));
    write(to.fd, to.path, piece);
    sum.update(piece);
    left -= piece.length;
  }
  return sum.digest('base64url');
}

type Reader = {
  /** Up to `max` bytes that are there, without waiting; all of them where possible. */
  ready(max: number): Uint8Array | undefined;
  /** Some of the next `max` bytes, at least one unless `max` is 0. */
  piece(max: number): Promise<Uint8Array>;
  skip(bytes: number): Promise<void>;
};

const NOTHING = new Uint8Array(0);

function openReader(input: AsyncIterable<Uint8Array>): Reader {
  const source = input[Symbol.asyncIterator]();
  let rest: Uint8Array = NOTHING;
  const take = (max: number): Uint8Array => {
    const piece = rest.subarray(0, max);
    rest = rest.subarray(piece.length);
    return piece;
  };
  const piece = async (max: number): Promise<Uint8Array> => {
    while (max > 0 && rest.length === 0) {
      const next = await source.next();
      if (next.done === true)
        throw fail('input.invalid', 'the build context ended too early', { retry: true });
      rest = next.value;
    }
    return take(max);
  };
  return {
    ready: (max) => (max === 0 || rest.length > 0 ? take(max) : undefined),
    piece,
    skip: async (bytes) => {
      for (let left = bytes; left > 0; ) left -= (await piece(left)).length;
    },
  };
}
