/** What the daemon's verdicts on a project mean to a verb: rows of progress, and whether it is over. Pure. */
import type { ProjectView } from '@orc/api/client';
import {
  explainState,
  explainTurn,
  explainWait,
  type Failure,
  type Goal,
  OrcError,
  type Problem,
  problemOfFailure,
  problemOfWait,
  type ServiceVerdict,
  type TaskState,
  type TaskVerdict,
} from '@orc/model';
import { UNPLACED_MS } from '../limits.ts';
import type { Progress } from '../report/reporter.ts';

export type Wanted = {
  readonly goal: Goal;
  /** Absent: all. */
  readonly services?: readonly string[];
  /** How long nothing has happened. */
  readonly quietMs?: number;
};

export type Judgement = {
  readonly done: boolean;
  readonly rows: readonly Progress[];
  /** What will not come right by waiting. */
  readonly failure?: OrcError;
  /** The service that has the failure, which may be of the files. */
  readonly cause?: readonly [string, Failure];
};

export function judgeUp(view: ProjectView, wanted: Wanted): Judgement {
  const { goal, quietMs = 0 } = wanted;
  const services = chosen(view, wanted);
  const rows = services.flatMap((service) => [
    ...service.tasks.filter((task) => task.current).map((task) => rowOf(task, service, goal)),
    ...service.tasks.flatMap(turnOf),
  ]);
  const done = services.every(({ missing }) => missing[goal] === undefined);
  const cause = causeOf(services, goal);
  if (cause !== undefined) return { done, rows, cause, failure: new OrcError(problemOfFailure(...cause)) };
  const problem = quietMs < UNPLACED_MS ? undefined : stuckProblem(services, goal);
  return problem === undefined ? { done, rows } : { done, rows, failure: new OrcError(problem) };
}

/** Containers that are not as wanted, and what each does. */
export const unready = (view: ProjectView, wanted: Wanted): readonly string[] =>
  chosen(view, wanted)
    .flatMap(({ tasks }) => tasks)
    .filter(
      ({ current, missing, follows }) =>
        follows !== undefined || (current && missing[wanted.goal] !== undefined),
    )
    .map(
      ({ container, state, follows }) =>
        `${container}: ${follows ? explainTurn(follows) : explainState(state)}`,
    );

const chosen = ({ verdicts }: ProjectView, { services }: Wanted): readonly ServiceVerdict[] =>
  verdicts.filter((each) => services?.includes(each.service) ?? true);

/** What broke, before what could not start because of it. */
function causeOf(services: readonly ServiceVerdict[], goal: Goal): [string, Failure] | undefined {
  const failures = services.flatMap(({ service, missing }): [string, Failure][] => {
    const standing = missing[goal];
    return standing?.standing === 'failed' ? [[service, standing.failure]] : [];
  });
  return failures.find(([, failure]) => failure.kind !== 'dependency-failed') ?? failures[0];
}

/** On one's own host, waiting for what nobody is about to change has no end. */
function stuckProblem(services: readonly ServiceVerdict[], goal: Goal): Problem | undefined {
  for (const { missing, tasks } of services) {
    if (missing[goal]?.standing !== 'stuck') continue;
    for (const { current, container, missing: own } of tasks) {
      const standing = own[goal];
      if (current && standing?.standing === 'stuck') return problemOfWait(container, standing.reason);
    }
  }
  return undefined;
}

/** A container of before whose place is the next that an update renews: `--progress` would stand still meanwhile. */
const turnOf = ({ container, follows }: TaskVerdict): readonly Progress[] =>
  follows === undefined ? [] : [{ id: idOf(container), ...working(`Waiting: ${explainTurn(follows)}`) }];

type Told = Pick<Progress, 'text' | 'state'>;

function rowOf(task: TaskVerdict, service: ServiceVerdict, goal: Goal): Progress {
  const failed = task.missing[goal]?.standing === 'failed';
  const told = goal === 'created' ? madeRow(task.state) : startRow(task.state, service.awaited, goal);
  return { id: idOf(task.container), ...told, ...(failed ? { state: 'error' } : {}) };
}

const idOf = (container: string): string => `Container ${container}`;
const working = (text: string): Told => ({ text, state: 'working' });
const done = (text: string): Told => ({ text, state: 'done' });

