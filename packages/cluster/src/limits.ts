/** Every bound of the state and its rules, by name. */

/** Networks take their subnets from these, the first free one. */
export const NETWORK_POOLS = ['10.128.0.0/10'] as const;
export const NETWORK_PREFIX_LENGTH = 24;
/** A network that is full grows by such subnets, up to so many. */
export const NETWORK_SUBNETS_MAX = 16;
/** A node gives addresses to its own containers out of such a part of a network. */
export const BLOCK_PREFIX_LENGTH = 28;
export const NETWORK_INDEX_MAX = 65_535;
export const REPLICAS_MAX = 10_000;
/** Tasks that one pass writes, so that its change set stays below 1 MB (DECISIONS 29); the next goes on. */
export const TASKS_PER_PASS = 400;
/** Passes that a dry run looks ahead; what is placed by none of them is not told. */
export const PASSES_FORESEEN_MAX = 20;
/** Encoded snapshots come in slices of about this many characters. */
export const SNAPSHOT_SLICE_CHARS = 256 * 1024;
/** Changed fields that a plan tells of one service, and the text of one. */
export const FIELDS_MAX = 200;
export const FIELD_TEXT_MAX = 300;
/** Changed fields that are named in one line. */
export const FIELDS_NAMED_MAX = 4;
