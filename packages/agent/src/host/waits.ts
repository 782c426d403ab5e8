/** Who waits for a container: for a change of it, or for its end. */
import { type Clock, fail, OrcError } from '@orc/model';
import type { Running } from '@orc/runtime';
import { LIMITS } from '../limits.ts';

export type Waits = {
  /** Resolves when `test` holds; it is asked after each change. Throws `canceled`. */
  until(test: () => boolean, signal?: AbortSignal): Promise<void>;
  changed(): void;
};

export function openWaits(): Waits {
  const watchers = new Set<() => void>();
  return {
    async until(test, signal) {
      while (!test()) {
        if (signal?.aborted) throw givenUp(signal);
        const { promise, resolve } = Promise.withResolvers<void>();
        const wake = (): void => resolve();
        watchers.add(wake);
        signal?.addEventListener('abort', wake, { once: true });
        await promise;
        signal?.removeEventListener('abort', wake);
        watchers.delete(wake);
      }
    },
    changed() {
      for (const wake of watchers) wake();
    },
  };
}

/** Whoever gives a wait up may say why. */
const givenUp = ({ reason }: AbortSignal): OrcError =>
  reason instanceof OrcError ? reason : fail('canceled', 'the wait was given up');

/** After SIGKILL. Throws `timeout` when it does not come. */
export async function endOf(running: Running, name: string, clock: Clock): Promise<void> {
  const abort = new AbortController();
  const late = clock.sleep(LIMITS.killWaitMs, abort.signal).then(() => 'late');
  const outcome = await Promise.race([running.exited, late]);
  abort.abort();
  if (outcome === 'late')
    throw fail('timeout', `container ${name} did not end after SIGKILL`, { retry: true });
}
