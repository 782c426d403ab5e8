/** Reading a task: does it run, has it ended, and for good. Controllers and verdicts read it the same way. */
import { exitSucceeded, isSettled } from '@orc/model';
import type { Failure, RestartPolicy, ServiceSpec, TaskObj } from '@orc/model';

export { isSettled };

const ENDED: ReadonlySet<string> = new Set(['exited', 'failed', 'rejected', 'removed']);

export const hasEnded = (task: TaskObj): boolean => ENDED.has(task.status.phase);
export const isRunning = (task: TaskObj): boolean => task.status.phase === 'running';

/** A start that was asked for is still to be given to it. */
export const isPending = (task: TaskObj, service: { readonly generation: number }): boolean =>
  (task.spec.generation ?? 0) < service.generation;

type WithRestart = { readonly template: { readonly restart?: RestartPolicy } };

/** Ended, and the restart policy of its service will not begin it again (DECISIONS 1). */
export function endedForGood(task: TaskObj, service: WithRestart): boolean {
  if (!hasEnded(task) || !isSettled(task)) return false;
  if (task.status.phase === 'rejected' || task.status.phase === 'failed') return true;
  const policy = service.template.restart;
  if (policy === undefined || policy.condition === 'no') return true;
  const { exit } = task.status;
  if (policy.condition === 'on-failure' && exit !== undefined && exitSucceeded(exit)) return true;
  const attempts = policy.maxAttempts ?? 0;
  return attempts > 0 && (task.status.restarts ?? 0) >= attempts;
}

export const isCurrent = (task: TaskObj): boolean =>
  task.spec.desired.state !== 'remove' && task.spec.desired.state !== 'drain';

/** It is not to be replaced: it was made for what its service is now, or is kept though it was not. */
export const isAsWanted = ({ spec }: TaskObj, { hash, kept }: Pick<ServiceSpec, 'hash' | 'kept'>): boolean =>
  spec.hash === hash || kept?.includes(spec.hash) === true;

/** What it holds will be free by itself. */
export const isLeaving = (task: TaskObj): boolean =>
  ['remove', 'stop', 'drain'].includes(task.spec.desired.state);

/** `up` and `start` have something to do with it. */
export const needsStart = (task: TaskObj, service: ServiceSpec): boolean =>
  !isPending(task, service) && (task.spec.desired.state !== 'run' || endedForGood(task, service));

/** A fixed host port cannot be held twice on a node, nor a name: such services stop the old container first. */
export const startsFirst = (service: ServiceSpec): boolean =>
  service.update?.order === 'start-first' &&
  service.containerName === undefined &&
  !(service.template.ports ?? []).some((port) => (port.hostPort ?? 0) > 0);

/** Serves, as far as the state knows. */
export const isUp = (task: TaskObj): boolean =>
  isRunning(task) && isSettled(task) && (task.status.health === 'none' || task.status.health === 'healthy');

/** Its health check says that it does not serve: waiting for it alone may have no end. */
export const isUnhealthy = (task: TaskObj): boolean =>
  isRunning(task) && isSettled(task) && task.status.health === 'unhealthy';

export const succeeded = (task: TaskObj): boolean =>
  task.status.phase === 'exited' &&
  isSettled(task) &&
  task.status.exit !== undefined &&
  exitSucceeded(task.status.exit);

/** Its program may still be running on a node. */
export const mayRun = (task: TaskObj): boolean =>
  task.spec.node !== null &&
  !hasEnded(task) &&
  (isRunning(task) || task.spec.desired.state === 'run' || task.status.attempt > 0);

/** By service, then slot; ids are random and must decide nothing but ties. */
export function bySlot(a: TaskObj, b: TaskObj): number {
  if (a.spec.service !== b.spec.service) return a.spec.service < b.spec.service ? -1 : 1;
  return a.spec.slot - b.spec.slot || (a.id < b.id ? -1 : 1);
}

/** Of a task that has ended. */
export function failureOf({ name: container, status }: TaskObj): Failure {
  const { phase, exit, problem = { code: 'start.failed', message: 'no reason given' } } = status;
  if (phase !== 'failed' && phase !== 'rejected') return { kind: 'exited', container, code: exit?.code ?? 0 };
  if (problem.code === 'notfound.image') return { kind: 'image-missing', container, problem };
  return { kind: phase === 'rejected' ? 'rejected' : 'unstartable', container, problem };
}
