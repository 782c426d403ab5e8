/** What a command touches of the process: given, so that tests give their own. */
import { availableParallelism } from 'node:os';
import type { Readable, Writable } from 'node:stream';

export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};
export type Input = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };

export type Io = {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Wall time, milliseconds. */
  readonly now: () => number;
  readonly uid: number;
  /** CPUs of this host. */
  readonly cpus: number;
  /** In Node's words: `x64`. */
  readonly architecture: string;
  /** Calls back on each; the result stops listening. */
  readonly onSignal: (name: NodeJS.Signals, call: () => void) => () => void;
};

/** Standard input and output are opened when they are used: each costs a start milliseconds. `opened` gets the latter. */
export function processIo(opened = new Set<NodeJS.WriteStream>()): Io {
  const used = (stream: NodeJS.WriteStream): NodeJS.WriteStream => {
    opened.add(stream);
    return stream;
  };
  return {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return used(process.stdout);
    },
    get stderr() {
      return used(process.stderr);
    },
    env: process.env,
    cwd: process.cwd(),
    now: Date.now,
    uid: process.getuid?.() ?? 0,
    get cpus() {
      return availableParallelism();
    },
    architecture: process.arch,
    onSignal: (name, call) => {
      process.on(name, call);
      return () => void process.off(name, call);
    },
  };
}

/** Runs `work` with a signal that Ctrl-C aborts. */
export async function interruptible<T>(io: Io, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const undo = io.onSignal('SIGINT', () => stop.abort());
  try {
    return await work(stop.signal);
  } finally {
    undo();
  }
}

/** Resolves once the reader has room for more. */
export async function written(out: Output, data: Uint8Array | string): Promise<void> {
  if (!out.write(data)) await new Promise((resolve) => out.once('drain', resolve));
}
