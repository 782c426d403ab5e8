/** Records to the text that a reader of logs sees. */
import { STREAM, scanRecords, timeOf } from './records.ts';

export type LogFilter = {
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
};
export type LogText = { readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array };

const NEWLINE = 10;
/** `2026-11-21T10:00:00.000000000Z ` */
const STAMP_BYTES = 31;

const wantsStream = (filter: LogFilter, stream: number): boolean =>
  (stream === STREAM.stdout && filter.stdout !== false) ||
  (stream === STREAM.stderr && filter.stderr !== false);

const wantsTime = ({ sinceNs, untilNs }: LogFilter, ns: bigint): boolean =>
  (sinceNs === undefined || ns >= sinceNs) && (untilNs === undefined || ns <= untilNs);

/** RFC 3339 with nanoseconds, in UTC. */
export function stampOf(ns: bigint): string {
  const ms = Number(ns / 1_000_000n);
  const rest = (ns % 1_000_000_000n).toString().padStart(9, '0');
  return `${new Date(ms).toISOString().slice(0, 19)}.${rest}Z`;
}

/** Whether a line of a stream (its number is the index) is under way: only a line's first part is stamped. */
export type LinesUnderWay = boolean[];

/**
 * The wanted records of `buffer` as runs of lines of one stream, each with its newline (a part has none), so that
 * reading costs a copy per line and no object. `stamped`: lines get their time; kept by whoever reads on. `next`: where
 * the first incomplete record begins.
 */
export function renderRecords(
  buffer: Buffer,
  from: number,
  filter: LogFilter,
  stamped: LinesUnderWay | undefined,
): { readonly runs: readonly LogText[]; readonly next: number } {
  const runs: LogText[] = [];
  const out = Buffer.allocUnsafe(stamped === undefined ? buffer.length : roomFor(buffer, from));
  const anyTime = filter.sinceNs === undefined && filter.untilNs === undefined;
  let used = 0;
  let runStart = 0;
  let runStream = 0;
  const endRun = (): void => {
    if (used > runStart)
      runs.push({
        stream: runStream === STREAM.stdout ? 'stdout' : 'stderr',
        data: out.subarray(runStart, used),
      });
    runStart = used;
  };
  const next = scanRecords(buffer, from, (stream, start, end, partial) => {
    if (!wantsStream(filter, stream)) return undefined;
    if (!anyTime && !wantsTime(filter, timeOf(buffer, start))) return undefined;
    if (stream !== runStream) {
      endRun();
      runStream = stream;
    }
    if (stamped !== undefined) {
      if (stamped[stream] !== true) used += out.write(`${stampOf(timeOf(buffer, start))} `, used, 'latin1');
      stamped[stream] = partial;
    }
    used += buffer.copy(out, used, start, end);
    if (!partial) {
      out[used] = NEWLINE;
      used += 1;
    }
    return undefined;
  });
  endRun();
  return { runs, next };
}

/** A record's header is half as long as a time stamp: count the records to know the size of the text. */
function roomFor(buffer: Buffer, from: number): number {
  let records = 0;
  scanRecords(buffer, from, () => {
    records += 1;
    return undefined;
  });
  return buffer.length + records * STAMP_BYTES;
}
