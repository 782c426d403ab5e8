/** Bounds of this package. */
export const LIMITS = {
  /** Wrong places of one document: more are not told, who reads them mends those first. */
  problemsMax: 20,
  /** A place is made of the sender's own words. */
  placeLengthMax: 200,
  /** Longer words are not compared: the cost grows with the square. */
  wordLengthMax: 64,
  /** Columns of a line that a problem shows, and of those at most so many before its place. */
  excerptColumnsMax: 200,
  excerptBeforeMax: 120,
  /** As `KINDS.project.namePattern` has it. */
  projectNameLengthMax: 200,
  /** As `CONTAINER_NAME` has it. */
  containerNameLengthMax: 255,
} as const;
