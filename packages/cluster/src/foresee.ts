/** What a plan would come to: the node of each container that it makes, or why none would take it. Nothing is written. */
import type { Change, PlannedChange, TaskObj } from '@orc/model';
import { isCurrent } from './control/progress.ts';
import { reconcile, type ReconcileOptions } from './control/reconcile.ts';
import { PASSES_FORESEEN_MAX } from './limits.ts';
import type { ProjectPlan, Proposer } from './project/types.ts';
import { apply } from './state/apply.ts';
import { get, type State, where } from './state/table.ts';

/** The lines of the plan, with the places of containers that are to be made. */
export function foresee(
  state: State,
  project: string,
  plan: ProjectPlan,
  { ids, now }: Pick<Proposer, 'ids' | 'now'>,
  options: ReconcileOptions,
): readonly PlannedChange[] {
  let ahead = applied(state, plan.changes, now);
  for (let pass = 0; pass < PASSES_FORESEEN_MAX; pass += 1) {
    const rest = applied(ahead, departures(ahead, project), now);
    const next = reconcile(rest, new Set([project]), now, ids, options);
    if (next === undefined && rest === ahead) break;
    ahead = applied(rest, next?.changes ?? [], now);
  }
  const tasks = new Map(
    where(ahead, 'task', 'project', project)
      .filter((task) => isCurrent(task) && get(state, 'task', task.id)?.spec.node == null)
      .map((task) => [task.name, task]),
  );
  return plan.lines.map((line) =>
    placed(ahead, line, line.kind === 'task' ? tasks.get(line.name) : undefined),
  );
}

function placed(state: State, line: PlannedChange, task: TaskObj | undefined): PlannedChange {
  if (task === undefined || line.action === 'remove') return line;
  const { node, pending } = task.spec;
  if (node !== null) return { ...line, node: get(state, 'node', node)?.name ?? node };
  return pending === undefined ? line : { ...line, pending };
}

/** Containers that go make room, sooner or later. */
const departures = (state: State, project: string): readonly Change[] =>
  where(state, 'task', 'project', project)
    .filter((task) => !isCurrent(task))
    .map(({ kind, id, specVersion, statusVersion }) => ({
      op: 'delete',
      kind,
      id,
      expect: { specVersion, statusVersion },
    }));

function applied(state: State, changes: readonly Change[], time: number): State {
  if (changes.length === 0) return state;
  return apply(state, { schema: 1, by: 'foresee', time, changes }, state.index + 1).state;
}
