/** How services do: what each task does, and how that stands to what may be asked of it. The only judge of both. */
import {
  defined,
  exitSucceeded,
  type Failure,
  type Goal,
  GOALS,
  type Missing,
  type ServiceObj,
  type ServiceVerdict,
  type Standing,
  type TaskObj,
  type TaskState,
  type TaskVerdict,
  type WaitReason,
} from '@orc/model';
import { type Gates, gateOf } from './control/gate.ts';
import {
  bySlot,
  endedForGood,
  failureOf,
  isAsWanted,
  isCurrent,
  isLeaving,
  isPending,
  isRunning,
  isSettled,
} from './control/progress.ts';
import { wantedSlots } from './control/slots.ts';
import { turnsOf } from './control/turn.ts';
import { type State, where } from './state/table.ts';

export function judgeProject(state: State, name: string): readonly ServiceVerdict[] {
  const services = where(state, 'service', 'project', name).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const tasks = where(state, 'task', 'project', name).toSorted(bySlot);
  const byService = Map.groupBy(tasks, (task) => task.spec.serviceId);
  const known: Gates = new Map();
  const leaving = tasks.some((task) => isLeaving(task) && isRunning(task));
  return services.map((service) => {
    const awaited = isAwaited(service, services);
    const own = byService.get(service.id) ?? [];
    const turns = turnsOf(service, own);
    const judged = own.map((task) => ({
      ...judgeTask({ state, service, task, known, leaving }),
      ...defined({ follows: turns.get(task.id) }),
    }));
    const wanted = wantedSlots(state, service).length;
    const { service: key } = service.spec;
    return { service: key, wanted, awaited, tasks: judged, missing: sumOf(service, judged, wanted) };
  });
}

/** Somebody's start depends on its health. */
const isAwaited = ({ spec }: ServiceObj, services: readonly ServiceObj[]): boolean =>
  services.some((each) =>
    each.spec.dependsOn.some(
      ({ service, condition }) => service === spec.service && condition === 'service_healthy',
    ),
  );

type Case = {
  readonly state: State;
  readonly service: ServiceObj;
  readonly task: TaskObj;
  readonly known: Gates;
  /** Something in the project is on its way out, and may make room. */
  readonly leaving: boolean;
};

function judgeTask(each: Case): TaskVerdict {
  const { task, service } = each;
  const state = stateOf(each);
  return {
    task: task.id,
    container: task.name,
    current: isCurrent(task) && isAsWanted(task, service.spec),
    state,
    missing: eachGoal((goal) => standingOf(each, state, goal)),
  };
}

const eachGoal = (of: (goal: Goal) => Standing | undefined): Missing =>
  defined(Object.fromEntries(GOALS.map((goal) => [goal, of(goal)])));

function stateOf({ state, service, task, known }: Case): TaskState {
  const { desired } = task.spec;
  if (!isCurrent(task)) return { state: 'removing' };
  const pending = isPending(task, service.spec);
  if (service.spec.desired === 'stop' || (desired.state === 'stop' && !pending)) return stoppedState(task);
  // What an earlier start came to says nothing about the one that was asked for now.
  if (!pending && isSettled(task)) return actedState(task, service);
  const wait = waitOf(state, service, task, known);
  if (wait !== undefined) return { state: 'waiting', reason: wait };
  return task.status.phase === 'ready' && desired.state === 'ready' && !pending
    ? { state: 'created' }
    : comingState(task);
}

/** To be started, and not yet: what keeps it, if something does. */
function waitOf(state: State, service: ServiceObj, task: TaskObj, known: Gates): WaitReason | undefined {
  const gate =
    service.spec.desired === 'run' && isPending(task, service.spec)
      ? gateOf(state, service, known)
      : undefined;
  return gate?.kind === 'dependency-failed' ? gate : (task.spec.pending ?? gate);
}

const UNMADE: ReadonlySet<string> = new Set(['new', 'assigned', 'preparing']);

function comingState({ status, spec }: TaskObj): TaskState {
  const made = status.attempt > 0 || spec.desired.generation > 1 || !UNMADE.has(status.phase);
  return { state: made ? 'starting' : 'creating' };
}

