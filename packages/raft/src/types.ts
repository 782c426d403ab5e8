/** What the log needs from the world, what it offers, and how it says no. Nothing here knows what an entry means. */

export type RaftErrorCode =
  /** A checksum, chain or sequence does not hold before valid records: refuses to open, cuts nothing. */
  | 'damaged'
  /** The log or its identity is gone though this node had one. */
  | 'lost'
  /** The log is another node's. */
  | 'other-node'
  /** Written by a newer version. */
  | 'version'
  /** Nothing was written; the same proposal may succeed once there is space. */
  | 'disk-full'
  /** A write or sync failed: the log stops for good, the process has to end. */
  | 'failed'
  | 'too-large'
  | 'busy'
  | 'not-leader'
  | 'not-committed'
  | 'closed';

export class RaftError extends Error {
  readonly code: RaftErrorCode;
  constructor(code: RaftErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RaftError';
    this.code = code;
  }
}

/** An open file that is written in place. */
export type DiskFile = {
  /** In the page cache when it resolves. */
  write(at: number, bytes: Uint8Array): Promise<void>;
  /** Like `write`, and durable when it resolves: as if followed by fdatasync. */
  append(at: number, bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
};

/** Errors carry an errno name in `code` (`ENOSPC`, `EIO`). Names in a folder are durable after `syncFolder`. */
export type Disk = {
  makeFolder(path: string): Promise<void>;
  /** Names, in any order; empty when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Absent: undefined. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** A new, empty file in place of any old one. */
  create(path: string): Promise<DiskFile>;
  open(path: string): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  syncFolder(folder: string): Promise<void>;
};

/** Named places where a test ends the process; docs/failpoints.md lists them. */
export type Failpoint = (name: string) => void;

export type EntryKind = 'data' | 'noop';
export type Entry = {
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
};
/** `commit` is a lower bound. */
export type HardState = { readonly term: number; readonly vote: string; readonly commit: number };
export type SnapshotData = { readonly index: number; readonly term: number; readonly data: Uint8Array };

export type LogOptions = {
  /** Its own: `identity.json`, `wal/` and `snap/` are made in it. */
  readonly folder: string;
  /** Name of this node; a log that belongs to another is refused. Absent: a random one is given at creation. */
  readonly node?: string;
  readonly disk?: Disk;
  readonly failpoint?: Failpoint;
  readonly random?: (count: number) => Uint8Array;
  /** Called once, when a write or sync failed: end the process, starting again is the recovery. */
  readonly onFatal?: (error: RaftError) => void;
  readonly segmentBytes?: number;
};

export type CommittedEntry = { readonly index: number; readonly term: number; readonly data: Uint8Array };

export type Log = {
  readonly identity: { readonly log: string; readonly node: string };
  /** The newest good snapshot at opening. */
  readonly recovered: SnapshotData | undefined;
  /** Files that were damaged and set aside at opening (snapshots only; an older one or the log stands in). */
  readonly quarantined: readonly string[];
  /** Index of the last committed entry. */
  index(): number;
  term(): number;
  /**
   * Resolves when the entry is durable, committed and given to the `committed` consumer. Rejects with a `RaftError`:
   * after `disk-full`, `busy` and `too-large` nothing has happened.
   */
  propose(data: Uint8Array): Promise<{ readonly index: number }>;
  /** The one consumer: first every entry after the recovered snapshot, at once, then each as it commits, in order. */
  committed(consumer: (entry: CommittedEntry) => void): void;
  /** The state after entry `index`, in slices. Keeps two, and lets go of the log behind the older. */
  snapshot(index: number, slices: Iterable<Uint8Array>): Promise<void>;
  /** Bytes of the log since the newest snapshot: when to make the next. */
  bytesSinceSnapshot(): number;
  close(): Promise<void>;
};
