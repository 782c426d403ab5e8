/** Files that a command writes its result to: there whole, or as they were before. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  createWriteStream,
  fchmodSync,
  fchownSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail } from '@orc/model';
import { LINKS_MAX } from '../limits.ts';
import type { Io } from './io.ts';

const NEW_MODE = 0o666;
const OWNER_ONLY = 0o700;

/** Written beside and renamed; what is no plain file (`/dev/null`, a pipe) gets it as it comes. `file`: as the user named it. */
export async function writeWhole(
  io: Io,
  file: string,
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const given = resolve(io.cwd, file);
  const before = statSync(given, { throwIfNoEntry: false });
  if (before?.isDirectory())
    throw fail('input.invalid', `${file} is a folder`, { hint: 'name a file in it' });
  if (before !== undefined && !before.isFile())
    return stopped(io, file, (signal) =>
      pipeline(Readable.from(chunks), createWriteStream(given), { signal }),
    );
  const path = followed(given);
  const beside = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await stopped(io, file, (signal) => pour(chunks, beside, before, signal));
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw named(error, beside, path);
  }
}

/** A link stays one: what it leads to is written, also when that is not there yet. */
function followed(path: string): string {
  let at = path;
  for (let links = 0; links < LINKS_MAX && isLink(at); links += 1) {
    const to = readlinkSync(at);
    // As it stands: what `..` means in it knows the kernel, which sees links among the folders before it.
    at = isAbsolute(to) ? to : `${dirname(at)}/${to}`;
  }
  return at;
}

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

async function pour(
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
  beside: string,
  before: Stats | undefined,
  signal: AbortSignal,
): Promise<void> {
  const fd = openBeside(beside, before);
  await pipeline(Readable.from(chunks), createWriteStream(beside, { fd }), { signal });
}

/** From its first byte on only for those whom the file before it was for. */
function openBeside(beside: string, before: Stats | undefined): number {
  if (before === undefined) return openSync(beside, 'wx', NEW_MODE);
  const mode = before.mode & 0o7777;
  const fd = openSync(beside, 'wx', mode & OWNER_ONLY);
  try {
    if (process.getuid?.() === 0) fchownSync(fd, before.uid, before.gid);
    // Last: for the new owner, past the umask, and with what a change of the owner takes away.
    fchmodSync(fd, mode);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}

/** Ctrl-C, and being asked to end, leave no half of a file behind. */
async function stopped(io: Io, file: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const undo = (['SIGINT', 'SIGTERM'] as const).map((name) => io.onSignal(name, () => stop.abort()));
  try {
    await work(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? fail('canceled', `writing ${file} was canceled`) : error;
  } finally {
    for (const each of undo) each();
  }
}

/** The user knows the file, not the one beside it. */
function named(error: unknown, beside: string, path: string): unknown {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).path !== beside) return error;
  return Object.assign(error, { path });
}
