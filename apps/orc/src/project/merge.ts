/**
 * Merges lines of several sources by their times. A line is printed when every source that is still behind has a
 * later one, or has been silent for a moment: the past comes in order, and the present at once.
 */
import { MERGE_IDLE_MS, MERGE_LINES_MAX } from '../limits.ts';

export type Line = {
  readonly name: string;
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nine digits: its order as text is its order in time. */
  readonly time: string;
  readonly text: string;
};

export type Merger = {
  source(): { push(line: Line): Promise<void> | undefined; end(): void };
  /** Prints all that is held. */
  flush(): Promise<void>;
};

type Source = { readonly lines: Line[]; heard: number; ended: boolean; room: (() => void) | undefined };

export function createMerger(print: (line: Line) => Promise<void> | void): Merger {
  const sources = new Set<Source>();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  const wake = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      run(false);
    }, MERGE_IDLE_MS);
  };
  const run = (all: boolean): Promise<void> => {
    working = working
      .then(() => drain(sources, print, all))
      .then(() => {
        if ([...sources].some((source) => source.lines.length > 0)) wake();
      });
    return working;
  };
  const source: Merger['source'] = () => {
    const own: Source = { lines: [], heard: performance.now(), ended: false, room: undefined };
    sources.add(own);
    return {
      push: (line) => {
        own.lines.push(line);
        own.heard = performance.now();
        if (own.lines.length === 1) wake();
        if (own.lines.length < MERGE_LINES_MAX) return undefined;
        void run(false);
        return own.lines.length < MERGE_LINES_MAX
          ? undefined
          : new Promise((resolve) => (own.room = resolve));
      },
      end: () => {
        own.ended = true;
        wake();
      },
    };
  };
  return { source, flush: () => run(true) };
}

async function drain(
  sources: Set<Source>,
  print: (line: Line) => Promise<void> | void,
  all: boolean,
): Promise<void> {
  for (;;) {
    const now = performance.now();
    let first: Source | undefined;
    for (const source of sources) {
      const [line] = source.lines;
      if (line === undefined) {
        if (source.ended) sources.delete(source);
        else if (!all && now - source.heard < MERGE_IDLE_MS) return;
      } else if (first === undefined || line.time < (first.lines[0] as Line).time) first = source;
    }
    if (first === undefined) return;
    const written = print(first.lines.shift() as Line);
    if (written !== undefined) await written;
    if (first.lines.length < MERGE_LINES_MAX / 2) {
      first.room?.();
      first.room = undefined;
    }
  }
}
