/** Output on its way to a reader: a bounded queue that asks the socket to wait. */
import { ATTACH_QUEUE_BYTES } from '../limits.ts';
import type { OutputChunk } from '../types.ts';

export type OutputQueue = {
  push(chunk: OutputChunk): void;
  /** What came before is still read; then it is over, or `error` is thrown. The first call counts. */
  end(error?: Error): void;
  readonly chunks: AsyncIterable<OutputChunk>;
};

/** `hold` is called when the queue is full, `release` when it has emptied. One reader. */
export function outputQueue(hold: () => void, release: () => void): OutputQueue {
  const waiting: OutputChunk[] = [];
  let bytes = 0;
  let ended = false;
  let failed: Error | undefined;
  let wake: () => void = () => undefined;
  const next = async (): Promise<IteratorResult<OutputChunk>> => {
    while (waiting.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
    const value = waiting.shift();
    if (value === undefined && failed !== undefined) throw failed;
    if (value === undefined) return { done: true, value: undefined };
    bytes -= value.data.length;
    if (bytes === 0) release();
    return { done: false, value };
  };
  return {
    push: (chunk) => {
      if (ended) return;
      waiting.push(chunk);
      bytes += chunk.data.length;
      if (bytes >= ATTACH_QUEUE_BYTES) hold();
      wake();
    },
    end: (error) => {
      if (!ended) failed = error;
      ended = true;
      wake();
    },
    chunks: {
      [Symbol.asyncIterator]: () => ({
        next,
        return: async () => {
          ended = true;
          waiting.length = 0;
          release();
          return { done: true, value: undefined };
        },
      }),
    },
  };
}
