/** Files that a command writes its result to: there whole, or as they were before. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  createWriteStream,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail } from '@orc/model';
import type { Io } from './io.ts';

/** Written beside and renamed; what is no plain file (`/dev/null`, a pipe) gets it as it comes. `file`: as the user named it. */
export async function writeWhole(
  io: Io,
  file: string,
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const path = followed(resolve(io.cwd, file));
  const before = statSync(path, { throwIfNoEntry: false });
  if (before?.isDirectory())
    throw fail('input.invalid', `${file} is a folder`, { hint: 'name a file in it' });
  if (before !== undefined && !before.isFile())
    return stopped(io, file, (signal) =>
      pipeline(Readable.from(chunks), createWriteStream(path), { signal }),
    );
  const beside = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await stopped(io, file, (signal) => pour(chunks, beside, before, signal));
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw named(error, beside, path);
  }
}

/** A link stays one: what it leads to is written. */
function followed(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path);
}

async function pour(
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
  beside: string,
  before: Stats | undefined,
  signal: AbortSignal,
): Promise<void> {
  await pipeline(Readable.from(chunks), createWriteStream(beside, { flags: 'wx' }), { signal });
  if (before !== undefined) chmodSync(beside, before.mode & 0o7777);
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
