/**
 * The only way to anything nondeterministic. Two are ever built: the real one in `orcd` and the simulated one in
 * `test/sim`. Rooms take the members they need, never the whole.
 */

export type Clock = {
  /** Wall time, milliseconds since 1970. */
  now(): number;
  /** Monotonic milliseconds. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `ms`; the result cancels it. */
  after(ms: number, call: () => void): () => void;
};

export type Random = { bytes(count: number): Uint8Array; number(): number };

/** Called at named places (one table: docs/failpoints.md); a no-op in production. */
export type Failpoint = (name: string) => void;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
/** The daemon's own log: a short sentence and its operands. */
export type Emit = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export type World = {
  readonly clock: Clock;
  readonly random: Random;
  readonly failpoint: Failpoint;
  readonly emit: Emit;
};
