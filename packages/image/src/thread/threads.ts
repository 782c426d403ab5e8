/**
 * Threads for work that makes many system calls or hashes much: the daemon's loop answers meanwhile, and no call pays
 * for a trip to Node's pool and back. They start with the first job and end when there is none for a while.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fail } from '@orc/model';
import {
  THREAD_CHUNK_BYTES,
  THREAD_END_MS,
  THREAD_IDLE_MS,
  THREAD_WINDOW_BYTES,
  THREADS_MAX,
} from '../limits.ts';
import { errorOf } from './failure.ts';
import type { JobName, Jobs } from './jobs.ts';
import type { Order, Report } from './protocol.ts';

export type RunOptions = {
  /** Given to the job chunk by chunk, never more ahead than the window. */
  readonly input?: AsyncIterable<Uint8Array>;
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
};

export type Threads = {
  /**
   * Rejects with what the job threw, with what `input` threw, or with the signal's reason; in every case only when the
   * job has ended, so that its files may be removed.
   */
  run<Name extends JobName>(
    job: Name,
    args: Jobs[Name]['args'],
    options?: RunOptions,
  ): Promise<Jobs[Name]['value']>;
  /** Ends them; jobs under way fail. */
  close(): Promise<void>;
};

type Running = {
  readonly onReport: (report: Report) => void;
  readonly onExit: (error: Error) => void;
  readonly giveUp: () => void;
};
type Thread = {
  readonly worker: Worker;
  readonly jobs: Map<number, Running>;
  idle: NodeJS.Timeout | undefined;
};

/** A bundle has the program itself here (scripts/build.ts). */
const PROGRAM = { code: join(import.meta.dirname, 'main.ts'), eval: false, base: import.meta.filename };

export function openThreads(): Threads {
  const threads = new Set<Thread>();
  let lastId = 0;
  return {
    run: async (job, args, options = {}) => {
      options.signal?.throwIfAborted();
      const thread = choose(threads);
      clearTimeout(thread.idle);
      lastId += 1;
      try {
        return (await runOn(thread, lastId, job, args, options)) as never;
      } finally {
        if (thread.jobs.size === 0) endLater(threads, thread);
      }
    },
    close: async () => {
      const ending = [...threads].map(end);
      threads.clear();
      await Promise.all(ending);
    },
  };
}

/** One without work, a new one, or the one with the fewest jobs. */
function choose(threads: Set<Thread>): Thread {
  const [least] = [...threads].sort((a, b) => a.jobs.size - b.jobs.size);
  if (least !== undefined && (least.jobs.size === 0 || threads.size >= THREADS_MAX)) return least;
  return start(threads);
}

function start(threads: Set<Thread>): Thread {
  const { code, base, ...how } = PROGRAM;
  // Descriptors come from koffi too, which Node does not see.
  const worker = new Worker(code, { ...how, trackUnmanagedFds: false, workerData: { base } });
  const thread: Thread = { worker, jobs: new Map(), idle: undefined };
  const gone = (error: Error): void => {
    threads.delete(thread);
    for (const job of thread.jobs.values()) job.onExit(error);
    thread.jobs.clear();
  };
  thread.worker.on('message', (report: Report) => thread.jobs.get(report.id)?.onReport(report));
  thread.worker.on('error', gone);
  thread.worker.on('exit', () => gone(fail('canceled', 'the image store was closed')));
  thread.worker.unref();
  threads.add(thread);
  return thread;
}

function endLater(threads: Set<Thread>, thread: Thread): void {
  thread.idle = setTimeout(() => {
    threads.delete(thread);
    void end(thread);
  }, THREAD_IDLE_MS);
  thread.idle.unref();
}

/** By itself, so that nothing of its is torn down under a system call; one that does not is ended. */
async function end({ worker, jobs, idle }: Thread): Promise<void> {
  clearTimeout(idle);
  // Who waits for the end may have nothing else that keeps the process alive.
  worker.ref();
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  for (const job of jobs.values()) job.giveUp();
  worker.postMessage({ kind: 'quit', id: 0 } satisfies Order);
  const late = setTimeout(() => void worker.terminate(), THREAD_END_MS);
  await exited;
  clearTimeout(late);
}

