/** Whether a project is where a verb wanted it. Pure: views in, rows of progress and a verdict out. */
import type { ProjectView } from '@orc/api/client';
import {
  type DependsOn,
  type OrcError,
  type ServiceObj,
  type TaskObj,
  endedForGood,
  fail,
  isPending,
  isSettled,
} from '@orc/model';
import { UNPLACED_MS } from '../limits.ts';
import type { Progress } from '../report/reporter.ts';

export type Wanted = {
  /** Absent: all. */
  readonly services?: readonly string[];
  /** Healthy or completed, not only started. */
  readonly healthy?: boolean;
  /** `create`: made, not started. */
  readonly created?: boolean;
  /** How long nothing has happened. */
  readonly quietMs?: number;
};

export type Judgement = {
  readonly done: boolean;
  readonly rows: readonly Progress[];
  /** What will not come right by waiting. */
  readonly failure?: OrcError;
};

export function judgeUp(view: ProjectView, wanted: Wanted): Judgement {
  const services = view.services.filter((each) => wanted.services?.includes(each.spec.service) ?? true);
  const rows: Progress[] = [];
  let done = true;
  let failure: OrcError | undefined;
  for (const service of services) {
    const tasks = view.tasks.filter((task) => isCurrent(task, service));
    const states = tasks.map((task) => stateOf(task, service, view, wanted));
    rows.push(...states.map((state) => state.row));
    failure ??= failureOf(service, states);
    if (states.filter((state) => state.reached).length >= service.spec.replicas) continue;
    failure ??= hanging(service, view) ?? unplaced(tasks, view, wanted.quietMs ?? 0);
    done = false;
  }
  return failure === undefined ? { done, rows } : { done, rows, failure };
}

function failureOf(service: ServiceObj, states: readonly State[]): OrcError | undefined {
  const failed = states.find((state) => state.failed !== undefined);
  if (failed?.failed === undefined) return undefined;
  const hint = failed.hint ?? `see "orc logs ${service.spec.service}"`;
  return fail('start.failed', failed.failed, { hint });
}

const isCurrent = (task: TaskObj, service: ServiceObj): boolean =>
  task.spec.serviceId === service.id &&
  task.spec.hash === service.spec.hash &&
  task.spec.desired.state !== 'remove';

type State = {
  readonly row: Progress;
  readonly reached: boolean;
  readonly failed?: string;
  readonly hint?: string;
};

function stateOf(task: TaskObj, service: ServiceObj, view: ProjectView, wanted: Wanted): State {
  const { phase, health } = task.status;
  const id = `Container ${task.name}`;
  const row = (text: string, state: Progress['state']): Progress => ({ id, text, state });
  const acted = isSettled(task) && !isPending(task, service.spec);
  // What an earlier start came to says nothing about the one that was asked for now.
  if (acted && (phase === 'rejected' || phase === 'failed')) return notStarted(task, row('Error', 'error'));
  if (wanted.created && phase === 'running') return { row: row('Running', 'done'), reached: true };
  if (wanted.created)
    return { row: row('Created', 'done'), reached: !['new', 'assigned', 'preparing'].includes(phase) };
  if (acted && phase === 'exited') return endedState(task, service, wanted, row);
  if (acted && phase === 'preparing' && task.status.exit !== undefined)
    return backOffState(task, wanted, row);
  if (phase !== 'running' || !acted) return { row: row(startingText(task), 'working'), reached: false };
  const awaited = wanted.healthy || isAwaited(service, view);
  if (!awaited || health === 'none') return { row: row('Started', 'done'), reached: true };
  if (health === 'healthy') return { row: row('Healthy', 'done'), reached: true };
  if (health === 'unhealthy' && wanted.healthy)
    return {
      row: row('Unhealthy', 'error'),
      reached: false,
      failed: `the container ${task.name} is unhealthy`,
    };
  return { row: row(health === 'unhealthy' ? 'Unhealthy' : 'Waiting', 'working'), reached: !wanted.healthy };
}

function notStarted(task: TaskObj, row: Progress): State {
  const { phase, message, hint = 'see "orc ps -a"' } = task.status;
  const failed = `the container ${task.name} could not start: ${message ?? phase}`;
  return { row, reached: false, failed, hint };
}

type Row = (text: string, state: Progress['state']) => Progress;

/** It has started, and its policy starts it again. */
function backOffState(task: TaskObj, { healthy = false }: Wanted, row: Row): State {
  const text = restartingText(task);
  return { row: row(text, healthy ? 'working' : 'warning'), reached: !healthy };
}

const restartingText = ({ status }: TaskObj): string => `Restarting (exited ${status.exit?.code ?? '?'})`;

/** A program that did its work and ended is fine; with `--wait`, only if it ended well. */
function endedState(task: TaskObj, service: ServiceObj, wanted: Wanted, row: Row): State {
  const code = task.status.exit?.code ?? 0;
  if (code === 0) return { row: row('Exited', 'done'), reached: true };
  if (!wanted.healthy) return { row: row(`Exited (${code})`, 'warning'), reached: true };
  if (!endedForGood(task, service.spec)) return { row: row(restartingText(task), 'working'), reached: false };
  return {
    row: row(`Exited (${code})`, 'error'),
    reached: false,
    failed: `the container ${task.name} exited (${code})`,
  };
}

const startingText = (task: TaskObj): string => {
  if (task.spec.pendingReason !== undefined) return `Waiting: ${task.spec.pendingReason}`;
  const made = task.status.phase === 'ready' || task.status.attempt > 0 || task.spec.desired.generation > 1;
  return made ? 'Starting' : 'Creating';
};

