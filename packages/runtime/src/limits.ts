/** Bounds of this package. Times in milliseconds, sizes in bytes. */

/** A killed or frozen cgroup: processes in uninterruptible sleep may take this long. */
export const CGROUP_KILL_MS = 10_000;
/** An emptied cgroup stays busy until its last process is reaped. */
export const CGROUP_REMOVE_MS = 5_000;
/** Between two looks at a cgroup, at most. */
export const CGROUP_POLL_MS = 10;