async function runOn(
  { worker, jobs }: Thread,
  id: number,
  job: JobName,
  args: Jobs[JobName]['args'],
  { input, onBytes, signal }: RunOptions,
): Promise<unknown> {
  const canceled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const post: Post = (order, transfer = []) => worker.postMessage(order, transfer);
  const feeder: Feeder = { id, window: openWindow(), post, broke: undefined };
  const abort = (): void => {
    Atomics.store(canceled, 0, 1);
    post({ kind: 'end', id, whole: false });
  };
  worker.ref();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await new Promise<unknown>((resolve, reject) => {
      const onReport = (report: Report): void => take(report, feeder.window, onBytes, resolve, reject);
      jobs.set(id, { onReport, onExit: reject, giveUp: abort });
      post({ kind: 'start', id, job, args, canceled });
      if (input !== undefined) void feed(feeder, input);
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw feeder.broke === undefined ? error : feeder.broke.error;
  } finally {
    feeder.window.close();
    jobs.delete(id);
    if (jobs.size === 0) worker.unref();
    signal?.removeEventListener('abort', abort);
  }
}

type Post = (order: Order, transfer?: ArrayBuffer[]) => void;
type Feeder = {
  readonly id: number;
  readonly window: Window;
  readonly post: Post;
  /** What the source threw, which is what the caller is told. */
  broke: { readonly error: unknown } | undefined;
};

function take(
  report: Report,
  window: Window,
  onBytes: RunOptions['onBytes'],
  resolve: (value: unknown) => void,
  reject: (error: Error) => void,
): void {
  if (report.kind === 'taken') window.taken(report.bytes);
  else if (report.kind === 'bytes') onBytes?.(report.bytes);
  else if (report.kind === 'value') resolve(report.value);
  else reject(errorOf(report.failure));
}

type Window = {
  /** False: the job has ended, and wants no more. */
  readonly room: () => Promise<boolean>;
  readonly sent: (bytes: number) => void;
  readonly taken: (bytes: number) => void;
  readonly close: () => void;
};

function openWindow(): Window {
  let ahead = 0;
  let closed = false;
  let wake: (() => void) | undefined;
  const signal = (): void => {
    wake?.();
    wake = undefined;
  };
  return {
    room: async () => {
      while (!closed && ahead >= THREAD_WINDOW_BYTES) await new Promise<void>((resolve) => (wake = resolve));
      return !closed;
    },
    sent: (bytes) => void (ahead += bytes),
    taken: (bytes) => {
      ahead -= bytes;
      signal();
    },
    close: () => {
      closed = true;
      signal();
    },
  };
}

/** Small chunks are gathered: a message costs more than a copy. */
async function feed(feeder: Feeder, input: AsyncIterable<Uint8Array>): Promise<void> {
  const { id, window, post } = feeder;
  const gathered = gatherer((data, transfer) => {
    window.sent(data.length);
    post({ kind: 'chunk', id, data }, transfer);
  });
  try {
    for await (const chunk of input) {
      gathered.add(chunk);
      if (!(await window.room())) return;
    }
    gathered.flush();
    post({ kind: 'end', id, whole: true });
  } catch (error) {
    feeder.broke = { error };
    post({ kind: 'end', id, whole: false });
  }
}

function gatherer(send: (data: Uint8Array, transfer: ArrayBuffer[]) => void): {
  readonly add: (chunk: Uint8Array) => void;
  readonly flush: () => void;
} {
  let buffer = Buffer.allocUnsafeSlow(THREAD_CHUNK_BYTES);
  let used = 0;
  const flush = (): void => {
    if (used === 0) return;
    send(buffer.subarray(0, used), [buffer.buffer]);
    buffer = Buffer.allocUnsafeSlow(THREAD_CHUNK_BYTES);
    used = 0;
  };
  const add = (chunk: Uint8Array): void => {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + buffer.length - used);
      buffer.set(piece, used);
      used += piece.length;
      at += piece.length;
      if (used === buffer.length) flush();
    }
  };
  return { add, flush };
}
