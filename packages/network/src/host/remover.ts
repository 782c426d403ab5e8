/** Unmounts released namespaces in batches, off the path of whoever let go of them. */
import type { Clock, Emit, Kernel } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { planRemove } from '../plan/netplan.ts';

export type Remover = {
  readonly remove: (paths: readonly string[]) => void;
  readonly settled: () => Promise<void>;
};

/** What cannot be removed stays on disk, and is swept at the next start. */
export function openRemover(options: {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly emit: Emit;
}): Remover {
  const queue: string[] = [];
  let running: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0, LIMITS.removeBatchMax);
      try {
        await options.kernel.run(planRemove(batch));
      } catch (error) {
        options.emit('warn', 'namespaces not removed', { namespaces: batch, error: String(error) });
      }
    }
  };
  const start = (): void => {
    running ??= options.clock
      .sleep(LIMITS.removeDelayMs)
      .then(drain)
      .finally(() => {
        running = undefined;
        if (queue.length > 0) start();
      });
  };
  return {
    remove: (paths) => {
      queue.push(...paths);
      if (paths.length > 0) start();
    },
    settled: async () => {
      while (running !== undefined) await running;
    },
  };
}
