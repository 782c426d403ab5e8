export const LIMITS = {
  /** A record's payload; longer lines are cut into parts by the shim. */
  recordBytesMax: 16_384,
  /** One read of a log file. */
  readBytes: 1 << 20,
  /** Before the last lines, in search of what a part that may go on a line belongs to. */
  tailBehindBytes: 4 << 20,
  /** Rotated files that a reader looks for. */
  filesMax: 1000,
  /** Events kept for watchers that resume. */
  eventsMax: 4096,
  /** Events that wait for one slow watcher before it is cut off. */
  watcherBacklogMax: 8192,
  /** How long a follower waits for the kernel's word of new bytes before it looks by itself. */
  followPollMs: 1000,
} as const;
