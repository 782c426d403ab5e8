/** Bounds of this package. Times in milliseconds, sizes in bytes. */

/** A killed or frozen cgroup: processes in uninterruptible sleep may take this long. */
export const CGROUP_KILL_MS = 10_000;
/** An emptied cgroup stays busy until its last process is reaped. */
export const CGROUP_REMOVE_MS = 5_000;
/** Between two looks at a cgroup, at most. */
export const CGROUP_POLL_MS = 10;

/** BPF_MAXINSNS: more, and the kernel refuses a filter. */
export const SECCOMP_INSTRUCTIONS_MAX = 4096;
/** Compiled filters kept: one per set of capabilities and profile in use. */
export const SECCOMP_CACHE_MAX = 32;
/** The largest frame that a shim takes. */
export const ATTACH_FRAME_BYTES = 64 * 1024;
/** Output that waits for its reader in the daemon; beyond it the socket is paused. */
export const ATTACH_QUEUE_BYTES = 256 * 1024;
/** Folders and files of the host in one container: each is held open while it starts. CAPTURES_MAX of orc.h, less /dev/shm. */
export const BINDS_MAX = 511;
/** Starts at a time, per processor (DECISIONS 22). */
export const STARTS_PER_CPU = 2;
/** From spawning the launcher to its `ready`. */
export const LAUNCHER_READY_MS = 10_000;
/** Launchers that end, one after the other, before they serve a connection. */
export const LAUNCHER_DIALS_MAX = 10;
/** A launcher that was told to end. */
export const LAUNCHER_END_MS = 5_000;
/** Images whose /etc/passwd and /etc/group are remembered, and how large they may be. */
export const ACCOUNTS_IMAGES_MAX = 64;
export const ACCOUNTS_BYTES_MAX = 64 * 1024;
/** Nodes of /dev that a privileged container gets. */
export const HOST_DEVICES_MAX = 4096;
/** Between two looks whether it has gone, or its shims. */
export const LAUNCHER_POLL_MS = 1;
/** Of an operation that failed, in its error. */
export const SHOWN_CHARS_MAX = 300;
/** Launcher and shims answer in well under a millisecond, unless somebody stopped them. */
export const ANSWER_MS = 5_000;
/** Questions to one shim that wait for their answers; one that is stopped answers none. */
export const SHIM_QUESTIONS_MAX = 256;
/** From a start's plan to its program, with the wait for the former attempt's unmount (LOCK_WAIT_MS of orc.h). */
export const START_MS = 120_000;
/** The same for an exec. */
export const EXEC_START_MS = 30_000;
/** A plan without a program: a tree to remove, or what a fresh volume gets of its image, may be large. */
export const PLAN_MS = 600_000;
/** Links, addresses, routes and sysctls. */
export const KERNEL_PLAN_MS = 60_000;
/** Newest layouts of what a shim writes and says that this daemon understands (DECISIONS 21). */
export const EXIT_SCHEMA = 1;
export const CONTEXT_SCHEMA = 1;
