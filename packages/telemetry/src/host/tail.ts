/**
 * Where the last lines of a log begin. Its files are walked backwards, a piece between two index entries at a time. A
 * line's parts count once, at its first: whether a piece's first record of a stream begins a line is known from the
 * stream's last record before it, pieces or files away.
 */
import type { FileHandle } from 'node:fs/promises';
import { LIMITS } from '../limits.ts';
import { HEADER_BYTES, scanRecords, STREAM } from '../plan/records.ts';
import type { LogQuery } from '../types.ts';
import { readIndex } from './log-index.ts';

export type LogFile = { readonly handle: FileHandle; readonly name: string; readonly size: number };
type Streams = Pick<LogQuery, 'stdout' | 'stderr'>;
type Piece<File> = { readonly file: File; readonly from: number; readonly to: number; readonly tally: Tally };

/** Of a piece: lines that begin in it for certain; by stream, whether it ends within one. */
type Tally = { readonly lines: number; readonly open: ReadonlyMap<number, boolean> };

/** `files`: the oldest first. `undefined`: there are no more lines than wanted. */
export async function tailStart<File extends LogFile>(
  folder: string,
  files: readonly File[],
  wanted: number,
  streams: Streams,
): Promise<{ readonly file: File; readonly offset: number } | undefined> {
  const pieces = await lastPieces(folder, files, wanted, streams);
  const begun = beginnings(pieces);
  let missing = wanted;
  for (const [at, { file, from, to }] of pieces.entries()) {
    const { inside, lines } = begun[at] as Begun;
    if (lines < missing) missing -= lines;
    else {
      const starts = lineStarts(await read(file, from, to), streams, inside);
      return { file, offset: from + (starts.at(-missing) as number) };
    }
  }
  return undefined;
}

/** The newest first, until they hold enough lines whatever the first records of the oldest are. */
async function lastPieces<File extends LogFile>(
  folder: string,
  files: readonly File[],
  wanted: number,
  streams: Streams,
): Promise<readonly Piece<File>[]> {
  const pieces: Piece<File>[] = [];
  const isEnough = enough(wanted);
  for (const file of files.toReversed()) {
    const starts = new Set([0, ...(await readIndex(folder, file.name)).map((entry) => entry.offset)]);
    let to = file.size;
    for (const from of [...starts].filter((each) => each < to).sort((a, b) => b - a)) {
      const tally = tallyOf(await read(file, from, to), streams);
      pieces.push({ file, from, to, tally });
      if (isEnough(tally, to - from)) return pieces;
      to = from;
    }
  }
  return pieces;
}

/**
 * Fed with pieces from the newest on. A stream's oldest record so far may go on a line: it does not matter where enough
 * lines begin after it. One that is alone on its stream is not looked behind for more than a limit.
 */
function enough(wanted: number): (tally: Tally, bytes: number) => boolean {
  /** By stream: lines that begin after the piece with its oldest record so far. */
  const after = new Map<number, number>();
  let lines = 0;
  let lookedBehind = 0;
  return ({ lines: certain, open }, bytes) => {
    if (lines >= wanted) lookedBehind += bytes;
    for (const [stream, isOpen] of open) if (after.has(stream) && !isOpen) lines += 1;
    for (const stream of open.keys()) after.set(stream, lines);
    lines += certain;
    const settled = [...after.values()].every((each) => each >= wanted);
    return lines >= wanted && (settled || lookedBehind >= LIMITS.tailBehindBytes);
  };
}

type Begun = { readonly inside: ReadonlyMap<number, boolean>; readonly lines: number };

/** By piece: the streams that are within a line where it begins, and its lines. */
function beginnings(pieces: readonly Piece<unknown>[]): readonly Begun[] {
  const inside = new Map<number, boolean>();
  const begun = pieces.toReversed().map(({ tally }) => {
    const before = new Map(inside);
    const first = [...tally.open.keys()].filter((stream) => before.get(stream) !== true);
    for (const [stream, isOpen] of tally.open) inside.set(stream, isOpen);
    return { inside: before, lines: tally.lines + first.length };
  });
  return begun.reverse();
}

function tallyOf(piece: Buffer, streams: Streams): Tally {
  const open = new Map<number, boolean>();
  let lines = 0;
  scanWanted(piece, streams, (stream, _start, partial) => {
    if (open.get(stream) === false) lines += 1;
    open.set(stream, partial);
  });
  return { lines, open };
}

function lineStarts(
  piece: Buffer,
  streams: Streams,
  before: ReadonlyMap<number, boolean>,
): readonly number[] {
  const inside = new Map(before);
  const starts: number[] = [];
  scanWanted(piece, streams, (stream, start, partial) => {
    if (inside.get(stream) !== true) starts.push(start);
    inside.set(stream, partial);
  });
  return starts;
}

function scanWanted(
  piece: Buffer,
  { stdout, stderr }: Streams,
  visit: (stream: number, start: number, partial: boolean) => void,
): void {
  scanRecords(piece, 0, (stream, from, _to, partial) => {
    const isWanted =
      stream === STREAM.stdout ? stdout !== false : stream === STREAM.stderr && stderr !== false;
    if (isWanted) visit(stream, from - HEADER_BYTES, partial);
    return undefined;
  });
}

async function read({ handle }: LogFile, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(to - from);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead);
}
