/** Numbers in [0, 1) from a seed (mulberry32): a failure can be had again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of its own for each of `path`: what one draws does not move the others. */
export const seededAt = (...path: readonly number[]): (() => number) =>
  seeded(path.reduce((mixed, each) => Math.imul(mixed ^ each, 0x9e3779b1) + 0x7f4a7c15, 0));
