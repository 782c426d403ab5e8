/** `apply`: the only way that the state changes. Generic over kinds; whole or not at all; reads no clock. */
import { type Change, type ChangeSet, KINDS, type Kind, type ObjectId } from '@orc/model';
import { same } from './same.ts';
import { edit, erase, get, type State, write } from './table.ts';

/** A lost race, or a name or field that the kind does not allow. */
export type Conflict = {
  readonly kind: Kind;
  readonly id: ObjectId;
  readonly name: string;
  readonly reason: 'version' | 'exists' | 'missing' | 'name' | 'immutable';
};
export type Applied = { readonly state: State; readonly conflicts: readonly Conflict[] };

/** With conflicts nothing of the change set holds; index and time grow all the same, as the entry is in the log. */
export function apply(state: State, changeSet: ChangeSet, index: number): Applied {
  const moved = { ...state, index, time: Math.max(state.time, changeSet.time) };
  const conflicts = changeSet.changes.flatMap((change) => stale(state, change));
  if (conflicts.length > 0) return { state: moved, conflicts };
  const editing = edit(moved);
  for (const change of changeSet.changes) if (change.op === 'delete') erase(editing, change.kind, change.id);
  for (const change of changeSet.changes) {
    if (change.op === 'delete') continue;
    if (nameTaken(editing.state, change)) return { state: moved, conflicts: [conflictOf(change, 'name')] };
    write(editing, change.object);
  }
  return { state: editing.state, conflicts: [] };
}

function stale(state: State, change: Change): Conflict[] {
  const { kind, id } = change.op === 'put' ? change.object : change;
  const found = get(state, kind, id);
  if (change.expect === null) return found === undefined ? [] : [conflictOf(change, 'exists')];
  if (found === undefined) return [conflictOf(change, 'missing')];
  const { specVersion, statusVersion } = change.expect;
  if (found.specVersion !== specVersion || found.statusVersion !== statusVersion) {
    return [conflictOf(change, 'version')];
  }
  if (change.op === 'delete') return [];
  const before = found.spec as Record<string, unknown>;
  const after = change.object.spec as Record<string, unknown>;
  const kept = KINDS[kind].immutable.every((field) => same(before[field], after[field]));
  return kept ? [] : [conflictOf(change, 'immutable')];
}

function nameTaken(state: State, change: Change & { op: 'put' }): boolean {
  const { kind, id, name } = change.object;
  const holder = KINDS[kind].uniqueName ? state.tables[kind].byName.get(name) : undefined;
  return holder !== undefined && holder !== id;
}

function conflictOf(change: Change, reason: Conflict['reason']): Conflict {
  if (change.op === 'delete') return { kind: change.kind, id: change.id, name: change.id, reason };
  const { kind, id, name } = change.object;
  return { kind, id, name, reason };
}
