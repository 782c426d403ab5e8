/** Bounds of the builder, by name. */
const KIB = 1024;

export const DOCKERFILE_BYTES_MAX = 4 * KIB * KIB;
/** Steps that run at once, over all stages. */
export const STEPS_AT_ONCE = 2;
/** Symbolic links on one path, as the kernel has it. */
export const LINK_HOPS_MAX = 40;
/**
 * Files up to this size are read and written in one go; larger ones are copied by the kernel, off the main
 * thread.
 */
export const SMALL_FILE_BYTES = 128 * KIB;
/** Files of a sent context above this size are linked into a layer where nothing about them has to change. */
export const LINK_FROM_BYTES = 256 * KIB;
/** A line of output without an end is passed on when it is this long. */
export const OUTPUT_LINE_CHARS_MAX = 16 * KIB;
/** Of a failing RUN, in the error. */
export const OUTPUT_LINES_KEPT = 10;
export const OUTPUT_LINE_CHARS_KEPT = 400;
/** Remembered hashes of a context: rows of one record, and records. */
export const HASH_ROWS_PER_RECORD = 6_000;
export const HASH_RECORDS_MAX = 20;
/**
 * A file changed this recently may change again within the same tick of its clock: its hash is not
 * remembered.
 */
export const HASH_SETTLED_MS = 100;
/** /etc/passwd and /etc/group of an image. */
export const ACCOUNTS_BYTES_MAX = 4 * KIB * KIB;
/** How often a step asks for a cache mount that another one holds. */
export const LOCK_RETRY_MS = 50;
/** Files of one COPY or ADD. */
export const COPY_ENTRIES_MAX = 1_000_000;
