/** An overlay's upper folder, or any tree, as the tar of an OCI layer. Same tree, same bytes. */
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { fail } from '@orc/model';
import { PIECE_BYTES, READ_CHUNK_BYTES } from '../limits.ts';
import { decodeName, encodeName } from '../tar/bytes.ts';
import { BLOCK, type TarEntry } from '../tar/entry.ts';
import { encodeHeader, entryOf, padding, trailer } from '../tar/writer.ts';
import { getXattr, listXattrs, majorOf, minorOf } from './syscalls.ts';
import { isKeptXattr, OPAQUE_FILE, OPAQUE_XATTR, WHITEOUT_PREFIX } from './whiteouts.ts';

export type PackOptions = {
  /** Also the folder's own mode and owner, as `./`. */
  readonly withRoot?: boolean;
  /** Called now and then with the bytes of files so far. */
  readonly onBytes?: (bytes: number) => void;
};

/** `bytes` counts what the files hold, each inode once. */
export type Packed = { bytes: number };

/** Sockets are left out, as in every layer format. */
export async function* packFolder(
  folder: string,
  packed: Packed,
  options: PackOptions = {},
): AsyncGenerator<Buffer> {
  const state: PackState = { folder, packed, links: new Map(), pieces: [], pending: 0 };
  if (options.withRoot === true) add(state, encodeHeader(entryAt(state, '', lstatSync(folder))));
  for (const step of walk(state, '')) {
    if (state.pending >= PIECE_BYTES) yield flush(state);
    if (step !== undefined) {
      yield* readLarge(state, step);
      options.onBytes?.(packed.bytes);
    }
  }
  add(state, trailer());
  yield flush(state);
}

type PackState = {
  readonly folder: string;
  readonly packed: Packed;
  /** `device:inode` to the first path of a file with several names. */
  readonly links: Map<string, string>;
  pieces: Buffer[];
  pending: number;
};
type LargeFile = { readonly path: string; readonly size: number };

function add(state: PackState, piece: Buffer): void {
  if (piece.length === 0) return;
  state.pieces.push(piece);
  state.pending += piece.length;
}

function flush(state: PackState): Buffer {
  const whole = Buffer.concat(state.pieces, state.pending);
  state.pieces = [];
  state.pending = 0;
  return whole;
}

/** Yields after every member, and says when its data is too large to be read at once. */
function* walk(state: PackState, prefix: string): Generator<LargeFile | undefined> {
  const names = readdirSync(rawPath(state, prefix), { encoding: 'buffer' }).sort(Buffer.compare);
  for (const name of names.map(decodeName)) {
    const path = prefix + name;
    const stat = lstatSync(rawPath(state, path));
    if (stat.isSocket()) continue;
    if (stat.isDirectory()) {
      add(state, encodeHeader(entryAt(state, path, stat)));
      if (isOpaque(state, path))
        add(state, encodeHeader(entryOf({ path: `${path}/${OPAQUE_FILE}`, type: 'file' })));
      yield undefined;
      yield* walk(state, `${path}/`);
    } else {
      yield packLeaf(state, path, stat);
    }
  }
}

/** A Buffer for names that are not UTF-8, which Node takes as it is. */
const rawPath = (state: PackState, path: string): Buffer => encodeName(`${state.folder}/${path}`);

const isOpaque = (state: PackState, path: string): boolean =>
  getXattr(`${state.folder}/${path}`, OPAQUE_XATTR)?.toString('latin1') === 'y';

function packLeaf(state: PackState, path: string, stat: Stats): LargeFile | undefined {
  if (stat.isCharacterDevice() && stat.rdev === 0) {
    add(state, encodeHeader(entryOf({ path: whiteoutPath(path), type: 'file', mtimeSec: seconds(stat) })));
    return undefined;
  }
  const entry = entryAt(state, path, stat);
  add(state, encodeHeader(entry));
  if (entry.type !== 'file') return undefined;
  state.packed.bytes += stat.size;
  if (stat.size > READ_CHUNK_BYTES) return { path, size: stat.size };
  if (stat.size > 0) add(state, readSmall(state, path, stat.size));
  return undefined;
}

function whiteoutPath(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}${WHITEOUT_PREFIX}${path.slice(slash)}`;
}

function entryAt(state: PackState, path: string, stat: Stats): TarEntry {
  const base = {
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    mtimeSec: seconds(stat),
    xattrs: xattrsAt(`${state.folder}/${path}`),
  };
  if (stat.isDirectory())
    return entryOf({ ...base, path: path === '' ? './' : `${path}/`, type: 'directory' });
  const linkname = stat.nlink > 1 ? firstName(state, path, stat) : path;
  if (linkname !== path) return entryOf({ ...base, path, type: 'hardlink', linkname, xattrs: new Map() });
  if (stat.isSymbolicLink()) {
    const target = decodeName(readlinkSync(rawPath(state, path), { encoding: 'buffer' }));
    return entryOf({ ...base, path, type: 'symlink', linkname: target });
  }
  if (stat.isFIFO()) return entryOf({ ...base, path, type: 'fifo' });
  if (!stat.isCharacterDevice() && !stat.isBlockDevice())
    return entryOf({ ...base, path, type: 'file', size: stat.size });
  const type = stat.isBlockDevice() ? 'block' : 'char';
  return entryOf({ ...base, path, type, major: majorOf(stat.rdev), minor: minorOf(stat.rdev) });
}

/** Whole seconds: with fractions every member would need a pax header of 1 KB. */
const seconds = (stat: Stats): number => Math.floor(stat.mtimeMs / 1000);

function firstName(state: PackState, path: string, stat: Stats): string {
  const key = `${stat.dev}:${stat.ino}`;
  const first = state.links.get(key);
  if (first === undefined) state.links.set(key, path);
  return first ?? path;
}

function xattrsAt(path: string): ReadonlyMap<string, Buffer> {
  const names = listXattrs(path).filter(isKeptXattr);
  if (names.length === 0) return NO_XATTRS;
  return new Map(names.map((name) => [name, getXattr(path, name) ?? Buffer.alloc(0)]));
}
const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

function readSmall(state: PackState, path: string, size: number): Buffer {
  const whole = Buffer.alloc(Math.ceil(size / BLOCK) * BLOCK);
  const file = openSync(rawPath(state, path), 'r');
  try {
    for (let at = 0; at < size; ) at += readSome(file, whole, at, size - at, path);
  } finally {
    closeSync(file);
  }
  return whole;
}

function* readLarge(state: PackState, large: LargeFile): Generator<Buffer> {
  if (state.pending > 0) yield flush(state);
  const file = openSync(rawPath(state, large.path), 'r');
  try {
    for (let at = 0; at < large.size; ) {
      const buffer = Buffer.allocUnsafe(Math.min(READ_CHUNK_BYTES, large.size - at));
      const count = readSome(file, buffer, 0, buffer.length, large.path);
      yield buffer.subarray(0, count);
      at += count;
    }
  } finally {
    closeSync(file);
  }
  add(state, padding(large.size));
}

function readSome(file: number, into: Buffer, at: number, length: number, path: string): number {
  const count = readSync(file, into, at, length, null);
  if (count === 0) throw fail('conflict.state', `${path} shrank while it was packed`, { retry: true });
  return count;
}
