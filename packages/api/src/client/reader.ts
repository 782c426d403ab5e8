/** Bytes of a socket, pulled: nothing is read while nobody asks, so that the sender waits. */
import type { Socket } from 'node:net';
import { fail, OrcError } from '@orc/model';

export type Reader = {
  /** The next bytes; null at the end. Throws what the socket failed with. */
  next(): Promise<Uint8Array | null>;
  /** Gives bytes back, to be read next. */
  unread(bytes: Uint8Array): void;
  /** Up to and without `end`. Throws when the stream ends before, or it is longer than `max`. */
  until(end: string, max: number): Promise<string>;
  /** Bytes that have come, ever. */
  received(): number;
  /** Notices the end, or bytes that nobody asked for, while nobody reads. */
  watch(): void;
  /** Nothing is there to be read, not even the end. */
  quiet(): boolean;
};

export function createReader(socket: Socket): Reader {
  const queue: Uint8Array[] = [];
  let ended = false;
  let received = 0;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  const signal = (): void => {
    wake?.();
    wake = undefined;
  };
  socket.pause();
  socket.on('data', (data: Buffer) => {
    queue.push(data);
    received += data.length;
    socket.pause();
    signal();
  });
  socket.on('end', () => {
    ended = true;
    signal();
  });
  socket.on('error', (error) => {
    failure = error;
    signal();
  });
  socket.on('close', () => {
    ended = true;
    signal();
  });
  const next = async (): Promise<Uint8Array | null> => {
    for (;;) {
      const bytes = queue.shift();
      if (bytes !== undefined) return bytes;
      if (failure !== undefined) throw failure;
      if (ended) return null;
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      socket.resume();
      await woken;
    }
  };
  const unread = (bytes: Uint8Array): void => {
    if (bytes.length > 0) queue.unshift(bytes);
  };
  return {
    next,
    unread,
    until: (end, max) => readUntil({ next, unread }, end, max),
    received: () => received,
    watch: () => void socket.resume(),
    quiet: () => !ended && failure === undefined && queue.length === 0,
  };
}

async function readUntil(reader: Pick<Reader, 'next' | 'unread'>, end: string, max: number): Promise<string> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const bytes = await reader.next();
    if (bytes === null) throw cut();
    seen = seen.length === 0 ? Buffer.from(bytes) : Buffer.concat([seen, bytes]);
    const at = seen.indexOf(end);
    if (at !== -1) {
      reader.unread(seen.subarray(at + end.length));
      return seen.toString('latin1', 0, at);
    }
    if (seen.length > max) throw fail('internal', `the daemon's answer has a line over ${max} bytes`);
  }
}

const CUT = 'the daemon closed the connection before its answer was complete';

/** The daemon went away in the middle of an answer. */
export const cut = (): Error =>
  fail('daemon.unreachable', CUT, { hint: 'see its log, then try again', retry: true });

export const isCut = (error: unknown): boolean => error instanceof OrcError && error.message === CUT;