/** Of what the agent has done about the start that was asked for last. */
function actedState(task: TaskObj, service: ServiceObj): TaskState {
  const { phase, health, exit, restartAt: until } = task.status;
  if (phase === 'failed' || phase === 'rejected') return { state: 'failed', failure: failureOf(task) };
  if (phase === 'running') return { state: 'running', health };
  if (exit === undefined || (phase !== 'exited' && phase !== 'preparing')) return comingState(task);
  const again = phase === 'preparing' || (!exitSucceeded(exit) && !endedForGood(task, service.spec));
  if (!again) return { state: 'exited', code: exit.code };
  return { state: 'backing-off', code: exit.code, ...(until === undefined ? {} : { until }) };
}

const RUNS: ReadonlySet<string> = new Set(['new', 'preparing', 'running']);

function stoppedState(task: TaskObj): TaskState {
  const { phase, exit } = task.status;
  if (phase === 'failed' || phase === 'rejected') return { state: 'failed', failure: failureOf(task) };
  if (task.spec.node !== null && RUNS.has(phase)) return { state: 'stopping' };
  return exit === undefined ? { state: 'created' } : { state: 'exited', code: exit.code };
}

const REACHED = undefined;
const COMING: Standing = { standing: 'coming' };
const failed = (failure: Failure): Standing => ({ standing: 'failed', failure });

function standingOf(each: Case, state: TaskState, goal: Goal): Standing | undefined {
  switch (state.state) {
    case 'failed':
      return failed(state.failure);
    case 'waiting':
      return waitingStanding(state.reason, each);
    case 'running':
      if (goal === 'created') return REACHED;
      return (goal === 'healthy' ? healthStanding(state.health, each.task) : REACHED) ?? jobsStanding(each);
    case 'exited':
      return goal === 'healthy' && !endedWell(each.task) ? failed(failureOf(each.task)) : REACHED;
    case 'backing-off':
      return goal === 'healthy' ? COMING : REACHED;
    case 'created':
    case 'starting':
      return goal === 'created' ? REACHED : COMING;
    default:
      return COMING;
  }
}

/** Who runs on while what it depends on does its work anew is as it should be once that has succeeded. */
function jobsStanding({ state, service, known }: Case): Standing | undefined {
  const gate = service.spec.desired === 'run' ? gateOf(state, service, known) : undefined;
  if (gate?.condition !== 'service_completed_successfully') return REACHED;
  return gate.kind === 'dependency-failed' ? failed(gate) : COMING;
}

const endedWell = ({ status: { exit } }: TaskObj): boolean => exit !== undefined && exitSucceeded(exit);

function healthStanding(health: string, { name: container }: TaskObj): Standing | undefined {
  if (health === 'unhealthy') return failed({ kind: 'unhealthy', container });
  return health === 'starting' ? COMING : REACHED;
}

/** What makes room by itself is told by its reason, or stops at this moment. */
function waitingStanding(reason: WaitReason, { leaving }: Case): Standing {
  if (reason.kind === 'dependency-failed') return failed(reason);
  const moves =
    leaving ||
    reason.kind === 'dependency' ||
    reason.kind === 'predecessor' ||
    reason.kind === 'network-leaving' ||
    (reason.kind === 'address-taken' && reason.leaving) ||
    (reason.kind === 'no-node' && reason.refusals.some((each) => each.kind === 'port-taken' && each.leaving));
  return moves ? COMING : { standing: 'stuck', reason };
}

/** What failed, then whether enough are there, then what is stuck. */
function sumOf(service: ServiceObj, tasks: readonly TaskVerdict[], wanted: number): Missing {
  const current = tasks.filter((task) => task.current);
  const paused = service.status.updateState === 'paused' ? pauseOf(current) : undefined;
  return eachGoal((goal) => {
    const standings = current.map((task) => task.missing[goal]);
    const broken = standings.find((each) => each?.standing === 'failed');
    if (broken !== undefined) return broken;
    if (standings.filter((each) => each === REACHED).length >= wanted) return REACHED;
    return paused ?? standings.find((each) => each?.standing === 'stuck') ?? COMING;
  });
}

/** DECISIONS 2: the other slots wait for another `up`. */
function pauseOf(tasks: readonly TaskVerdict[]): Standing | undefined {
  const broken = tasks.map(({ missing }) => missing.healthy).find((each) => each?.standing === 'failed');
  return broken === undefined ? undefined : failed({ kind: 'update-paused', failure: broken.failure });
}
