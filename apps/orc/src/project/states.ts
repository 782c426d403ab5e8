/** Words for what containers are. */
import { fail, nearestWord } from '@orc/model';

const STATES = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'] as const;

export function mustBeState(word: string): void {
  if ((STATES as readonly string[]).includes(word)) return;
  const meant = nearestWord(word, STATES);
  throw fail('usage.invalid', `no container has the status ${word}`, {
    hint: meant === undefined ? `it is one of ${STATES.join(', ')}` : `did you mean ${meant}?`,
  });
}
