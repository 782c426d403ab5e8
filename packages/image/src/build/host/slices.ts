/** Long synchronous work in slices, so that the daemon answers meanwhile. */
import { performance } from 'node:perf_hooks';
import { SLICE_MS } from '../../limits.ts';

export type Slices = () => Promise<void> | undefined;

/** Call it between small pieces and await what it returns, if anything. Throws when `signal` has aborted. */
export function newSlices(signal: AbortSignal | undefined): Slices {
  let until = performance.now() + SLICE_MS;
  return () => {
    if (performance.now() < until) return undefined;
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        until = performance.now() + SLICE_MS;
        if (signal?.aborted === true) reject(signal.reason as Error);
        else resolve();
      });
    });
  };
}
