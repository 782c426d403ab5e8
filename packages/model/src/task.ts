/** What tasks and exits say, for every room that reads them. How a task does is judged by `cluster`. */
import type { Exit } from './container.ts';
import type { TaskObj } from './objects.ts';

/** The agent has acted on what is desired: what it reports is about this start and not the one before. */
export const isSettled = (task: TaskObj): boolean => task.status.generation >= task.spec.desired.generation;

/** The status that is left of a program whose shim was killed says nothing of how it did (DECISIONS 8). */
export const exitSucceeded = (exit: Exit): boolean => exit.code === 0 && exit.reason !== 'shim lost';