function madeRow(state: TaskState): Told {
  if (state.state === 'failed' || state.state === 'waiting' || state.state === 'creating')
    return startRow(state, false, 'created');
  return done(state.state === 'running' ? 'Running' : 'Created');
}

function startRow(state: TaskState, awaited: boolean, goal: Goal): Told {
  switch (state.state) {
    case 'waiting':
      return working(`Waiting: ${explainWait(state.reason)}`);
    case 'creating':
      return working('Creating');
    case 'failed':
      return { text: 'Error', state: 'error' };
    case 'running':
      return awaited || goal === 'healthy' ? HEALTH[state.health] : HEALTH.none;
    case 'backing-off':
      return { text: restartingText(state.code), state: goal === 'healthy' ? 'working' : 'warning' };
    case 'exited':
      return state.code === 0 ? done('Exited') : { text: `Exited (${state.code})`, state: 'warning' };
    case 'stopping':
      return working('Stopping');
    case 'removing':
      return working('Removing');
    default:
      return working('Starting');
  }
}

const restartingText = (code: number): string => `Restarting (exited ${code})`;

const HEALTH = {
  none: done('Started'),
  starting: working('Waiting'),
  healthy: done('Healthy'),
  unhealthy: working('Unhealthy'),
} as const;

export type Ending = 'stop' | 'start' | 'restart' | 'kill' | 'rm';
type Row = {
  readonly working: string;
  readonly done: string;
  /** Of a container that has acted on it. */
  readonly states: ReadonlySet<TaskState['state']>;
};
const STOPPED: Row['states'] = new Set(['created', 'waiting', 'exited', 'failed']);
/** One that ended again at once was started all the same. */
const STARTED: Row['states'] = new Set(['running', 'backing-off', 'exited']);
const ENDINGS: Readonly<Record<Ending, Row>> = {
  stop: { working: 'Stopping', done: 'Stopped', states: STOPPED },
  kill: { working: 'Killing', done: 'Killed', states: STOPPED },
  start: { working: 'Starting', done: 'Started', states: STARTED },
  restart: { working: 'Restarting', done: 'Started', states: STARTED },
  rm: { working: 'Removing', done: 'Removed', states: new Set() },
};

/** Every container that the verb touched has acted on it. `names`: those that it touched. */
export function judgeAction(view: ProjectView | null, kind: Ending, names: readonly string[]): Judgement {
  const judged = names.map((name) => judgeOne(view?.verdicts ?? [], ENDINGS[kind], name));
  const rows = judged.map(({ row }) => row);
  const problem = judged.find((each) => each.problem !== undefined)?.problem;
  const over = rows.every((row) => row.state === 'done');
  return problem === undefined ? { done: over, rows } : { done: over, rows, failure: new OrcError(problem) };
}

function judgeOne(
  verdicts: readonly ServiceVerdict[],
  action: Row,
  name: string,
): { readonly row: Progress; readonly problem?: Problem } {
  const id = idOf(name);
  const service = verdicts.find(({ tasks }) => tasks.some((task) => task.container === name));
  const own = service?.tasks.filter((task) => task.container === name) ?? [];
  const task = own.find((each) => each.current) ?? own[0];
  if (service === undefined || task === undefined || action.states.has(task.state.state))
    return { row: { id, ...done(action.done) } };
  return action.states === STARTED
    ? startOf(task, service, action)
    : { row: { id, ...working(action.working) } };
}

function startOf(
  { state, container, missing }: TaskVerdict,
  { service }: ServiceVerdict,
  action: Row,
): { readonly row: Progress; readonly problem?: Problem } {
  const id = idOf(container);
  const { started } = missing;
  if (started?.standing === 'failed')
    return {
      row: { id, ...startRow(state, false, 'started'), state: 'error' },
      problem: problemOfFailure(service, started.failure),
    };
  // What has no place starts by itself when there is one: nobody waits for that.
  const unplaced = state.state === 'waiting' && state.reason.kind !== 'dependency';
  if (unplaced) return { row: { id, ...done(action.done) } };
  return {
    row: { id, ...(state.state === 'waiting' ? startRow(state, false, 'started') : working(action.working)) },
  };
}
