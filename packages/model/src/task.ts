/** Reading a task: does it run, has it ended, and for good. Whoever schedules or watches must read it the same way. */
import type { Exit, RestartPolicy } from './container.ts';
import type { TaskObj } from './objects.ts';

const ENDED: ReadonlySet<string> = new Set(['exited', 'failed', 'rejected', 'removed']);

export const hasEnded = (task: TaskObj): boolean => ENDED.has(task.status.phase);
export const isRunning = (task: TaskObj): boolean => task.status.phase === 'running';

/** The agent has acted on what is desired: what it reports is about this start and not the one before. */
export const isSettled = (task: TaskObj): boolean => task.status.generation >= task.spec.desired.generation;

/** A start that was asked for is still to be given to it. */
export const isPending = (task: TaskObj, service: { readonly generation: number }): boolean =>
  (task.spec.generation ?? 0) < service.generation;

/** The status that is left of a program whose shim was killed says nothing of how it did (DECISIONS 8). */
export const exitSucceeded = (exit: Exit): boolean => exit.code === 0 && exit.reason !== 'shim lost';

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
