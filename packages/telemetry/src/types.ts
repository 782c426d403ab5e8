/** What is seen: logs that shims write, and the event stream. */
import type { EventType, OrcEvent } from '@orc/model';
import type { LogText } from './plan/render.ts';

export type LogQuery = {
  readonly follow?: boolean;
  /** Lines, counted from the end; absent: all. */
  readonly tail?: number;
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly timestamps?: boolean;
  readonly signal?: AbortSignal;
};

/**
 * Reads a log folder (docs/logs.md), oldest line first, in runs of whole lines. With `follow` it goes on until
 * `ended` resolves (and what was written until then is read) or `signal` aborts.
 */
export type ReadLog = (folder: string, query: LogQuery, ended?: Promise<unknown>) => AsyncIterable<LogText>;

export type WatchOptions = {
  /** Everything after this one, out of the ring; `conflict.version` when the ring no longer holds it. */
  readonly afterIndex?: number;
  readonly sinceMs?: number;
  /** Ends at this time; what has happened by then is given first. */
  readonly untilMs?: number;
  readonly match?: (event: OrcEvent) => boolean;
  readonly signal?: AbortSignal;
};

/** A bounded ring of events, and whoever watches it. */
export type EventStream = {
  publish(type: EventType, action: string, id: string, attributes?: Readonly<Record<string, string>>): void;
  watch(options: WatchOptions): AsyncIterable<OrcEvent>;
  readonly lastIndex: number;
};
