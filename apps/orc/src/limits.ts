/** Every bound of the command line, by name. */

/** How long a started daemon may take until its socket answers. */
export const DAEMON_START_MS = 10_000;
/** How long another daemon, started at the same instant, may take once ours has given way. */
export const DAEMON_OTHER_MS = 1500;
/** How long a daemon may take to end; it gives itself 4 seconds. */
export const DAEMON_STOP_MS = 10_000;
/** First and last wait between two looks at the socket of a daemon that starts. */
export const DAEMON_POLL_FIRST_MS = 5;
export const DAEMON_POLL_LAST_MS = 250;
/** How long who follows containers waits for a daemon in place of one that has gone. */
export const DAEMON_BACK_MS = 20_000;
/** Lines of a failed daemon's log that are shown. */
export const DAEMON_LOG_LINES = 10;
/** Pulls and builds of one `up` at a time. */
export const IMAGES_AT_ONCE = 4;
/** A build that comes out of the cache shows nothing for so long between two steps. */
export const IMAGE_QUIET_MS = 400;
/** A step that ends within this time is one line. */
export const STEP_QUIET_MS = 150;
/** Redraws of the block of progress per second. */
export const REDRAWS_PER_SECOND = 12;
/** Output lines of a build step that stay in view while it runs. */
export const BUILD_LINES_SHOWN = 5;
/** The longest line of a container's output that is prefixed as one. */
export const LINE_BYTES_MAX = 64 * 1024;
/** Files of one build context. */
export const CONTEXT_FILES_MAX = 500_000;
/** Bytes read at a time from a file that is sent. */
export const READ_BYTES = 256 * 1024;
/** A source of log lines that was silent for so long has nothing older to say. */
export const MERGE_IDLE_MS = 40;
/** Lines of one source that wait for older ones of others. */
export const MERGE_LINES_MAX = 512;
/** The longest time that a timer of node takes; a longer one would end at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1;
/** A project that is not as wanted is looked at again after so long without an event. */
export const QUIET_LOOK_MS = 1000;
/** A container that nothing in its project is about to make room for is given up after so long. */
export const UNPLACED_MS = 900;
/** Containers that the message of a wait that took too long names. */
export const UNREADY_TOLD_MAX = 3;
/** A Dockerfile on standard input; the builder takes no larger one. */
export const DOCKERFILE_BYTES_MAX = 4 * 1024 * 1024;
/** A secret of a build, as docker has it. */
export const SECRET_BYTES_MAX = 500 * 1024;
/** Links that lead from one to the next; the kernel follows no more. */
export const LINKS_MAX = 40;

/** A larger env file is refused where the project is read. */
export const ENV_FILE_BYTES_MAX = 1024 * 1024;
