/** A state in which something is being decided: read like any other, and turned into the changes that lead there. */
import { type AnyObj, type Change, defined, type Kind, type ObjectId, type ObjOf } from '@orc/model';
import { same } from './same.ts';
import { type Edit, edit, erase, get, type State, write } from './table.ts';

export type Draft = {
  readonly base: State;
  readonly editing: Edit;
  /** What was written, in this order. */
  readonly touched: Map<string, { readonly kind: Kind; readonly id: ObjectId }>;
};

export const draftOf = (base: State): Draft => ({ base, editing: edit(base), touched: new Map() });

/** Whoever keeps it across a write sees the write. */
export const now = (draft: Draft): State => draft.editing.state;

export function put(draft: Draft, object: AnyObj): void {
  touch(draft, object.kind, object.id);
  write(draft.editing, object);
}

export function remove(draft: Draft, kind: Kind, id: ObjectId): void {
  touch(draft, kind, id);
  erase(draft.editing, kind, id);
}

/** `undefined` takes a field away. */
export type Patch<T> = { readonly [P in keyof T]?: T[P] | undefined };

export function patchSpec<K extends Kind>(
  draft: Draft,
  object: ObjOf<K>,
  patch: Patch<ObjOf<K>['spec']>,
): void {
  put(draft, { ...object, spec: defined({ ...object.spec, ...patch }) } as AnyObj);
}

export function patchStatus<K extends Kind>(
  draft: Draft,
  object: ObjOf<K>,
  patch: Patch<ObjOf<K>['status']>,
): void {
  put(draft, { ...object, status: defined({ ...object.status, ...patch }) } as AnyObj);
}

/** Objects in the log have no undefined fields: they would be lost on the way. */
export const fresh = <K extends Kind>(
  kind: K,
  id: ObjectId,
  name: string,
  createdAt: number,
  spec: ObjOf<K>['spec'],
  status: ObjOf<K>['status'],
): ObjOf<K> =>
  ({
    kind,
    id,
    name,
    specVersion: 1,
    statusVersion: 1,
    createdAt,
    spec: defined(spec),
    status,
  }) as unknown as ObjOf<K>;

const touch = (draft: Draft, kind: Kind, id: ObjectId): void =>
  void draft.touched.set(`${kind}/${id}`, { kind, id });

/** Versions grow by one where spec or status differ; what was written back as it was is no change. */
export const changesOf = (draft: Draft): readonly Change[] =>
  [...draft.touched.values()].flatMap(({ kind, id }) =>
    changeOf(get(draft.base, kind, id), get(now(draft), kind, id)),
  );

function changeOf(before: AnyObj | undefined, after: AnyObj | undefined): Change[] {
  if (before === undefined) return after === undefined ? [] : [{ op: 'put', object: after, expect: null }];
  const { specVersion, statusVersion } = before;
  const expect = { specVersion, statusVersion };
  if (after === undefined) return [{ op: 'delete', kind: before.kind, id: before.id, expect }];
  const spec = same(before.spec, after.spec) ? 0 : 1;
  const status = same(before.status, after.status) ? 0 : 1;
  if (spec + status === 0) return [];
  const versions = { specVersion: specVersion + spec, statusVersion: statusVersion + status };
  return [{ op: 'put', object: { ...after, ...versions } as AnyObj, expect }];
}
