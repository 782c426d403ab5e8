/**
 * Reading a log back. Only the last batch can be torn, because the next is not written before the last is synced; so
 * whatever does not verify and is followed by a later batch is damage, and is never cut (protocol-aware recovery).
 */
import { type Entry, type HardState, RaftError } from '../types.ts';
import { decodeRecord, HEAD_BYTES, HEADER_BYTES, looksTorn, type Place, type Placed } from './record.ts';

export type SegmentFile = {
  readonly name: string;
  readonly segment: number;
  readonly bytes: Buffer;
};

/** Where the next record goes, and what it has to link to. */
export type Tail = {
  readonly at: number;
  readonly batch: number;
  readonly checksum: number;
  readonly index: number;
  readonly term: number;
};

export type Scan = {
  hardState: HardState;
  entries: Entry[];
  /** Index before the first entry of the oldest segment. */
  baseIndex: number;
  baseTerm: number;
  /** Index before the first entry of each segment, by its number. */
  bases: Map<number, number>;
  tail: Tail;
  /** End of what has to be cut from the last segment (zeros from `tail.at` to here), or undefined. */
  tornTo: number | undefined;
};

export const emptyScan = (): Scan => ({
  hardState: { term: 0, vote: '', commit: 0 },
  entries: [],
  baseIndex: 0,
  baseTerm: 0,
  bases: new Map(),
  tail: { at: 0, batch: 0, checksum: 0, index: 0, term: 0 },
  tornTo: undefined,
});

/** Segments come in the order of their numbers, `last` with the last one. Throws `damaged`. */
export function scanSegment(scan: Scan, log: string, file: SegmentFile, last: boolean): void {
  const place = { log, segment: file.segment };
  const header = decodeRecord(file.bytes, place, 0);
  if (header?.type !== 'segment') throw damaged(file.name, 0, 'its header does not verify');
  openSegment(scan, file, header);
  const stopped = scanBatches(scan, place, file, header);
  const remains = lastNonZero(file.bytes, scan.tail.at);
  if (remains === undefined) return;
  if (!last || !isTorn(scan, place, file, stopped))
    throw damaged(file.name, stopped, 'a record does not verify');
  scan.tornTo = remains + 1;
}

function openSegment(scan: Scan, file: SegmentFile, header: Placed): void {
  const first = scan.bases.size === 0;
  if (first) {
    scan.baseIndex = header.index;
    scan.baseTerm = header.term;
    scan.tail = {
      at: 0,
      batch: header.batch,
      checksum: header.previous,
      index: header.index,
      term: header.term,
    };
  } else if (header.previous !== scan.tail.checksum || header.index !== scan.tail.index) {
    throw damaged(file.name, 0, 'it does not follow the segment before it: records of that one were lost');
  }
  scan.bases.set(file.segment, header.index);
  scan.hardState = parseHardState(header.payload);
  accept(scan, header);
}

/** Takes whole batches; returns the first offset that holds no valid record. */
function scanBatches(scan: Scan, place: Place, file: SegmentFile, header: Placed): number {
  let last = header;
  let batch: Placed[] = [];
  for (;;) {
    const record = decodeRecord(file.bytes, place, last.end);
    if (record === undefined) return last.end;
    if (!follows(record, last))
      throw damaged(file.name, record.at, 'a record does not follow the one before it');
    batch.push(record);
    if (record.left === 0) {
      for (const each of batch) take(scan, file, each);
      batch = [];
    }
    last = record;
  }
}

function follows(record: Placed, last: Placed): boolean {
  if (record.previous !== last.checksum) return false;
  return last.left > 0
    ? record.batch === last.batch && record.left === last.left - 1
    : record.batch === nextBatch(last.batch);
}

export const nextBatch = (batch: number): number => (batch + 1) >>> 0;

function take(scan: Scan, file: SegmentFile, record: Placed): void {
  if (record.type === 'hardstate') scan.hardState = parseHardState(record.payload);
  else takeEntry(scan, file, record);
  accept(scan, record);
}

function takeEntry(scan: Scan, file: SegmentFile, record: Placed): void {
  const { index, term } = record;
  const overwrites = index <= scan.tail.index && index > scan.baseIndex && term > scan.tail.term;
  if ((index !== scan.tail.index + 1 && !overwrites) || term < scan.tail.term) {
    throw damaged(file.name, record.at, `entry ${index} of term ${term} follows entry ${scan.tail.index}`);
  }
  if (overwrites) scan.entries = scan.entries.filter((entry) => entry.index < index);
  const kind = record.type === 'noop' ? 'noop' : 'data';
  scan.entries.push({ index, term, kind, data: new Uint8Array(record.payload) });
}

function accept(scan: Scan, record: Placed): void {
  const { end: at, batch, checksum } = record;
  const isEntry = record.type === 'data' || record.type === 'noop';
  const { index, term } = isEntry ? record : scan.tail;
  scan.tail = { at, batch, checksum, index, term };
}

/** A batch of which a part is missing: nothing of it was acknowledged, so its valid records go too. */
function isTorn(scan: Scan, place: Place, file: SegmentFile, stopped: number): boolean {
  const torn = nextBatch(scan.tail.batch);
  for (const later of laterRecords(file.bytes, place, stopped)) if (later.batch !== torn) return false;
  const hole = file.bytes.subarray(stopped, stopped + HEADER_BYTES).every((byte) => byte === 0);
  return hole || looksTorn(file.bytes, place, stopped);
}

function* laterRecords(bytes: Buffer, place: Place, from: number): Generator<Placed> {
  for (let at = bytes.indexOf(HEAD_BYTES, from); at !== -1; at = bytes.indexOf(HEAD_BYTES, at + 1)) {
    const record = at % 8 === 0 ? decodeRecord(bytes, place, at) : undefined;
    if (record !== undefined) yield record;
  }
}

const ZEROS = Buffer.alloc(64 * 1024);

/** Whole blocks of zeros are compared at once: a segment is mostly that. */
function lastNonZero(bytes: Buffer, from: number): number | undefined {
  let end = bytes.length;
  while (end - from >= ZEROS.length && bytes.subarray(end - ZEROS.length, end).equals(ZEROS))
    end -= ZEROS.length;
  for (let at = end - 1; at >= from; at -= 1) if (bytes[at] !== 0) return at;
  return undefined;
}

/** Unknown fields are a newer version's and do not matter here; a number that is none is damage. */
export function parseHardState(payload: Uint8Array): HardState {
  const { term, vote, commit } = JSON.parse(Buffer.from(payload).toString()) as HardState;
  return { term, vote, commit };
}

export const damaged = (name: string, at: number, what: string): RaftError =>
  new RaftError('damaged', `the log is damaged: segment ${name}, offset ${at}: ${what}`);
