/** Jobs of one thread take turns. */
import { setImmediate } from 'node:timers/promises';
import { THREAD_TURN_MS } from '../limits.ts';
import type { Tools } from './jobs.ts';

export type Turn = () => Promise<void> | undefined;

/** Call it between small pieces and await what it returns, if anything. Throws once the caller has given up. */
export function turns({ check }: Pick<Tools, 'check'>): Turn {
  let until = performance.now() + THREAD_TURN_MS;
  return () => {
    check();
    if (performance.now() < until) return undefined;
    return setImmediate().then(() => {
      until = performance.now() + THREAD_TURN_MS;
    });
  };
}
