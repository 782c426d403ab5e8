/**
 * The write-ahead log: `wal/<number>-<index before>.wal`, each filled with zeros and synced before its first record.
 * One batch is on its way at a time; whoever has more waits and shares the next sync.
 */
import { BATCH_BYTES_MAX, SEGMENT_BYTES, SPARE_WHEN_USED, WRITE_CHUNK_BYTES } from '../limits.ts';
import { type Disk, type DiskFile, type Failpoint, type HardState, RaftError } from '../types.ts';
import { encodeBatch, recordBytes, type WalRecord } from './record.ts';
import { emptyScan, nextBatch, type Scan, scanSegment, type Tail } from './scan.ts';

export type Wal = {
  /** Durable when it resolves. `disk-full`: nothing was written. Any other error is final. One call at a time. */
  append(records: readonly WalRecord[], hardState: HardState): Promise<void>;
  /** Lets go of segments that hold only entries up to `index`. */
  release(index: number): Promise<void>;
  close(): Promise<void>;
};

export type WalOptions = {
  readonly disk: Disk;
  readonly folder: string;
  readonly log: string;
  readonly failpoint: Failpoint;
  readonly segmentBytes?: number;
};

/** A segment's place among the others, and what it holds before its first entry. */
type Segment = { readonly number: number; readonly base: number; readonly name: string };
type State = {
  readonly options: WalOptions;
  readonly size: number;
  segments: Segment[];
  file: DiskFile;
  tail: Tail;
  spare: Promise<void> | undefined;
};

const SPARE = 'spare.tmp';
const NAME = /^([0-9a-f]{8})-([0-9a-f]{16})\.wal$/;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const nameOf = (number: number, base: number): string => `${hex(number, 8)}-${hex(base, 16)}.wal`;

/** No log yet: its first segment, empty. */
export async function createWal(options: WalOptions): Promise<Wal> {
  const { disk, folder } = options;
  for (const name of await disk.list(folder)) await disk.remove(`${folder}/${name}`);
  const tail = emptyScan().tail;
  const size = options.segmentBytes ?? SEGMENT_BYTES;
  await fillSpare(options, size);
  const begun = await beginSegment(options, 1, tail, { term: 0, vote: '', commit: 0 });
  return walOf({
    options,
    size,
    segments: [begun.segment],
    file: begun.file,
    tail: begun.tail,
    spare: undefined,
  });
}

/** Reads all of it; throws `damaged` or `lost`, and cuts nothing but a torn last batch. */
export async function openWal(options: WalOptions): Promise<{ wal: Wal; scan: Scan }> {
  const { disk, folder, log } = options;
  const segments = await listSegments(disk, folder);
  const scan = emptyScan();
  const last = segments.at(-1);
  if (last === undefined) throw new RaftError('lost', `the log is gone: no segment in ${folder}`);
  let lastBytes = 0;
  for (const { number, name } of segments) {
    const bytes = viewOf((await disk.read(`${folder}/${name}`)) ?? new Uint8Array(0));
    scanSegment(scan, log, { name, segment: number, bytes }, number === last.number);
    lastBytes = bytes.length;
  }
  const size = Math.max(options.segmentBytes ?? SEGMENT_BYTES, lastBytes);
  const file = await disk.open(`${folder}/${last.name}`);
  await mend(file, scan, lastBytes, size);
  return { wal: walOf({ options, size, segments, file, tail: scan.tail, spare: undefined }), scan };
}

/** The same bytes, not a copy of them. */
export const viewOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, length);

async function listSegments(disk: Disk, folder: string): Promise<Segment[]> {
  const names = await disk.list(folder);
  const rows = names.flatMap((name) => {
    const match = NAME.exec(name);
    return match === null
      ? []
      : [
          {
            number: Number.parseInt(match[1] as string, 16),
            base: Number.parseInt(match[2] as string, 16),
            name,
          },
        ];
  });
  rows.sort((a, b) => a.number - b.number);
  for (const [at, row] of rows.entries()) {
    const before = rows[at - 1];
    if (before !== undefined && row.number !== before.number + 1) {
      throw new RaftError(
        'damaged',
        `the log is damaged: a segment between ${before.name} and ${row.name} is missing`,
      );
    }
  }
  if (names.includes(SPARE)) await disk.remove(`${folder}/${SPARE}`);
  return rows;
}

/** The rest of the last segment is zeros again, and as long as it was meant to be. */
async function mend(file: DiskFile, scan: Scan, present: number, size: number): Promise<void> {
  const from = scan.tornTo === undefined ? present : scan.tail.at;
  const to = present < size ? size : (scan.tornTo ?? size);
  if (from >= to) return;
  await writeZeros(file, from, to);
  await file.sync();
}

async function writeZeros(file: DiskFile, from: number, to: number): Promise<void> {
  const zeros = new Uint8Array(Math.min(WRITE_CHUNK_BYTES, to - from));
  for (let at = from; at < to; at += zeros.length) {
    await file.write(at, zeros.subarray(0, Math.min(zeros.length, to - at)));
  }
}

const walOf = (state: State): Wal => ({
  append: (records, hardState) => append(state, records, hardState),
  release: (index) => release(state, index),
  close: async () => {
    await state.spare?.catch(() => undefined);
    await state.file.close();
  },
});

