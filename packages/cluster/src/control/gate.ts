/** depends_on: whether a service may start, and in words why not. */
import type { DependsOn, ServiceObj, TaskObj } from '@orc/model';
import { allDependencies } from '../project/joins.ts';
import { serviceName } from '../project/types.ts';
import { named, type State, where } from '../state/table.ts';
import {
  endedForGood,
  howItEnded,
  isCurrent,
  isPending,
  isRunning,
  isSettled,
  succeeded,
} from './progress.ts';
import { wantedSlots } from './slots.ts';

export type Gate =
  | { readonly open: true }
  /** `failed`: it will not open by itself. */
  | { readonly open: false; readonly failed: boolean; readonly reason: string };

const OPEN: Gate = { open: true };

/** A failed dependency is told before one that is only waited for. */
export function gateOf(state: State, service: ServiceObj): Gate {
  const gates = allDependencies(service.spec).map((each) => dependencyGate(state, service, each));
  const shut = gates.filter((gate) => !gate.open);
  return shut.find((gate) => gate.failed) ?? shut[0] ?? OPEN;
}

function dependencyGate(state: State, service: ServiceObj, dependency: DependsOn): Gate {
  const target = named(state, 'service', serviceName(service.spec.project, dependency.service));
  if (target === undefined || target.spec.removing !== undefined) return OPEN;
  const wanted = wantedSlots(state, target).length;
  const tasks = where(state, 'task', 'service', target.id).filter(
    (task) => isCurrent(task) && task.spec.hash === target.spec.hash,
  );
  const condition = CONDITIONS[dependency.condition];
  const failed = tasks.map((task) => failureOf(task, target, condition)).find((each) => each !== undefined);
  const { service: name } = dependency;
  if (failed !== undefined) {
    if (dependency.required === false) return OPEN;
    return { open: false, failed: true, reason: `dependency ${name} failed: ${failed}` };
  }
  const met = tasks.filter((task) => begun(task, target) && condition.met(task)).length;
  if (met >= wanted) return OPEN;
  return { open: false, failed: false, reason: `waits for ${name} ${condition.words}` };
}

/** What its task reports is about the start that was asked for last. */
const begun = (task: TaskObj, target: ServiceObj): boolean =>
  !isPending(task, target.spec) && isSettled(task);

type Condition = {
  readonly words: string;
  readonly met: (task: TaskObj) => boolean;
  /** In words, of a task that has begun; undefined: not failed. */
  readonly failed: (task: TaskObj, target: ServiceObj) => string | undefined;
};

const FAILED: ReadonlySet<string> = new Set(['failed', 'rejected']);

const CONDITIONS: Readonly<Record<DependsOn['condition'], Condition>> = {
  service_started: {
    words: 'to start',
    met: (task) => isRunning(task) || (task.status.attempt > 0 && !FAILED.has(task.status.phase)),
    failed: (task, target) =>
      task.status.phase !== 'exited' && endedForGood(task, target.spec) ? howItEnded(task) : undefined,
  },
  service_healthy: {
    words: 'to be healthy',
    met: (task) => isRunning(task) && task.status.health === 'healthy',
    failed: (task, target) => {
      if (endedForGood(task, target.spec)) return howItEnded(task);
      if (!isRunning(task)) return undefined;
      if (task.status.health === 'none') return `${task.name} has no health check`;
      return task.status.health === 'unhealthy' ? `${task.name} is unhealthy` : undefined;
    },
  },
  service_completed_successfully: {
    words: 'to complete',
    met: succeeded,
    failed: (task, target) =>
      endedForGood(task, target.spec) && !succeeded(task) ? howItEnded(task) : undefined,
  },
};

function failureOf(task: TaskObj, target: ServiceObj, condition: Condition): string | undefined {
  if (isPending(task, target.spec)) {
    const gate = task.spec.pendingReason;
    return gate?.startsWith('dependency ') === true ? gate : undefined;
  }
  return task.status.phase === 'rejected' || isSettled(task) ? condition.failed(task, target) : undefined;
}
