/** depends_on: whether a service may start, and why not. */
import type {
  DependencyFailed,
  DependsOn,
  Failure,
  ObjectId,
  ServiceObj,
  TaskObj,
  WaitReason,
} from '@orc/model';
import { allDependencies } from '../project/joins.ts';
import { serviceName } from '../project/types.ts';
import { named, type State, where } from '../state/table.ts';
import {
  endedForGood,
  failureOf,
  isAsWanted,
  isCurrent,
  isPending,
  isRunning,
  isSettled,
  succeeded,
} from './progress.ts';
import { wantedSlots } from './slots.ts';

/** `dependency-failed`: it will not open by itself. */
export type GateReason = Extract<WaitReason, { readonly kind: 'dependency' | 'dependency-failed' }>;

/** What has been found out about other services of the same state. */
export type Gates = Map<ObjectId, GateReason | undefined>;

/** Undefined: open. A failed dependency is told before one that is only waited for. */
export function gateOf(state: State, service: ServiceObj, known: Gates = new Map()): GateReason | undefined {
  if (known.has(service.id)) return known.get(service.id);
  // A ring, which a compose file cannot have, is cut where it was entered.
  known.set(service.id, undefined);
  const shut = allDependencies(service.spec).flatMap(
    (each) => dependencyGate(state, service, each, known) ?? [],
  );
  const gate = shut.find((each) => each.kind === 'dependency-failed') ?? shut[0];
  known.set(service.id, gate);
  return gate;
}

function dependencyGate(
  state: State,
  service: ServiceObj,
  dependency: DependsOn,
  known: Gates,
): GateReason | undefined {
  const target = named(state, 'service', serviceName(service.spec.project, dependency.service));
  if (target === undefined || target.spec.removing !== undefined) return undefined;
  const tasks = where(state, 'task', 'service', target.id).filter(
    (task) => isCurrent(task) && isAsWanted(task, target.spec),
  );
  const rule = CONDITIONS[dependency.condition];
  const why = { service: dependency.service, condition: dependency.condition };
  for (const task of tasks) {
    const failure = isPending(task, target.spec)
      ? failedGate(state, target, known)
      : failureOfBegun(task, target, rule);
    if (failure === undefined) continue;
    return dependency.required === false ? undefined : { kind: 'dependency-failed', ...why, failure };
  }
  const met = tasks.filter((task) => begun(task, target) && rule.met(task)).length;
  return met >= wantedSlots(state, target).length ? undefined : { kind: 'dependency', ...why };
}

/** What never starts because of what it depends on fails whoever depends on it. */
function failedGate(state: State, target: ServiceObj, known: Gates): DependencyFailed | undefined {
  if (target.spec.desired !== 'run') return undefined;
  const gate = gateOf(state, target, known);
  return gate?.kind === 'dependency-failed' ? gate : undefined;
}

/** What its task reports is about the start that was asked for last. */
const begun = (task: TaskObj, target: ServiceObj): boolean =>
  !isPending(task, target.spec) && isSettled(task);

type Condition = {
  readonly met: (task: TaskObj) => boolean;
  /** Of a task that has begun; undefined: not failed. */
  readonly failed: (task: TaskObj, target: ServiceObj) => Failure | undefined;
};

const FAILED: ReadonlySet<string> = new Set(['failed', 'rejected']);

const CONDITIONS: Readonly<Record<DependsOn['condition'], Condition>> = {
  service_started: {
    met: (task) => isRunning(task) || (task.status.attempt > 0 && !FAILED.has(task.status.phase)),
    failed: (task, target) =>
      task.status.phase !== 'exited' && endedForGood(task, target.spec) ? failureOf(task) : undefined,
  },
  service_healthy: {
    met: (task) => isRunning(task) && task.status.health === 'healthy',
    failed: (task, target) => {
      if (endedForGood(task, target.spec)) return failureOf(task);
      if (!isRunning(task)) return undefined;
      if (task.status.health === 'none') return { kind: 'unchecked', container: task.name };
      return task.status.health === 'unhealthy' ? { kind: 'unhealthy', container: task.name } : undefined;
    },
  },
  service_completed_successfully: {
    met: succeeded,
    failed: (task, target) =>
      endedForGood(task, target.spec) && !succeeded(task) ? failureOf(task) : undefined,
  },
};

const failureOfBegun = (task: TaskObj, target: ServiceObj, rule: Condition): Failure | undefined =>
  task.status.phase === 'rejected' || isSettled(task) ? rule.failed(task, target) : undefined;
