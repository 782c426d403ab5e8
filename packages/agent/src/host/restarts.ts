/** Restarts of one container by its policy: when the next is due, and what the ones before it count for. */
import type { Clock, Exit, RestartPolicy } from '@orc/model';
import { decideRestart } from '../plan/restart.ts';

export type Restarts = {
  /** On the monotonic clock: a change of the time of day starts nothing, and keeps nothing from starting. */
  readonly dueAt: number | undefined;
  /** The same by the time of day, as it is told. */
  readonly toldAt: number | undefined;
  /** Makes the next due as the policy has it, or not at all. */
  decide(policy: RestartPolicy | undefined, exit: Exit, ranMs: number): void;
  dueNow(): void;
  cancel(): void;
  /** As many as `count` in a row have been, without a back-off to go on from. */
  countFrom(count: number): void;
};

export function openRestarts(clock: Clock): Restarts {
  let due: { readonly at: number; readonly told: number } | undefined;
  let inRow = 0;
  let lastDelayMs = 0;
  const dueIn = (delayMs: number): void => {
    due = { at: clock.monotonic() + delayMs, told: clock.now() + delayMs };
  };
  return {
    get dueAt() {
      return due?.at;
    },
    get toldAt() {
      return due?.told;
    },
    decide(policy, exit, ranMs) {
      const decision = decideRestart(policy, { exit, ranMs, restarts: inRow, lastDelayMs });
      if (!decision.restart) return;
      inRow = decision.restarts;
      lastDelayMs = decision.delayMs;
      dueIn(decision.delayMs);
    },
    dueNow: () => dueIn(0),
    cancel: () => {
      due = undefined;
    },
    countFrom: (count) => {
      inRow = count;
      lastDelayMs = 0;
    },
  };
}
