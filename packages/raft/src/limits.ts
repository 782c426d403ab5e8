/** Every bound of the log, by name. */

/** A segment is filled with zeros and synced before its first record, so that an append changes no file size. */
export const SEGMENT_BYTES = 8 * 1024 * 1024;
export const ENTRY_BYTES_MAX = 4 * 1024 * 1024;
/** One write and one sync serve at most this much, or a single entry. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
export const BATCH_RECORDS_MAX = 4096;
export const PROPOSALS_WAITING_MAX = 8192;
export const SNAPSHOTS_KEPT = 2;
/** The next segment is prepared in the background once this share of the current one is used. */
export const SPARE_WHEN_USED = 0.5;
export const WRITE_CHUNK_BYTES = 256 * 1024;
