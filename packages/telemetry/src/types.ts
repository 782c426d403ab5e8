/** What is seen: logs that shims write, and the event stream. */
import type { EventType, OrcEvent } from '@orc/model';

export type LogLine = {
  readonly stream: 'stdout' | 'stderr';
  /** Nanoseconds since 1970. */
  readonly ns: bigint;
  /** Without its newline; `partial`: the line goes on in the next record. */
  readonly data: Uint8Array;
  readonly partial: boolean;
};

export type LogQuery = {
  readonly follow?: boolean;
  /** Absent: all. */
  readonly tail?: number;
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly signal?: AbortSignal;
};

/** Reads a log folder (docs/logs.md); batches of lines, so that reading costs little per line. */
export type ReadLog = (folder: string, query: LogQuery, ended?: Promise<unknown>) => AsyncIterable<readonly LogLine[]>;

export type EventFilter = { readonly types?: readonly EventType[]; readonly match?: (event: OrcEvent) => boolean };

/** A bounded ring of events; a watcher that asks for one older than the ring gets `conflict.version`. */
export type EventStream = {
  publish(type: EventType, action: string, id: string, attributes?: Readonly<Record<string, string>>): void;
  watch(options: { readonly afterIndex?: number; readonly sinceMs?: number; readonly untilMs?: number; readonly filter?: EventFilter; readonly signal?: AbortSignal }): AsyncIterable<OrcEvent>;
  readonly lastIndex: number;
};
