/** The state as people and the API look at it. */
import type { NetworkObj, Problem, ProjectObj, ServiceObj, TaskObj, VolumeObj } from '@orc/model';
import {
  bySlot,
  endedForGood,
  hasEnded,
  isCurrent,
  isPending,
  isRunning,
  isUp,
  succeeded,
} from './control/progress.ts';
import { wantedSlots } from './control/slots.ts';
import { all, named, type State, where } from './state/table.ts';

export type ServiceCounts = {
  readonly service: string;
  readonly wanted: number;
  readonly running: number;
  /** Running, and healthy where there is a health check. */
  readonly up: number;
  readonly exited: number;
};

export type ProjectView = {
  readonly project: ProjectObj;
  readonly services: readonly ServiceObj[];
  readonly tasks: readonly TaskObj[];
  readonly networks: readonly NetworkObj[];
  readonly volumes: readonly VolumeObj[];
  readonly counts: readonly ServiceCounts[];
  /** Why tasks do not run that should, and will not by themselves. */
  readonly problems: readonly Problem[];
  /** Nothing is under way: every wanted container is up, has completed or has failed for good. */
  readonly settled: boolean;
};

export function projectView(state: State, name: string): ProjectView | undefined {
  const project = named(state, 'project', name);
  if (project === undefined) return undefined;
  const services = where(state, 'service', 'project', name).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const tasks = where(state, 'task', 'project', name).toSorted(bySlot);
  const problems = services.flatMap((service) => problemsOf(service, tasksOf(tasks, service)));
  return {
    project,
    services,
    tasks,
    networks: where(state, 'network', 'project', name),
    volumes: where(state, 'volume', 'project', name),
    counts: services.map((service) => countsOf(state, service, tasksOf(tasks, service))),
    problems,
    settled: services.every((service) => isSettledService(state, service, tasksOf(tasks, service))),
  };
}

const tasksOf = (tasks: readonly TaskObj[], service: ServiceObj): readonly TaskObj[] =>
  tasks.filter((task) => task.spec.serviceId === service.id);

function countsOf(state: State, service: ServiceObj, tasks: readonly TaskObj[]): ServiceCounts {
  const current = tasks.filter(isCurrent);
  return {
    service: service.spec.service,
    wanted: wantedSlots(state, service).length,
    running: current.filter(isRunning).length,
    up: current.filter(isUp).length,
    exited: current.filter(hasEnded).length,
  };
}

function problemsOf(service: ServiceObj, tasks: readonly TaskObj[]): Problem[] {
  if (service.spec.desired !== 'run') return [];
  return tasks.filter(isCurrent).flatMap((task) => problemOf(service, task) ?? []);
}

/** A task that waits for a dependency which will come is no problem. */
function problemOf(service: ServiceObj, task: TaskObj): Problem | undefined {
  const { pendingReason: reason, node } = task.spec;
  if (reason?.startsWith('dependency ') === true) {
    return {
      code: 'dependency.failed',
      message: `${task.name}: ${reason}`,
      hint: `orc logs ${reason.split(' ')[1]}`,
    };
  }
  if (reason?.startsWith('port ') === true)
    return { code: 'conflict.port', message: `${task.name}: ${reason}` };
  if (node === null && reason !== undefined && !WAITS.test(reason)) {
    return { code: 'conflict.state', message: `${task.name} cannot be placed: ${reason}` };
  }
  if (task.status.phase !== 'failed' && task.status.phase !== 'rejected') return undefined;
  if (!endedForGood(task, service.spec)) return undefined;
  return {
    code: 'start.failed',
    message: `${task.name} ${task.status.phase}: ${task.status.message ?? 'no reason given'}`,
  };
}

const WAITS = /^(waits for|the former container) /;

function isSettledService(state: State, service: ServiceObj, tasks: readonly TaskObj[]): boolean {
  const { desired, removing, hash } = service.spec;
  const current = tasks.filter(isCurrent);
  if (removing !== undefined || tasks.length > current.length) return false;
  if (desired === 'stop') return !current.some(isRunning);
  if (current.length < wantedSlots(state, service).length) return false;
  return current.every((task) => {
    if (task.spec.hash !== hash && service.status.updateState !== 'paused') return false;
    if (desired === 'run' && isPending(task, service.spec)) return problemOf(service, task) !== undefined;
    if (desired === 'ready' && task.spec.desired.state === 'ready') return task.status.phase !== 'new';
    if (task.spec.desired.state === 'stop') return hasEnded(task);
    return (
      isUp(task) ||
      succeeded(task) ||
      problemOf(service, task) !== undefined ||
      endedForGood(task, service.spec)
    );
  });
}

function wordOf(task: TaskObj): string {
  if (isRunning(task)) return 'running';
  if (hasEnded(task)) return 'exited';
  return task.status.phase === 'preparing' && task.status.attempt > 0 ? 'restarting' : 'created';
}

/** `running(2), exited(1)`, as `docker compose ls` says it. */
export function projectStatus(state: State, name: string): string {
  const counts = new Map<string, number>();
  for (const task of where(state, 'task', 'project', name)) {
    const word = wordOf(task);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([word, count]) => `${word}(${count})`)
    .join(', ');
}

export const projectNames = (state: State): readonly string[] =>
  all(state, 'project')
    .map((project) => project.name)
    .sort();
