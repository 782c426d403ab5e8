/** What a node saw, taken into the state: statuses that only grow, and tasks that are gone. */
import { type Change, type Report, TASK_PHASES, type TaskStatus } from '@orc/model';
import { changesOf, draftOf, put, remove } from '../state/draft.ts';
import { get, type State } from '../state/table.ts';

/** A report about a task of another node, or one that nobody knows any more, is passed over. */
export function takeReport(state: State, report: Report): readonly Change[] {
  const draft = draftOf(state);
  for (const { id, status } of report.tasks) {
    const task = get(state, 'task', id);
    if (task === undefined || task.spec.node !== report.node || !grows(task.status, status)) continue;
    put(draft, { ...task, status });
  }
  for (const id of report.removed) {
    const task = get(state, 'task', id);
    if (task?.spec.node === report.node && task.spec.desired.state === 'remove') remove(draft, 'task', id);
  }
  return changesOf(draft);
}

const order = (status: TaskStatus): number => TASK_PHASES.indexOf(status.phase);

/**
 * Reports may come twice or late; within an attempt the phase only grows. `preparing` after an end announces the next
 * attempt, whose number comes when it starts.
 */
function grows(before: TaskStatus, after: TaskStatus): boolean {
  if (after.attempt !== before.attempt) return after.attempt > before.attempt;
  if (after.generation !== before.generation) return after.generation > before.generation;
  return order(after) >= order(before) || (after.phase === 'preparing' && BEGUN.has(before.phase));
}

const BEGUN: ReadonlySet<string> = new Set(['running', 'exited', 'failed', 'rejected']);
