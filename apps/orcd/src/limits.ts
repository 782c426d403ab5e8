/** Bounds of the daemon. Times in milliseconds. */
export const LIMITS = {
  /** A pass that failed (no space left) is tried again after this; twice as long each time, up to the other. */
  passRetryMs: 500,
  passRetryMaxMs: 30_000,
  /** An engine command on a task's container is seen through for this long; it goes on after that. */
  taskActionMs: 600_000,
  /** The data of a volume that went while a container still used it: looked at again after this. */
  volumeRetryMs: 5_000,
} as const;
