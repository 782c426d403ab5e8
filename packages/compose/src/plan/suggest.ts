/** "Did you mean": the nearest known word by edit distance with transpositions. */
import { LIMITS } from '../limits.ts';

/** `did you mean "image"?`, or undefined when nothing is near. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  const near = nearestWord(word, known);
  return near === undefined ? undefined : `did you mean "${near}"?`;
}

export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LIMITS.suggestLengthMax) return undefined;
  let best: string | undefined;
  let bound = Math.min(3, Math.ceil(word.length / 3) + 0.5);
  for (const each of known) {
    if (each === word || Math.abs(each.length - word.length) >= bound) continue;
    const distance = editDistance(word.toLowerCase(), each.toLowerCase());
    if (distance < bound) {
      bound = distance;
      best = each;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min(
        (previous[j] as number) + 1,
        (current[j - 1] as number) + 1,
        (previous[j - 1] as number) + cost,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (before[j - 2] as number) + 1);
      }
      current.push(value);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] as number;
}
