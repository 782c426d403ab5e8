/** "Did you mean", as a hint. */
import { nearestWord } from '@orc/model';

/** `did you mean "image"?`, or undefined when nothing is near. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  const near = nearestWord(word, known);
  return near === undefined ? undefined : `did you mean "${near}"?`;
}