async function append(state: State, records: readonly WalRecord[], hardState: HardState): Promise<void> {
  const bytes = records.reduce((sum, record) => sum + recordBytes(record.payload.length), 0);
  if (records.length > 1 && bytes > BATCH_BYTES_MAX)
    throw new RaftError('too-large', 'the batch is too large');
  if (state.tail.at + bytes > state.size) await rollOver(state, hardState);
  const { options, tail } = state;
  const segment = state.segments.at(-1) as Segment;
  const batch = nextBatch(tail.batch);
  const place = { log: options.log, segment: segment.number };
  const encoded = encodeBatch(place, tail.at, batch, tail.checksum, records);
  options.failpoint('raft.append.before');
  await writeBatch(state, encoded.bytes);
  options.failpoint('raft.append.after');
  state.tail = tailAfter(tail, batch, encoded.checksum, bytes, records);
  if (state.spare === undefined && state.tail.at > state.size * SPARE_WHEN_USED) prepareSpare(state);
}

const tailAfter = (
  tail: Tail,
  batch: number,
  checksum: number,
  bytes: number,
  records: readonly WalRecord[],
): Tail => {
  const entry = records.findLast((record) => record.type === 'data' || record.type === 'noop') ?? tail;
  return { at: tail.at + bytes, batch, checksum, index: entry.index, term: entry.term };
};

/** A disk that fills up mid-way (copy-on-write file systems) left a part: it becomes zeros again, or all is over. */
async function writeBatch(state: State, bytes: Uint8Array): Promise<void> {
  try {
    await state.file.append(state.tail.at, bytes);
  } catch (error) {
    if (!isDiskFull(error)) throw failed('write and sync a batch', error);
    const at = state.tail.at;
    await state.file.append(at, new Uint8Array(bytes.length)).catch((again) => {
      throw failed('take back a batch that did not fit', again);
    });
    throw diskFull(state.options.folder, error);
  }
}

/** Preparing ahead may fail for want of space: the roll-over tries again, and says so. */
function prepareSpare(state: State): void {
  const made = fillSpare(state.options, state.size);
  state.spare = made;
  made.catch(() => {
    if (state.spare === made) state.spare = undefined;
  });
}

async function rollOver(state: State, hardState: HardState): Promise<void> {
  if (state.spare === undefined) prepareSpare(state);
  await state.spare;
  const number = (state.segments.at(-1) as Segment).number + 1;
  const before = state.file;
  state.spare = undefined;
  const begun = await beginSegment(state.options, number, state.tail, hardState);
  state.segments = [...state.segments, begun.segment];
  state.file = begun.file;
  state.tail = begun.tail;
  await before.close();
}

async function fillSpare(options: WalOptions, size: number): Promise<void> {
  const path = `${options.folder}/${SPARE}`;
  try {
    const file = await options.disk.create(path);
    try {
      await writeZeros(file, 0, size);
      options.failpoint('raft.segment.filled');
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!isDiskFull(error)) throw failed('prepare a segment', error);
    await options.disk.remove(path).catch(() => undefined);
    throw diskFull(options.folder, error);
  }
}

type Begun = { readonly segment: Segment; readonly file: DiskFile; readonly tail: Tail };

/** The header is durable before the name is: a segment with a name and no header was damaged. */
async function beginSegment(
  options: WalOptions,
  number: number,
  tail: Tail,
  hardState: HardState,
): Promise<Begun> {
  const { disk, folder, failpoint } = options;
  const name = nameOf(number, tail.index);
  const header: WalRecord = {
    type: 'segment',
    index: tail.index,
    term: tail.term,
    payload: encodeHardState(hardState),
  };
  const batch = nextBatch(tail.batch);
  const encoded = encodeBatch({ log: options.log, segment: number }, 0, batch, tail.checksum, [header]);
  const file = await disk.open(`${folder}/${SPARE}`);
  try {
    await file.append(0, encoded.bytes);
    failpoint('raft.segment.headed');
    await disk.rename(`${folder}/${SPARE}`, `${folder}/${name}`);
  } catch (error) {
    await file.close();
    if (!isDiskFull(error)) throw failed('begin a segment', error);
    await disk.remove(`${folder}/${SPARE}`).catch(() => undefined);
    throw diskFull(folder, error);
  }
  failpoint('raft.segment.named');
  await syncName(disk, folder, file);
  const begun = { ...tail, at: encoded.bytes.length, batch, checksum: encoded.checksum };
  return { segment: { number, base: tail.index, name }, file, tail: begun };
}

/** Final even for want of space: the name is there, so what is written to the segment before it would be damage. */
async function syncName(disk: Disk, folder: string, file: DiskFile): Promise<void> {
  try {
    await disk.syncFolder(folder);
  } catch (error) {
    await file.close();
    throw failed('make the name of a segment durable', error);
  }
}

async function release(state: State, index: number): Promise<void> {
  const { disk, folder, failpoint } = state.options;
  const keep = state.segments.findLastIndex((segment, at) => at === 0 || segment.base <= index);
  const gone = state.segments.slice(0, keep);
  state.segments = state.segments.slice(keep);
  for (const segment of gone) {
    failpoint('raft.segment.release');
    await disk.remove(`${folder}/${segment.name}`);
  }
  if (gone.length > 0) await disk.syncFolder(folder);
}

/** `schema` first: a reader that knows fewer fields skips the others. */
export const encodeHardState = (state: HardState): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ schema: 1, ...state }));

export const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as { code?: string } | null)?.code ?? '');

export const diskFull = (folder: string, cause: unknown): RaftError =>
  new RaftError('disk-full', `no space left for the log in ${folder}`, { cause });

export const failed = (what: string, cause: unknown): RaftError =>
  cause instanceof RaftError
    ? cause
    : new RaftError('failed', `could not ${what}: ${(cause as Error).message}`, { cause });
