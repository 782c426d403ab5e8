/**
 * System calls that Node does not offer, in the host's namespaces only: koffi runs on this thread, and Node's pool
 * threads would not follow an unshare. All take a folder's descriptor and one name, and none follows a link at its end.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import koffi from 'koffi';
import { OPEN_TRIES_MAX } from '../limits.ts';
import { encodePath } from '../tar/bytes.ts';

export const AT_FDCWD = -100;
export const O_PATH = 0o10000000;
export const O_CLOEXEC = 0o2000000;
export const O_FOLDER: number = O_PATH | O_CLOEXEC | constants.O_DIRECTORY;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;
const SYS_OPENAT2 = 437;
const OPEN_HOW_BYTES = 24;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_BENEATH = 0x08;
const RESOLVE_IN_ROOT = 0x10;

const libc = koffi.load('libc.so.6');
const c = {
  openat: libc.func('int openat(int, const void *, int, uint32_t)'),
  mkdirat: libc.func('int mkdirat(int, const void *, uint32_t)'),
  mknodat: libc.func('int mknodat(int, const void *, uint32_t, uint64_t)'),
  symlinkat: libc.func('int symlinkat(const void *, int, const void *)'),
  linkat: libc.func('int linkat(int, const void *, int, const void *, int)'),
  unlinkat: libc.func('int unlinkat(int, const void *, int)'),
  fchownat: libc.func('int fchownat(int, const void *, uint32_t, uint32_t, int)'),
  fchmodat: libc.func('int fchmodat(int, const void *, uint32_t, int)'),
  utimensat: libc.func('int utimensat(int, const void *, const void *, int)'),
  lsetxattr: libc.func('int lsetxattr(const void *, const void *, const void *, size_t, int)'),
  lgetxattr: libc.func('int64_t lgetxattr(const void *, const void *, void *, size_t)'),
  llistxattr: libc.func('int64_t llistxattr(const void *, void *, size_t)'),
  futimens: libc.func('int futimens(int, const void *)'),
  sync_file_range: libc.func('int sync_file_range(int, int64_t, int64_t, uint32_t)'),
  syncfs: libc.func('int syncfs(int)'),
  syscall: libc.func('long syscall(long, int, const void *, const void *, size_t)'),
};

export type SystemError = NodeJS.ErrnoException;

const errno = (error: unknown): string | undefined => (error as SystemError | null)?.code;
export const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes(errno(error) ?? '');

const checked = (result: number, syscall: string, path: string): number => {
  if (result >= 0) return result;
  throw systemError(koffi.errno(), syscall, path);
};

function systemError(number: number, syscall: string, path: string): SystemError {
  const [code = `E${number}`, text = ''] = getSystemErrorMap().get(-number) ?? [];
  return Object.assign(new Error(`${code}: ${text}, ${syscall} '${path}'`), {
    code,
    errno: -number,
    syscall,
    path,
  });
}

/** Opens below `root` as if it were `/`: `..`, absolute and relative links stay inside (openat2(2)). */
export function openInRoot(root: number, path: string, flags: number, mode = 0): number {
  const resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return openResolved(root, path, flags, mode, resolve);
}
/** As `openInRoot`, but any link or `..` that would leave `root` is EXDEV. */
export const openBeneath = (root: number, path: string, flags: number): number =>
  openResolved(root, path, flags, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);

/** With `..` on its way the kernel gives up (EAGAIN) whenever anything is renamed or mounted on the host meanwhile. */
function openResolved(root: number, path: string, flags: number, mode: number, resolve: number): number {
  for (let tries = 1; ; tries += 1) {
    const result = openat2(root, path, flags, mode, resolve);
    const isAgain = result < 0 && koffi.errno() === osConstants.errno.EAGAIN;
    if (!isAgain || tries === OPEN_TRIES_MAX) return checked(result, 'openat2', path);
  }
}

function openat2(root: number, path: string, flags: number, mode: number, resolve: number): number {
  const how = Buffer.alloc(OPEN_HOW_BYTES);
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  how.writeBigUInt64LE(BigInt(resolve), 16);
  return Number(c.syscall(SYS_OPENAT2, root, encodePath(path), how, OPEN_HOW_BYTES));
}

/** A new file for writing; EEXIST when there is anything of that name. */
export const createFile = (folder: number, name: string): number => {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | O_CLOEXEC;
  return checked(c.openat(folder, encodePath(name), flags, 0o600), 'openat', name);
};
export const openFolder = (path: string): number =>
  openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
