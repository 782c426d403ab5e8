/**
 * ADD of a local archive: its members are written as the archive has them, inside the image's root whatever
 * they say.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { posix } from 'node:path';
import { fail } from '@orc/model';
import { compressionOf, decompress } from '../../layer/compression.ts';
import { hasProgram, isExternal } from '../../layer/external.ts';
import { AT_FDCWD, makeLink, makeNode, makeSymlink, setXattr } from '../../layer/syscalls.ts';
import { isKeptXattr } from '../../layer/whiteouts.ts';
import { READ_CHUNK_BYTES } from '../../limits.ts';
import { BLOCK, type TarEntry } from '../../tar/entry.ts';
import { createTarReader, type TarHandler } from '../../tar/reader.ts';
import type { CopyJob } from './copy.ts';
import { type Attributes, freeName, openFolder, putFolder, setAttributes, setTime } from './destination.ts';
import { withFile } from './reading.ts';
import { lookup, toHost, type TreeEntry } from './tree.ts';

const TARBALL_NAME = /\.(tar|tar\.[a-z0-9]+|t[bgx]z2?)$/i;

/** False: it is no archive, and is to be copied like any file. */
export function unpackArchive(entry: TreeEntry, job: CopyJob): Promise<boolean> {
  return withFile(entry, async (fd) => {
    const compression = compressionIn(fd);
    const cannot = isExternal(compression) && !hasProgram(compression);
    // Whether an archive is in it, only its name says then.
    if (cannot && !TARBALL_NAME.test(entry.path)) return false;
    return unpackTar(fd, job);
  });
}

async function unpackTar(fd: number, job: CopyJob): Promise<boolean> {
  const { handler, close } = newHandler(job);
  const reader = createTarReader(handler);
  let checked = false;
  try {
    for await (const chunk of blocks(decompress(fileChunks(fd)))) {
      if (!checked && !isTar(chunk)) return false;
      checked = true;
      reader.push(chunk);
      await job.pause();
    }
    if (checked) reader.end();
    return checked;
  } finally {
    close();
  }
}

/** From the start; the descriptor stays open. */
async function* fileChunks(fd: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const buffer = Buffer.allocUnsafe(READ_CHUNK_BYTES);
    const read = readSync(fd, buffer, 0, buffer.length, at);
    if (read === 0) return;
    at += read;
    yield buffer.subarray(0, read);
  }
}

function compressionIn(fd: number): ReturnType<typeof compressionOf> {
  const head = Buffer.alloc(BLOCK);
  return compressionOf(head.subarray(0, readSync(fd, head, 0, BLOCK, 0)));
}

/**
 * The first chunk holds at least a header, if the stream does. A stream that is not what its magic says is
 * no archive.
 */
async function* blocks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of source) {
    if (head === undefined) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    else {
      head = Buffer.concat([head, chunk]);
      if (head.length < BLOCK) continue;
      yield head;
      head = undefined;
    }
  }
  if (head !== undefined && head.length > 0) yield head;
}

const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;

/** By the header's checksum, which every tar since v7 has. */
function isTar(head: Buffer): boolean {
  if (head.length < BLOCK) return false;
  const written = Number.parseInt(
    head
      .toString('latin1', CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES)
      .replace(/[\0 ]+/g, ' ')
      .trim(),
    8,
  );
  let sum = 0;
  for (let at = 0; at < BLOCK; at += 1) {
    const inSum = at >= CHECKSUM_AT && at < CHECKSUM_AT + CHECKSUM_BYTES;
    sum += inSum ? 0x20 : (head[at] as number);
  }
  return sum === written;
}

type OpenFile = { readonly fd: number; readonly size: number; readonly finish: () => void };

/** `close`: of the file that an error left open. */
function newHandler(job: CopyJob): { readonly handler: TarHandler; readonly close: () => void } {
  let open: OpenFile | undefined;
  const close = (): void => {
    if (open !== undefined) closeSync(open.fd);
    open = undefined;
  };
  const handler: TarHandler = {
    onEntry: (entry) => {
      open = writeMember(entry, job);
    },
    onData: (data, offset) => {
      if (open !== undefined) writeSync(open.fd, data, 0, data.length, offset);
    },
    onEntryEnd: () => {
      const file = open;
      if (file !== undefined) ftruncateSync(file.fd, file.size);
      close();
      file?.finish();
    },
  };
  return { handler, close };
}

/** Inside the destination: `..` and leading slashes count from there. */
const placeOf = (path: string, job: CopyJob): string =>
  posix.join(job.work.destination, posix.join('/', path));

function writeMember(entry: TarEntry, job: CopyJob): OpenFile | undefined {
  const path = placeOf(entry.path, job);
  const attributes = attributesOf(entry, job);
  if (path === placeOf('', job)) return undefined;
  const folder = openFolder(job.destination, posix.dirname(path));
  const name = posix.basename(path);
  if (entry.type === 'directory') {
    const made = putFolder(job.destination, folder, name, attributes);
    if (made !== undefined) setXattrs(entry, made);
    return undefined;
  }
  const hostPath = freeName(job.destination, folder, name);
  const finish = (): void => {
    setAttributes(hostPath, attributes, entry.type === 'symlink');
    setXattrs(entry, hostPath);
    setTime(hostPath, attributes.mtimeNs);
  };
  if (entry.type === 'file') {
    return { fd: openSync(toHost(hostPath), 'wx', 0o600), size: entry.size, finish };
  }
  if (entry.type === 'hardlink') return linkMember(entry, hostPath, job);
  if (entry.type === 'symlink') makeSymlink(AT_FDCWD, hostPath, entry.linkname);
  else makeNode(AT_FDCWD, hostPath, NODE_TYPES[entry.type] | entry.mode, entry.major, entry.minor);
  finish();
  return undefined;
}

const NODE_TYPES = { char: 0o020000, block: 0o060000, fifo: 0o010000 } as const;

/** To another member of the same archive: only what lies in the layer that is being written. */
function linkMember(entry: TarEntry, hostPath: string, job: CopyJob): undefined {
  const target = lookup(job.destination.tree, placeOf(entry.linkname, job), false);
  const place = target?.places[0];
  if (
    target === undefined ||
    target.kind === 'directory' ||
    place?.startsWith(`${job.destination.upper}/`) !== true
  ) {
    throw fail(
      'build.failed',
      `${entry.path} is a hard link to ${entry.linkname}, which the archive does not have before it`,
    );
  }
  makeLink(AT_FDCWD, place, AT_FDCWD, hostPath);
  return undefined;
}

function attributesOf(entry: TarEntry, job: CopyJob): Attributes {
  const mode =
    job.mode === undefined || entry.type === 'symlink'
      ? entry.mode
      : job.mode(entry.mode, entry.type === 'directory');
  const mtimeNs = BigInt(entry.mtimeSec) * 1_000_000_000n + BigInt(entry.mtimeNsec);
  return { mode, uid: entry.uid, gid: entry.gid, ...job.owner, mtimeNs };
}

function setXattrs(entry: TarEntry, hostPath: string): void {
  for (const [name, value] of entry.xattrs) if (isKeptXattr(name)) setXattr(hostPath, name, value);
}
