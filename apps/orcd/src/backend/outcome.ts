/** What an engine command on a task's container has come to, read from the verdict on that task alone. */
import {
  type Failure,
  type Problem,
  problemOfFailure,
  problemOfWait,
  type ServiceVerdict,
  type Standing,
  type TaskState,
  type TaskVerdict,
} from '@orc/model';
import type { TaskAction } from './containers.ts';

export type Outcome =
  | { readonly come: 'coming' }
  | { readonly come: 'reached' }
  | { readonly come: 'failed'; readonly problem: Problem };

const COMING: Outcome = { come: 'coming' };
const REACHED: Outcome = { come: 'reached' };

/** No task: it has been removed, so nothing is to come. */
export function outcomeOf(
  verdicts: readonly ServiceVerdict[],
  { service, task }: { readonly service: string; readonly task: string },
  kind: TaskAction['kind'],
): Outcome {
  const own = verdicts.find((each) => each.service === service)?.tasks.find((each) => each.task === task);
  if (own === undefined) return REACHED;
  if (kind === 'rm') return COMING;
  return kind === 'stop' || kind === 'kill' ? stopped(own.state) : started(service, own);
}

/** Its program may be there, or come back. */
const RUNS: ReadonlySet<TaskState['state']> = new Set([
  'starting',
  'running',
  'backing-off',
  'stopping',
  'removing',
]);

const stopped = ({ state }: TaskState): Outcome => (RUNS.has(state) ? COMING : REACHED);

function started(service: string, { container, missing }: TaskVerdict): Outcome {
  const standing: Standing | undefined = missing.started;
  if (standing === undefined) return REACHED;
  if (standing.standing === 'coming') return COMING;
  const problem =
    standing.standing === 'stuck'
      ? problemOfWait(container, standing.reason)
      : problemOfStart(service, standing.failure);
  return { come: 'failed', problem };
}

/** Whoever starts one container knows which: as its node said it. */
function problemOfStart(service: string, failure: Failure): Problem {
  if (!('problem' in failure)) return problemOfFailure(service, failure);
  const { message, hint } = failure.problem;
  return { code: 'start.failed', message, ...(hint === undefined ? {} : { hint }) };
}