export const makeFolder = (folder: number, name: string): void => {
  checked(c.mkdirat(folder, encodePath(name), 0o700), 'mkdirat', name);
};
export const makeNode = (folder: number, name: string, mode: number, major: number, minor: number): void => {
  checked(c.mknodat(folder, encodePath(name), mode, deviceNumber(major, minor)), 'mknodat', name);
};
export const makeSymlink = (folder: number, name: string, target: string): void => {
  checked(c.symlinkat(encodePath(target), folder, encodePath(name)), 'symlinkat', name);
};
export const makeLink = (fromFolder: number, from: string, folder: number, name: string): void => {
  checked(c.linkat(fromFolder, encodePath(from), folder, encodePath(name), 0), 'linkat', name);
};
/** A further name of an open file. */
export const linkFile = (fd: number, path: string): void => {
  const from = encodePath(`/proc/self/fd/${fd}`);
  checked(c.linkat(AT_FDCWD, from, AT_FDCWD, encodePath(path), AT_SYMLINK_FOLLOW), 'linkat', path);
};
export const unlink = (folder: number, name: string): void => {
  checked(c.unlinkat(folder, encodePath(name), 0), 'unlinkat', name);
};
export const removeFolder = (folder: number, name: string): void => {
  checked(c.unlinkat(folder, encodePath(name), AT_REMOVEDIR), 'unlinkat', name);
};
/** `name` '' is the folder itself. */
export const changeOwner = (folder: number, name: string, uid: number, gid: number): void => {
  const flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  checked(c.fchownat(folder, encodePath(name), uid, gid, flags), 'fchownat', name);
};
/** Never on a link: it would follow it. */
export const changeMode = (folder: number, name: string, mode: number): void => {
  checked(c.fchmodat(folder, encodePath(name), mode, 0), 'fchmodat', name);
};
export const changeTimes = (folder: number, name: string, sec: number, nsec: number): void => {
  const times = timesOf(sec, nsec);
  checked(c.utimensat(folder, encodePath(name), times, AT_SYMLINK_NOFOLLOW), 'utimensat', name);
};
/** Of an open file. */
export const changeFileTimes = (fd: number, sec: number, nsec: number): void => {
  checked(c.futimens(fd, timesOf(sec, nsec)), 'futimens', `descriptor ${fd}`);
};

/** The same for access and modification; good until the next call. */
function timesOf(sec: number, nsec: number): Buffer {
  for (const at of [0, 16]) {
    TIMES.writeBigInt64LE(BigInt(sec), at);
    TIMES.writeBigInt64LE(BigInt(nsec), at + 8);
  }
  return TIMES;
}
const TIMES = Buffer.alloc(32);

const SYNC_FILE_RANGE_WRITE = 2;
/** Lets the disk begin with a part of a file, without waiting for it; a file system that cannot is no matter. */
export const startWriteback = (fd: number, offset: number, length: number): void => {
  c.sync_file_range(fd, offset, length, SYNC_FILE_RANGE_WRITE);
};

/** The path of a name in an open folder, for calls that have no form with descriptors. */
export const pathAt = (folder: number, name: string): string => `/proc/self/fd/${folder}/${name}`;

export const setXattr = (path: string, name: string, value: Buffer): void => {
  checked(c.lsetxattr(encodePath(path), encodePath(name), value, value.length, 0), 'lsetxattr', path);
};

/** `undefined`: it has none of that name. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const encoded = encodePath(path);
  const key = encodePath(name);
  const size = Number(c.lgetxattr(encoded, key, null, 0));
  if (size < 0) return undefined;
  const value = Buffer.alloc(size);
  return value.subarray(0, checked(Number(c.lgetxattr(encoded, key, value, size)), 'lgetxattr', path));
}

const LIST = Buffer.alloc(65_536);
/** [] also where the file system has none. */
export function listXattrs(path: string): readonly string[] {
  const size = Number(c.llistxattr(encodePath(path), LIST, LIST.length));
  return size <= 0 ? [] : LIST.toString('utf8', 0, size - 1).split('\0');
}

/** Writes the whole file system of `path` out; on a pool thread. */
export function syncFileSystem(path: string): Promise<void> {
  const fd = openFolder(path);
  return new Promise((resolve, reject) => {
    c.syncfs.async(fd, (error: unknown, result: number) => {
      closeSync(fd);
      if (error !== null || result !== 0) reject(error ?? new Error(`syncfs '${path}' failed`));
      else resolve();
    });
  });
}

/** glibc's makedev. */
const deviceNumber = (major: number, minor: number): bigint => {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n);
};
export const majorOf = (device: number): number =>
  Number(((BigInt(device) >> 8n) & 0xfffn) | ((BigInt(device) >> 32n) & ~0xfffn));
export const minorOf = (device: number): number =>
  Number((BigInt(device) & 0xffn) | ((BigInt(device) >> 12n) & ~0xffn));
