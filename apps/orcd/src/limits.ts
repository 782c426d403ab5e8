/** Bounds of the daemon. Times in milliseconds. */
export const LIMITS = {
  /** Kept for a full disk; laid where four times as much is free, given up where less than the other is. */
  ballastBytes: 4 * 1024 * 1024,
  ballastShare: 4,
  startBytes: 2 * 1024 * 1024,
  /** The lock's file may be removed by who had it, between the opening and the lock. */
  lockAttemptsMax: 10,
  /** Crash-only: what does not let go in this time is left as a crash would leave it. */
  closeMs: 4000,
  /** Of its own log, and of the one before. */
  logBytesMax: 16 * 1024 * 1024,
  /** The longest that a timer of the process takes. */
  timerMsMax: 2 ** 31 - 1,
  /** A pass that failed (no space left) is tried again after this; twice as long each time, up to the other. */
  passRetryMs: 500,
  passRetryMaxMs: 30_000,
  /** In a row, without rest: more is a bug, which is told and tried again later. */
  passesMax: 1000,
  /** A log that has grown by this much is cut by a snapshot. */
  snapshotBytes: 8 * 1024 * 1024,
  /** An engine command on a task's container is seen through for this long; it goes on after that. */
  taskActionMs: 600_000,
  /** The data of a volume that went while a container still used it: looked at again after this. */
  volumeRetryMs: 5_000,
  /** Progress of a build or a pull that its reader has not taken yet; from here on what is reported waits. */
  progressBytesMax: 512 * 1024,
  /** The longest wait for a reader that takes nothing; a shim gives up on one after three times that. */
  progressHoldMs: 10_000,
} as const;
