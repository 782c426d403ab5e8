/** Which of the folders that only save time are kept: by last use, within a size. */

export type KeptFolder = { readonly path: string; readonly bytes: number; readonly usedAtMs: number };
export type KeepBounds = { readonly bytesMax: number; readonly ageMsMax: number };

/** Those to remove, the longest unused first. What is in use is not offered here, but counts: `bytesInUse`. */
export function surplus(
  folders: readonly KeptFolder[],
  bounds: KeepBounds,
  nowMs: number,
  bytesInUse = 0,
): readonly KeptFolder[] {
  const newestFirst = folders.toSorted((a, b) => b.usedAtMs - a.usedAtMs);
  let sum = bytesInUse;
  const gone = newestFirst.filter(({ bytes, usedAtMs }) => {
    if (nowMs - usedAtMs > bounds.ageMsMax || sum + bytes > bounds.bytesMax) return true;
    sum += bytes;
    return false;
  });
  return gone.toReversed();
}
