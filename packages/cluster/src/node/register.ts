/** A node's own row: made when it first comes, kept up to date when it comes again. */
import type { Change, NodeStatus, ObjectId } from '@orc/model';
import { changesOf, draftOf, fresh, put } from '../state/draft.ts';
import { get, type State } from '../state/table.ts';

/** Empty when the row is right already. */
export function registerNode(
  state: State,
  id: ObjectId,
  name: string,
  status: NodeStatus,
  now: number,
): readonly Change[] {
  const draft = draftOf(state);
  const found = get(state, 'node', id);
  if (found === undefined)
    put(draft, fresh('node', id, name, now, { availability: 'active', labels: {} }, status));
  else put(draft, { ...found, status });
  return changesOf(draft);
}
