/** Every bound of this package, by name. */
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

export const REFERENCE_LENGTH_MAX = 1024;

/** Documents. */
export const MANIFEST_BYTES_MAX = 4 * MIB;
export const CONFIG_BYTES_MAX = 8 * MIB;
export const INDEX_DEPTH_MAX = 3;
export const INDEX_MANIFESTS_MAX = 1000;
/** Overlay takes 128 lower directories at most in one mount's option page. */
export const LAYERS_MAX = 127;
export const HISTORY_MAX = 4096;

/** Archives. */
export const TAR_META_BYTES_MAX = 1 * MIB;
export const TAR_SPARSE_PARTS_MAX = 65_536;
export const PATH_BYTES_MAX = 4095;
export const PATH_DEPTH_MAX = 500;
export const NAME_BYTES_MAX = 255;
export const LAYER_ENTRIES_MAX = 1_000_000;
export const LAYER_BYTES_MAX = 256 * GIB;
/** A compressed layer may grow this much once it is beyond the size below: a zip bomb is refused, sparse files are not. */
export const COMPRESSION_RATIO_MAX = 200;
export const COMPRESSION_RATIO_FROM_BYTES = 1 * GIB;
/** Of a decompressor: xz -9 needs 65 MiB, a hostile stream may ask for 4 GiB. */
export const XZ_MEMORY_MIB_MAX = 256;
export const PROGRAM_ERROR_CHARS_MAX = 400;
/** Of a tree that is written: then all are closed, and opened again on use. */
export const FOLDERS_OPEN_MAX = 64;
export const ARCHIVE_ENTRIES_MAX = 100_000;
export const ARCHIVE_JSON_BYTES_MAX = 8 * MIB;
export const LINK_HOPS_MAX = 40;

/** Reading and writing. */
/** Given to an extraction at a time, and gathered by a walk: a piece takes a few milliseconds even of tiny files. */
export const PIECE_BYTES = 128 * 1024;
export const READ_CHUNK_BYTES = 1 * MIB;
/** A walk or an extraction lets others run after this long. */
export const SLICE_MS = 8;

/** Threads for file work: so many, ended when they had nothing to do for a while. */
export const THREADS_MAX = 2;
export const THREAD_IDLE_MS = 10_000;
/** One that was asked to end and does not within this time is ended. */
export const THREAD_END_MS = 5_000;
/** A job lets the others of its thread run after this long. */
export const THREAD_TURN_MS = 50;
/** Input goes to a thread in pieces of this size, and this much of it ahead of what the job has taken. */
export const THREAD_CHUNK_BYTES = 512 * 1024;
export const THREAD_WINDOW_BYTES = 4 * MIB;
/** Says how far it is after so many bytes. */
export const THREAD_REPORT_BYTES = 4 * MIB;
/** What is written is given to the disk in pieces of this size, so that the sync at the end finds little left. */
export const WRITEBACK_BYTES = 8 * MIB;

/** Registry. */
export const DOWNLOADS_AT_ONCE = 3;
export const UNPACKS_AT_ONCE = 2;
export const DOWNLOAD_ATTEMPTS_MAX = 5;
export const RETRY_DELAY_MS = 200;
export const RETRY_DELAY_MS_MAX = 5_000;
export const REDIRECTS_MAX = 5;
export const HEADERS_TIMEOUT_MS = 30_000;
export const BODY_IDLE_TIMEOUT_MS = 60_000;
export const CONNECT_TIMEOUT_MS = 15_000;
export const TOKEN_BYTES_MAX = 1 * MIB;
export const BLOB_BYTES_MAX = 64 * GIB;
export const PROGRESS_INTERVAL_MS = 100;

/** Collection leaves what came this lately and has no name yet: a pull or a build is about to name it. */
export const FRESH_MS = 60 * 60_000;

/** Leases: the journal grows by this much, and is rewritten beyond the other. */
export const LEASE_JOURNAL_BYTES = 64 * 1024;
export const LEASE_JOURNAL_BYTES_MAX = 4 * MIB;

/** Build cache. */
export const CACHE_RECORDS_MAX = 2_000;
export const CACHE_RECORD_BYTES_MAX = 1 * MIB;

/** Build contexts. */
export const CONTEXT_FILES_MAX = 1_000_000;
/** Of one context, where builds of different contents of it run at the same time. */
export const CONTEXT_COPIES_MAX = 16;
/** Transfers that are remembered. */
export const CONTEXTS_PENDING_MAX = 256;
/** One that was sent is left alone for this long: its build is about to begin. */
export const CONTEXT_PENDING_MS = 60 * 60_000;
/** All that are kept, each of the two; and since their last use. */
export const CONTEXT_BYTES_MAX = 5 * GIB;
export const CACHE_MOUNT_BYTES_MAX = 10 * GIB;
export const FOLDER_AGE_MS_MAX = 30 * 24 * 60 * 60_000;

/** Bootstrap. */
export const BOOTSTRAP_TIMEOUT_MS = 20 * 60_000;
export const BOOTSTRAP_OUTPUT_LINES_KEPT = 20;
/** Sources, keyrings and configuration copied from the host's apt. */
export const APT_FILE_BYTES_MAX = 1 * MIB;
/** References as written whose image is remembered. */
export const RESOLVED_KEPT_MAX = 4096;
/** What is put aside within one millisecond. */
export const QUARANTINE_NAMES_MAX = 20_000;
export const INDEX_BYTES_MAX = 64 * MIB;
/** Of an open that renames and mounts elsewhere on the host disturb. */
export const OPEN_TRIES_MAX = 1000;
/** Of one repository: in all, and the answer of a registry with some of them. */
export const TAGS_MAX = 20_000;
export const TAGS_BYTES_MAX = 4 * MIB;
