/** Change sets in words, one line a change: for dry runs, logs and golden tests. */
import { type AnyObj, type Change, explainWait, type PlacementReason, type TaskObj } from '@orc/model';
import { same } from './state/same.ts';
import { get, type State } from './state/table.ts';

/** `state` is the one before the changes. */
export const explainChanges = (state: State, changes: readonly Change[]): readonly string[] =>
  changes.map((change) => explainChange(state, change));

function explainChange(state: State, change: Change): string {
  if (change.op === 'delete') {
    const found = get(state, change.kind, change.id);
    return `- ${found === undefined ? `${change.kind} ${change.id}` : title(found)}`;
  }
  const before = get(state, change.object.kind, change.object.id);
  if (before === undefined) return `+ ${title(change.object)}${suffix(facts(change.object))}`;
  return `~ ${title(change.object)}${suffix(differences(before, change.object))}`;
}

const title = (object: AnyObj): string =>
  object.kind === 'task' ? `task ${object.name} ${object.id}` : `${object.kind} ${object.name}`;

const suffix = (words: readonly string[]): string => (words.length === 0 ? '' : `: ${words.join(', ')}`);

function facts(object: AnyObj): readonly string[] {
  if (object.kind === 'task') return taskFacts(object);
  if (object.kind === 'service') return [`${object.spec.replicas} of ${object.spec.template.image}`];
  return [];
}

const ID_DIGITS_SHOWN = 12;

function taskFacts({ spec }: TaskObj): readonly string[] {
  return [
    spec.desired.state,
    spec.node === null ? 'not placed' : `on ${spec.node}`,
    ...spec.endpoints.map((each) => `${each.network} ${each.ipv4}`),
    ...(spec.volumesOf === undefined
      ? []
      : [`has the volumes of ${spec.volumesOf.slice(0, ID_DIGITS_SHOWN)}`]),
    ...(spec.pending === undefined ? [] : [explainWait(spec.pending)]),
  ];
}

/** Lower-level fields of a template are told as one: `template`. */
function differences(before: AnyObj, after: AnyObj): readonly string[] {
  const fields = (part: 'spec' | 'status'): string[] => {
    const old = before[part] as Record<string, unknown>;
    const fresh = after[part] as Record<string, unknown>;
    const names = new Set([...Object.keys(old), ...Object.keys(fresh)]);
    return [...names]
      .filter((name) => !same(old[name], fresh[name]))
      .map((name) =>
        name === 'pending' && fresh[name] !== undefined
          ? explainWait(fresh[name] as PlacementReason)
          : `${name} ${short(fresh[name])}`,
      );
  };
  return [...fields('spec'), ...fields('status')];
}

function short(value: unknown): string {
  if (value === undefined) return 'gone';
  if (typeof value !== 'object' || value === null) return String(value).slice(0, 80);
  if (Array.isArray(value)) return `[${value.map(short).join(' ')}]`;
  const entries = Object.entries(value).filter(([, each]) => typeof each !== 'object');
  return entries.map(([key, each]) => `${key}=${each}`).join(' ');
}
