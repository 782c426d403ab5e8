/**
 * Writes the members of an archive into a folder, as root, with owners, modes, times, extended attributes, links and
 * devices; of a layer also its whiteouts, in overlay's form. Whatever the archive says, nothing outside the folder
 * is touched, and no `trusted.*` attribute comes out of it.
 */
import { closeSync, fchmodSync, fchownSync, ftruncateSync, futimesSync, writeSync } from 'node:fs';
import { fail, OrcError } from '@orc/model';
import { LAYER_BYTES_MAX, LAYER_ENTRIES_MAX } from '../limits.ts';
import type { TarEntry } from '../tar/entry.ts';
import type { TarHandler } from '../tar/reader.ts';
import { partsOf, refused } from './names.ts';
import * as sys from './syscalls.ts';
import { openTree, type Tree } from './tree.ts';
import { isKeptXattr, META_PREFIX, OPAQUE_FILE, OPAQUE_XATTR, WHITEOUT_PREFIX } from './whiteouts.ts';

export type ExtractOptions = {
  /** Whiteouts of a layer become overlay's; without it they are plain files. */
  readonly whiteouts: boolean;
};
export type Extracted = { readonly entries: number; readonly bytes: number };

export type Extractor = {
  readonly handler: TarHandler;
  /** Sets the folders' times; call it after the archive's end. */
  finish(): Extracted;
  /** Always; what was written stays. */
  close(): void;
};

type State = {
  readonly tree: Tree;
  readonly options: ExtractOptions;
  readonly folders: Map<string, TarEntry>;
  entries: number;
  bytes: number;
  file:
    | { readonly fd: number; readonly entry: TarEntry; readonly folder: number; readonly name: string }
    | undefined;
};

export function openExtractor(folder: string, options: ExtractOptions): Extractor {
  const state: State = {
    tree: openTree(folder),
    options,
    folders: new Map(),
    entries: 0,
    bytes: 0,
    file: undefined,
  };
  return {
    handler: {
      onEntry: (entry) => guarded(entry.path, () => takeEntry(state, entry)),
      onData: (data, offset) => guarded(state.file?.entry.path ?? '', () => takeData(state, data, offset)),
      onEntryEnd: () => guarded(state.file?.entry.path ?? '', () => endFile(state)),
    },
    finish: () => {
      for (const entry of [...state.folders.values()].reverse()) setFolderTimes(state, entry);
      return { entries: state.entries, bytes: state.bytes };
    },
    close: () => {
      if (state.file !== undefined) closeSync(state.file.fd);
      state.tree.close();
    },
  };
}

const SPACE: readonly string[] = ['ENOSPC', 'EDQUOT'];
/** What the kernel says about names and types that an archive should not have. */
const REFUSALS: readonly string[] = [
  'ENAMETOOLONG',
  'ELOOP',
  'ENOTDIR',
  'EISDIR',
  'EINVAL',
  'ENOENT',
  'EEXIST',
  'EMLINK',
];

function guarded(path: string, job: () => void): void {
  try {
    job();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (error instanceof OrcError) throw error;
    if (SPACE.includes(code))
      throw fail('disk.full', `no space left while unpacking ${path}`, { hint: 'free some space' });
    if (REFUSALS.includes(code)) throw refused(path, (error as Error).message);
    throw error;
  }
}

function takeEntry(state: State, entry: TarEntry): void {
  state.entries += 1;
  state.bytes += entry.size;
  if (state.entries > LAYER_ENTRIES_MAX)
    throw refused(entry.path, `the archive has more than ${LAYER_ENTRIES_MAX} members`);
  if (state.bytes > LAYER_BYTES_MAX) throw refused(entry.path, 'the archive is too large');
  if (Math.max(entry.uid, entry.gid) > ID_MAX) throw refused(entry.path, 'its owner is out of range');
  const parts = partsOf(entry.path);
  const name = parts.at(-1);
  if (name === undefined) return takeRoot(state, entry);
  if (state.options.whiteouts && name.startsWith(WHITEOUT_PREFIX)) return takeWhiteout(state, entry, parts);
  const folder = state.tree.folder(parts.slice(0, -1));
  return MAKERS[entry.type](state, entry, folder, name);
}
const ID_MAX = 0xfffffffe;

/** `./` says what the folder itself looks like. */
function takeRoot(state: State, entry: TarEntry): void {
  if (entry.type !== 'directory') throw refused(entry.path, 'it would replace the whole folder');
  const { root } = state.tree;
  fchownSync(root, entry.uid, entry.gid);
  fchmodSync(root, entry.mode);
  state.folders.set('', entry);
}

/** A name that this layer has itself stays; a folder of its own only loses what is below it in lower layers. */
function takeWhiteout(state: State, entry: TarEntry, parts: readonly string[]): void {
  const base = parts.at(-1) as string;
  const folder = state.tree.folder(parts.slice(0, -1));
  if (base === OPAQUE_FILE) return setOpaque(sys.pathAt(folder, '.'));
  if (base.startsWith(META_PREFIX)) return undefined;
  const name = base.slice(WHITEOUT_PREFIX.length);
  if (name === '' || name === '.' || name === '..') throw refused(entry.path, 'it deletes no name');
  const present = state.tree.look(folder, name);
  if (present === undefined) sys.makeNode(folder, name, S_IFCHR, 0, 0);
  else if (present.isDirectory()) setOpaque(sys.pathAt(folder, name));
  return undefined;
}

const setOpaque = (path: string): void => sys.setXattr(path, OPAQUE_XATTR, Buffer.from('y'));

