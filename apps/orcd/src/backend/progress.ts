/** Progress on its way to a reader: a bounded queue that asks whoever reports to wait, and counts what it drops. */
import type { ImageProgress } from '@orc/api';
import { toProblem } from '@orc/model';
import type { OnProgress } from '@orc/image';
import { LIMITS } from '../limits.ts';

type Result = NonNullable<ImageProgress['result']>;
type Bounds = { readonly bytesMax: number; readonly holdMs: number };

/** What `work` reports, as it comes, then its result or its problem as the last line. */
export async function* progressOf(
  work: (onProgress: OnProgress) => Promise<Result>,
  bounds: Bounds = { bytesMax: LIMITS.progressBytesMax, holdMs: LIMITS.progressHoldMs },
): AsyncIterable<ImageProgress> {
  const queue = progressQueue(bounds);
  void work(queue.push)
    .then((result) => queue.end({ status: 'done', result }))
    .catch((error: unknown) => queue.end({ status: 'failed', problem: toProblem(error) }));
  try {
    for (;;) {
      const next = await queue.take();
      if (next === undefined) return;
      yield next;
    }
  } finally {
    queue.abandon();
  }
}

type ProgressQueue = {
  /** A promise when it is full: it settles when there is room, or after the longest hold. */
  readonly push: OnProgress;
  readonly end: (last: ImageProgress) => void;
  /** Undefined after the last. */
  readonly take: () => Promise<ImageProgress | undefined>;
  /** Nobody reads any more. */
  readonly abandon: () => void;
};

/**
 * Full: whoever can wait does; a reader that takes nothing for the longest hold loses lines, which are counted, and
 * holds up nobody any more until it has read on. What says how a step or a layer ended is never dropped: its number is
 * that of the steps and layers.
 */
function progressQueue({ bytesMax, holdMs }: Bounds): ProgressQueue {
  const rows: ImageProgress[] = [];
  const dropped = new Map<string | undefined, number>();
  let bytes = 0;
  let over = false;
  let wake = (): void => {};
  let hold: Hold | undefined;
  const add = (row: ImageProgress): void => {
    rows.push(row);
    bytes += costOf(row);
    wake();
  };
  const accept = (row: ImageProgress): void => {
    for (const [id, lines] of dropped) add(leftOut(id, lines));
    dropped.clear();
    add(row);
  };
  return {
    push: (row) => {
      if (over) return undefined;
      if (bytes < 2 * bytesMax || !isPassing(row)) accept(row);
      else if (row.output !== undefined) dropped.set(row.id, (dropped.get(row.id) ?? 0) + 1);
      if (bytes >= bytesMax) hold ??= newHold(holdMs);
      return hold?.over;
    },
    end: (last) => {
      if (over) return;
      accept(last);
      over = true;
    },
    take: async () => {
      while (rows.length === 0 && !over) await new Promise<void>((resolve) => (wake = resolve));
      const row = rows.shift();
      bytes -= row === undefined ? 0 : costOf(row);
      if (bytes < bytesMax / 2) hold = hold?.end();
      return row;
    },
    abandon: () => {
      over = true;
      rows.length = 0;
      dropped.clear();
      hold = hold?.end();
    },
  };
}

const ROW_BYTES = 128;
const costOf = (row: ImageProgress): number => ROW_BYTES + 2 * (row.output?.length ?? 0);

/** Output, and how far a layer is: the next one says more. */
const isPassing = ({ output, current, status }: ImageProgress): boolean =>
  current !== undefined || (output !== undefined && status === '');

const leftOut = (id: string | undefined, lines: number): ImageProgress => ({
  ...(id === undefined ? {} : { id }),
  status: '',
  output: `[${lines} ${lines === 1 ? 'line' : 'lines'} left out: nobody read them in time]\n`,
});

type Hold = { readonly over: Promise<void>; readonly end: () => undefined };

function newHold(holdMs: number): Hold {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, holdMs);
  const end = (): undefined => {
    clearTimeout(timer);
    resolve();
  };
  return { over: promise, end };
}
