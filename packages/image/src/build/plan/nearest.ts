/** The candidate at an edit distance of at most 2 (and less than half the word), the closest first. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ distance }) => distance <= 2 && distance * 2 <= word.length)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, char] of [...a].entries()) {
    const previous = row;
    row = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (previous[j - 1] as number) + (char === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
  }
  return row[b.length] as number;
}