/** Somebody's start depends on its health. */
const isAwaited = (service: ServiceObj, view: ProjectView): boolean =>
  view.services.some((each) =>
    each.spec.dependsOn.some(
      (dep) => dep.service === service.spec.service && dep.condition === 'service_healthy',
    ),
  );

/** A dependency that cannot come right any more keeps the service waiting for ever. */
function hanging(service: ServiceObj, view: ProjectView): OrcError | undefined {
  for (const dependency of service.spec.dependsOn) {
    const why = dependency.required === false ? undefined : brokenBy(dependency, view);
    if (why !== undefined)
      return fail('dependency.failed', `the service ${service.spec.service} cannot start: ${why}`, {
        hint: `see "orc logs ${dependency.service}"`,
      });
  }
  return undefined;
}

/** What is being stopped may make room; when nothing is, waiting on one's own host has no end. */
function unplaced(tasks: readonly TaskObj[], view: ProjectView, quietMs: number): OrcError | undefined {
  const isLeaving = ({ spec, status }: TaskObj): boolean =>
    spec.desired.state !== 'run' && status.phase === 'running';
  const task = quietMs < UNPLACED_MS || view.tasks.some(isLeaving) ? undefined : tasks.find(isUnplaced);
  if (task === undefined) return undefined;
  const why = task.spec.pendingReason ?? 'no node takes it';
  const code = why.startsWith('port ') ? 'conflict.port' : 'start.failed';
  const hint = 'it starts by itself when that changes; "orc down" or another scale gives it up';
  return fail(code, `the container ${task.name} cannot start: ${why}`, { hint });
}

const isUnplaced = (task: TaskObj): boolean =>
  task.spec.node === null && task.spec.pendingReason !== undefined;

function brokenBy(dependency: DependsOn, view: ProjectView): string | undefined {
  const service = view.services.find((each) => each.spec.service === dependency.service);
  if (service === undefined) return undefined;
  for (const task of view.tasks.filter((each) => isCurrent(each, service))) {
    const { phase, health, exit, startedAt } = task.status;
    if (!isSettled(task) || isPending(task, service.spec)) continue;
    const ended = startedAt !== undefined && endedForGood(task, service.spec);
    const code = exit?.code ?? 0;
    if (dependency.condition === 'service_healthy' && phase === 'running' && health === 'none')
      return `the container ${task.name} has no health check`;
    if (dependency.condition === 'service_healthy' && health === 'unhealthy')
      return `the container ${task.name} is unhealthy`;
    if (dependency.condition === 'service_healthy' && ended)
      return `the container ${task.name} exited (${code})`;
    if (dependency.condition === 'service_completed_successfully' && ended && code !== 0)
      return `the container ${task.name} did not complete successfully: exit ${code}`;
  }
  return undefined;
}

export type Ending = 'stop' | 'start' | 'restart' | 'kill' | 'rm';
const WORDS: Readonly<Record<Ending, readonly [string, string]>> = {
  stop: ['Stopping', 'Stopped'],
  kill: ['Killing', 'Killed'],
  start: ['Starting', 'Started'],
  restart: ['Restarting', 'Started'],
  rm: ['Removing', 'Removed'],
};

/** Every task that the verb touched has acted on it. `names`: those that it touched. */
export function judgeAction(view: ProjectView | null, kind: Ending, names: readonly string[]): Judgement {
  const [working, done] = WORDS[kind];
  let failure: OrcError | undefined;
  const rows = names.map((name): Progress => {
    const task = view?.tasks.find((each) => each.name === name);
    const service = view?.services.find((each) => each.id === task?.spec.serviceId);
    const id = `Container ${name}`;
    const broken = task === undefined ? undefined : brokenStart(task, service, kind, id);
    failure ??= broken?.failure;
    if (broken !== undefined) return broken.row;
    if (acted(task, service, kind)) return { id, text: done, state: 'done' };
    if (kind !== 'start' || !task || !service || !isPending(task, service.spec))
      return { id, text: working, state: 'working' };
    failure ??= view === null ? undefined : hanging(service, view);
    return { id, text: startingText(task), state: 'working' };
  });
  const all = rows.every((row) => row.state === 'done');
  return failure === undefined ? { done: all, rows } : { done: all, rows, failure };
}

function brokenStart(
  task: TaskObj,
  service: ServiceObj | undefined,
  kind: Ending,
  id: string,
): { readonly row: Progress; readonly failure?: OrcError } | undefined {
  const { phase } = task.status;
  if ((kind !== 'start' && kind !== 'restart') || (phase !== 'failed' && phase !== 'rejected'))
    return undefined;
  if (service === undefined || !isSettled(task) || isPending(task, service.spec)) return undefined;
  const state = notStarted(task, { id, text: 'Error', state: 'error' });
  const failure = failureOf(service, [state]);
  return failure === undefined ? { row: state.row } : { row: state.row, failure };
}

function acted(task: TaskObj | undefined, service: ServiceObj | undefined, kind: Ending): boolean {
  if (task === undefined) return true;
  if (kind === 'rm') return task.status.phase === 'removed';
  if (kind === 'start' && service && isPending(task, service.spec)) return isUnplaced(task);
  const { phase } = task.status;
  if (task.spec.node === null && kind !== 'start' && kind !== 'restart') return true;
  const runs = ['new', 'preparing', 'running'].includes(phase);
  if (kind === 'stop' || kind === 'kill') return !runs;
  if (isUnplaced(task)) return true;
  // A back-off is `preparing`: the start that was asked for has been.
  return isSettled(task) && ['preparing', 'running', 'exited', 'failed', 'rejected'].includes(phase);
}
