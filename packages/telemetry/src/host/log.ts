/** Reads log folders: `log.N` … `log.1`, `log` (the oldest first), each with an index beside it. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '../limits.ts';
import { type LinesUnderWay, type LogText, renderRecords } from '../plan/render.ts';
import type { LogQuery, ReadLog } from '../types.ts';
import { readIndex } from './log-index.ts';
import { tailStart } from './tail.ts';

type Reader = {
  readonly handle: FileHandle;
  readonly name: string;
  readonly inode: number;
  /** Its size when it was last looked at: who does not follow reads no further, however fast it grows. */
  size: number;
  offset: number;
  rest: Buffer;
};

export const readLog: ReadLog = async function* (folder, query, ended) {
  const done = { ended: ended === undefined };
  void ended?.finally(() => {
    done.ended = true;
  });
  const readers = await openReaders(folder);
  const stamped: Stamped = query.timestamps === true ? [] : undefined;
  try {
    const wanted =
      query.tail === undefined
        ? await fromTime(folder, readers, query)
        : await fromTail(folder, readers, query, query.tail);
    for (const reader of wanted) yield* drain(reader, query, stamped);
    if (query.follow) yield* follow(folder, readers, query, stamped, done, ended);
  } finally {
    await Promise.all(readers.map((reader) => reader.handle.close()));
  }
};

/**
 * All files, the oldest first, down to `known` (left out). They are opened from the newest on: a rotation meanwhile
 * moves a file to the next name, where it is met again and known by its inode, and never missed.
 */
async function openReaders(folder: string, known?: number): Promise<Reader[]> {
  const readers: Reader[] = [];
  for (let index = 0; index < LIMITS.filesMax; index += 1) {
    const reader = await openReader(folder, index === 0 ? 'log' : `log.${index}`);
    if (reader === undefined && index > 0) break;
    if (reader === undefined) continue;
    const seen = reader.inode === known || readers.some((each) => each.inode === reader.inode);
    if (seen) await reader.handle.close();
    else readers.unshift(reader);
    if (reader.inode === known) break;
  }
  return readers;
}

async function openReader(folder: string, name: string): Promise<Reader | undefined> {
  try {
    const handle = await open(join(folder, name), 'r');
    const { ino, size } = await handle.stat();
    return { handle, name, inode: ino, size, offset: 0, rest: Buffer.alloc(0) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

type Stamped = LinesUnderWay | undefined;

/** What the file held when it was last looked at. The next bytes are read while these are taken. */
async function* drain(reader: Reader, query: LogQuery, stamped: Stamped): AsyncIterable<LogText> {
  let ahead = readSome(reader);
  try {
    for (;;) {
      const fresh = await ahead;
      if (fresh.length === 0 || query.signal?.aborted) return;
      reader.offset += fresh.length;
      ahead = readSome(reader);
      const buffer = reader.rest.length === 0 ? fresh : Buffer.concat([reader.rest, fresh]);
      const { runs, next } = renderRecords(buffer, 0, query, stamped);
      reader.rest = Buffer.from(buffer.subarray(next));
      yield* runs;
    }
  } finally {
    // The file is closed after this; what was read ahead is read again by whoever goes on.
    await ahead.catch(() => undefined);
  }
}

async function readSome({ handle, offset, size }: Reader): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(Math.min(LIMITS.readBytes, Math.max(0, size - offset)));
  if (chunk.length === 0) return chunk;
  const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset);
  return chunk.subarray(0, bytesRead);
}

/** As `drain`, with what was written since. */
async function* drainOn(reader: Reader, query: LogQuery, stamped: Stamped): AsyncIterable<LogText> {
  reader.size = (await reader.handle.stat()).size;
  yield* drain(reader, query, stamped);
}

/** Reads on as the shim writes; a rotation is noticed by the inode of `log`. */
async function* follow(
  folder: string,
  readers: Reader[],
  query: LogQuery,
  stamped: Stamped,
  done: { readonly ended: boolean },
  ended: Promise<unknown> | undefined,
): AsyncIterable<LogText> {
  const bell = ring(folder, query.signal, ended);
  try {
    for (;;) {
      const last = done.ended || query.signal?.aborted === true;
      const current = readers.at(-1);
      if (current !== undefined) yield* drainOn(current, query, stamped);
      const now = await inodeOf(join(folder, 'log'));
      if (now !== undefined && now !== current?.inode) {
        if (current !== undefined) yield* drainOn(current, query, stamped);
        const next = await openReaders(folder, current?.inode);
        readers.push(...next);
        for (const reader of next) yield* drain(reader, query, stamped);
        continue;
      }
      if (last) return;
      await bell.next();
    }
  } finally {
    bell.close();
  }
}

const inodeOf = async (path: string): Promise<number | undefined> =>
  stat(path).then(
    (found) => found.ino,
    () => undefined,
  );

/** Wakes at the kernel's word, at the end, at an abort, or after the poll time; none of them is lost between two waits. */
function ring(
  folder: string,
  signal: AbortSignal | undefined,
  ended: Promise<unknown> | undefined,
): { next(): Promise<void>; close(): void } {
  let rung = false;
  let wake: (() => void) | undefined;
  const call = (): void => {
    rung = true;
    wake?.();
  };
  const watcher = tryWatch(folder, call);
  signal?.addEventListener('abort', call);
  void ended?.finally(call);
  return {
    async next() {
      if (!rung) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, LIMITS.followPollMs);
        await promise;
        clearTimeout(timer);
        wake = undefined;
      }
      rung = false;
    },
    close() {
      watcher?.close();
      signal?.removeEventListener('abort', call);
    },
  };
}

/** Without inotify (its limits are per user) the poll alone serves. */
function tryWatch(folder: string, call: () => void): { close(): void } | undefined {
  try {
    const watcher = watch(folder, call);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** The readers to read, set to where the first line at or after `sinceNs` may be. */
async function fromTime(
  folder: string,
  readers: readonly Reader[],
  query: LogQuery,
): Promise<readonly Reader[]> {
  const { sinceNs } = query;
  if (sinceNs === undefined) return readers;
  for (const reader of readers.toReversed()) {
    const before = (await readIndex(folder, reader.name)).filter((entry) => entry.ns < sinceNs).at(-1);
    if (before === undefined) continue;
    reader.offset = before.offset;
    return readers.slice(readers.indexOf(reader));
  }
  return readers;
}

/** The same for the last lines. */
async function fromTail(
  folder: string,
  readers: readonly Reader[],
  query: LogQuery,
  tail: number,
): Promise<readonly Reader[]> {
  if (tail === 0) {
    for (const reader of readers) reader.offset = reader.size;
    return [];
  }
  const start = await tailStart(folder, readers, tail, query);
  if (start === undefined) return readers;
  start.file.offset = start.offset;
  return readers.slice(readers.indexOf(start.file));
}
