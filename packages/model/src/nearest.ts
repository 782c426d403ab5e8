/** "Did you mean": the known word that was likely meant. */
import { LIMITS } from './limits.ts';

/**
 * At most two typing mistakes away, one in words of up to three letters; case does not count. Never the word itself, and
 * none that has no letter in common with it.
 */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LIMITS.wordLengthMax) return undefined;
  let best: string | undefined;
  let bound = Math.min(3, Math.ceil(word.length / 3) + 0.5);
  for (const each of known) {
    if (each === word || Math.abs(each.length - word.length) >= bound) continue;
    const distance = editDistance(word.toLowerCase(), each.toLowerCase());
    if (distance >= bound || distance >= Math.max(word.length, each.length)) continue;
    bound = distance;
    best = each;
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment), row by row. */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  const at = (row: readonly number[], index: number): number => row[index] as number;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(replaced, at(previous, j) + 1, at(row, j - 1) + 1, swapped));
    }
    before = previous;
    previous = row;
  }
  return at(previous, b.length);
}
