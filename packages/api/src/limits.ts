/** Every bound of the door, by name. */

export const HEADER_BYTES_MAX = 16 * 1024;
export const HEADERS_TIMEOUT_MS = 10_000;
export const KEEP_ALIVE_MS = 60_000;
/** Most requests are a few hundred bytes. */
export const JSON_BYTES_MAX = 1024 * 1024;
/** A project carries the contents of its configs and secrets. */
export const PROJECT_BYTES_MAX = 32 * 1024 * 1024;
/** A context lists a row of some 150 bytes for each of its files. */
export const CONTEXT_BYTES_MAX = 64 * 1024 * 1024;
/** A build carries its Dockerfile, and secrets. */
export const BUILD_BYTES_MAX = 16 * 1024 * 1024;
export const JSON_DEPTH_MAX = 64;
/** Time for a JSON body to come in whole; streamed bodies (archives) may take as long as they move. */
export const JSON_BODY_TIMEOUT_MS = 30_000;
/** Open connections, streams and upgraded ones included. */
export const CONNECTIONS_MAX = 4096;
/** How long `close` lets requests finish before it cuts them. */
export const CLOSE_GRACE_MS = 2000;
/** The longest frame that the decoder of logs, attach and exec takes: a sender's bug, not a line. */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024;
/** The longest line of a stream of JSON lines. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;
/** Head of an answer, as the client reads it. */
export const ANSWER_HEAD_BYTES_MAX = 64 * 1024;
/** The line that begins a chunk, or a trailer: a problem is one. */
export const ANSWER_LINE_BYTES_MAX = 64 * 1024;
export const TRAILERS_MAX = 16;
/** A problem or small value, as the client reads it whole. */
export const ANSWER_BYTES_MAX = 256 * 1024 * 1024;
/** Idle connections that a client keeps. */
export const IDLE_CONNECTIONS_MAX = 8;
/** How long it does: well below `KEEP_ALIVE_MS`, so that the daemon does not close one as it is used. */
export const IDLE_MS_MAX = 30_000;
/** Time to connect to a local socket whose accept queue is full. */
export const CONNECT_TIMEOUT_MS = 10_000;