const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;
const S_IFIFO = 0o010000;

type Maker = (state: State, entry: TarEntry, folder: number, name: string) => void;

const MAKERS: Readonly<Record<TarEntry['type'], Maker>> = {
  file: (state, entry, folder, name) => {
    const fd = replacing(state, folder, name, () => sys.createFile(folder, name));
    state.file = { fd, entry, folder, name };
  },
  directory: (state, entry, folder, name) => {
    makeFolder(state, folder, name);
    setAttributes(entry, folder, name);
    state.folders.set(partsOf(entry.path).join('/'), entry);
  },
  symlink: (state, entry, folder, name) => {
    if (entry.linkname === '' || entry.linkname.includes('\0'))
      throw refused(entry.path, 'its target is not a path');
    replacing(state, folder, name, () => sys.makeSymlink(folder, name, entry.linkname));
    sys.changeOwner(folder, name, entry.uid, entry.gid);
    setXattrs(entry, folder, name);
    sys.changeTimes(folder, name, entry.mtimeSec, entry.mtimeNsec);
  },
  hardlink: makeHardLink,
  char: (state, entry, folder, name) => {
    const isWhiteout = entry.major === 0 && entry.minor === 0;
    if (isWhiteout && !state.options.whiteouts)
      throw refused(entry.path, 'a device 0:0 is an overlay whiteout');
    makeSpecial(state, entry, folder, name, S_IFCHR);
  },
  block: (state, entry, folder, name) => makeSpecial(state, entry, folder, name, S_IFBLK),
  fifo: (state, entry, folder, name) => makeSpecial(state, entry, folder, name, S_IFIFO),
};

/** Names come twice in some archives: the last one counts. */
function replacing<T>(state: State, folder: number, name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!sys.isErrno(error, 'EEXIST')) throw error;
    state.tree.clear(folder, name);
    return make();
  }
}

/** A folder stays; in the place of this layer's own whiteout it hides what lies below. */
function makeFolder(state: State, folder: number, name: string): void {
  try {
    sys.makeFolder(folder, name);
  } catch (error) {
    const present = sys.isErrno(error, 'EEXIST') ? state.tree.look(folder, name) : undefined;
    if (present === undefined) throw error;
    if (present.isDirectory()) return;
    state.tree.clear(folder, name);
    sys.makeFolder(folder, name);
    if (present.isCharacterDevice() && present.rdev === 0) setOpaque(sys.pathAt(folder, name));
  }
}

/** Its attributes are those of its target; nothing is set through it, as the target may be a symbolic link. */
function makeHardLink(state: State, entry: TarEntry, folder: number, name: string): void {
  const target = partsOf(entry.linkname);
  const targetName = target.at(-1);
  const from = state.tree.existing(target.slice(0, -1));
  const stat = from === undefined || targetName === undefined ? undefined : state.tree.look(from, targetName);
  if (from === undefined || targetName === undefined || stat === undefined || stat.isDirectory()) {
    throw refused(
      entry.path,
      `its link target ${JSON.stringify(entry.linkname)} is not a file of the archive`,
    );
  }
  const present = state.tree.look(folder, name);
  if (present !== undefined && present.ino === stat.ino && present.dev === stat.dev) return;
  replacing(state, folder, name, () => sys.makeLink(from, targetName, folder, name));
}

function makeSpecial(state: State, entry: TarEntry, folder: number, name: string, type: number): void {
  replacing(state, folder, name, () => sys.makeNode(folder, name, type | 0o600, entry.major, entry.minor));
  setAttributes(entry, folder, name);
  sys.changeTimes(folder, name, entry.mtimeSec, entry.mtimeNsec);
}

/** chown clears setuid, so the mode comes after it. */
function setAttributes(entry: TarEntry, folder: number, name: string): void {
  sys.changeOwner(folder, name, entry.uid, entry.gid);
  sys.changeMode(folder, name, entry.mode);
  setXattrs(entry, folder, name);
}

/** File systems differ in what they store and on which types; only capabilities of a program are worth failing for. */
function setXattrs(entry: TarEntry, folder: number, name: string): void {
  for (const [key, value] of entry.xattrs) {
    if (!isKeptXattr(key)) continue;
    try {
      sys.setXattr(sys.pathAt(folder, name), key, value);
    } catch (error) {
      if (key.startsWith('security.') || !sys.isErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ERANGE'))
        throw error;
    }
  }
}

function takeData(state: State, data: Buffer, offset: number): void {
  if (state.file === undefined) return;
  for (let at = 0; at < data.length; )
    at += writeSync(state.file.fd, data, at, data.length - at, offset + at);
}

function endFile(state: State): void {
  if (state.file === undefined) return;
  const { fd, entry, folder, name } = state.file;
  if (entry.sparse !== undefined) ftruncateSync(fd, entry.size);
  fchownSync(fd, entry.uid, entry.gid);
  fchmodSync(fd, entry.mode);
  setXattrs(entry, folder, name);
  closeSync(fd);
  state.file = undefined;
  sys.changeTimes(folder, name, entry.mtimeSec, entry.mtimeNsec);
}

function setFolderTimes(state: State, entry: TarEntry): void {
  const parts = partsOf(entry.path);
  const name = parts.at(-1);
  if (name === undefined) return futimesSync(state.tree.root, entry.mtimeSec, entry.mtimeSec);
  const folder = state.tree.existing(parts.slice(0, -1));
  if (folder === undefined || state.tree.look(folder, name)?.isDirectory() !== true) return undefined;
  return sys.changeTimes(folder, name, entry.mtimeSec, entry.mtimeNsec);
}
