/** Why the last step of one container came to nothing, and when a stop or removal is tried again. */
import { type Clock, defined, OrcError, type Problem, type TaskDesired, toProblem } from '@orc/model';
import { LIMITS } from '../limits.ts';
import type { Observed, Step } from '../plan/step.ts';
import type { LifeDeps } from './deps.ts';

export type Failure = {
  readonly generation: number;
  readonly problem: Problem;
  readonly phase: 'failed' | 'rejected';
  /** Of a stop or a removal: it is over when a later one comes about. */
  readonly ending?: boolean;
};

export type Failures = {
  readonly last: Failure | undefined;
  /** Why the stop or removal that was asked for last has not come about yet. */
  readonly stuck: Problem | undefined;
  readonly observed: Pick<Observed, 'failedGeneration' | 'retryAt'>;
  /** Whatever was asked for is tried at once; `anew`: also what failed. */
  asked(anew: boolean): void;
  failed(step: Step['do'], generation: number, error: unknown): void;
  /** A step has come about: a failed stop or removal before it says nothing any more. */
  succeeded(): void;
  forget(): void;
};

/** `last`: of the daemon before. */
export function openFailures(
  name: string,
  last: Failure | undefined,
  { clock, emit }: { readonly clock: Clock; readonly emit: LifeDeps['emit'] },
): Failures {
  let stuck: Problem | undefined;
  let retryAt: number | undefined;
  return {
    get last() {
      return last;
    },
    get stuck() {
      return stuck;
    },
    get observed() {
      return defined({ failedGeneration: last?.generation, retryAt });
    },
    asked(anew) {
      stuck = undefined;
      retryAt = undefined;
      if (anew) last = undefined;
    },
    failed(step, generation, error) {
      const problem = toProblem(error);
      const ending = step === 'remove' || step === 'stop';
      tell(`${step} of ${name} failed`, error, problem, emit);
      last = { generation, problem, phase: step === 'prepare' ? 'rejected' : 'failed', ending };
      retryAt = ending ? clock.monotonic() + LIMITS.retryMs : undefined;
      if (ending) stuck = problem;
    },
    succeeded() {
      stuck = undefined;
      retryAt = undefined;
      if (last?.ending === true) last = undefined;
    },
    forget() {
      last = undefined;
    },
  };
}

function tell(what: string, error: unknown, problem: Problem, emit: LifeDeps['emit']): void {
  if (error instanceof OrcError) emit('warn', what, { error: problem.message });
  else emit('error', what, { error: String((error as Error).stack) });
}

/** Only that of a start outlives the daemon: the rest is tried again. */
export const outlives = ({ phase, ending, generation }: Failure, desired: TaskDesired): boolean =>
  phase === 'failed' && ending !== true && generation === desired.generation;
