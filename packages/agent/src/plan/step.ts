/** (desired, observed) to the next step of one container: the whole life of a container in one table. */
import type { TaskDesired } from '@orc/model';

/** What the agent knows of a container that matters to what comes next. */
export type Observed = {
  /** Its image and folder are there. */
  readonly prepared: boolean;
  readonly running: boolean;
  /** Generation of `desired` that the last attempt was started for; 0 before the first. */
  readonly actedGeneration: number;
  /** When the restart policy wants the next attempt; absent: it wants none. */
  readonly restartAt?: number;
  /** It cannot be prepared or started, and nobody asked anew. */
  readonly failedGeneration?: number;
  /** Whose namespaces it joins does not run, and will by itself: that wakes it. */
  readonly holderComes?: boolean;
  /** A stop or a removal failed: not again before this time. */
  readonly retryAt?: number;
};

export type Step =
  | { readonly do: 'prepare' }
  | { readonly do: 'start' }
  | { readonly do: 'stop' }
  | { readonly do: 'remove' }
  /** Until something changes, or until `until`. */
  | { readonly do: 'wait'; readonly until?: number };

const WAIT: Step = { do: 'wait' };

type Rule = (observed: Observed, desired: TaskDesired, now: number) => Step;

const STEPS: Readonly<Record<TaskDesired['state'], Rule>> = {
  ready: (observed, desired) => {
    if (observed.running) return { do: 'stop' };
    return observed.prepared || observed.failedGeneration === desired.generation ? WAIT : { do: 'prepare' };
  },
  run: (observed, desired, now) => {
    const asked = desired.generation > observed.actedGeneration;
    if (observed.running) return asked ? { do: 'stop' } : WAIT;
    if (observed.failedGeneration === desired.generation && observed.restartAt === undefined) return WAIT;
    if (!observed.prepared) return { do: 'prepare' };
    if (observed.holderComes === true) return WAIT;
    if (asked && observed.failedGeneration !== desired.generation) return { do: 'start' };
    if (observed.restartAt === undefined) return WAIT;
    return observed.restartAt <= now ? { do: 'start' } : { do: 'wait', until: observed.restartAt };
  },
  drain: (observed) => (observed.running ? { do: 'stop' } : WAIT),
  stop: (observed) => (observed.running ? { do: 'stop' } : WAIT),
  remove: (observed) => (observed.running ? { do: 'stop' } : { do: 'remove' }),
};

export function nextStep(observed: Observed, desired: TaskDesired, now: number): Step {
  if (observed.retryAt !== undefined && observed.retryAt > now)
    return { do: 'wait', until: observed.retryAt };
  return STEPS[desired.state](observed, desired, now);
}
