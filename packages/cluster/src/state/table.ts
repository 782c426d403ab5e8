/** The tables of the state: one per kind, with the indexes that its row of `KINDS` declares. */
import { type AnyObj, KINDS, type Kind, type ObjOf } from '@orc/model';

export type Table<K extends Kind = Kind> = {
  readonly byId: ReadonlyMap<string, ObjOf<K>>;
  /** Of kinds whose names are unique. */
  readonly byName: ReadonlyMap<string, string>;
  readonly indexes: Readonly<Record<string, ReadonlyMap<string, ReadonlySet<string>>>>;
};

/** Never changed in place: `apply` returns another, which shares what did not change. */
export type State = {
  /** Of the last entry of the log that was applied. */
  readonly index: number;
  /** Cluster time, milliseconds: only grows (DECISIONS 30). */
  readonly time: number;
  readonly tables: { readonly [K in Kind]: Table<K> };
  /** Lines of a snapshot whose kind this version does not know: kept. */
  readonly unknown: readonly string[];
};

export const KIND_NAMES = Object.keys(KINDS) as readonly Kind[];

export const emptyState = (): State => ({
  index: 0,
  time: 0,
  tables: Object.fromEntries(KIND_NAMES.map((kind) => [kind, emptyTable(kind)])) as State['tables'],
  unknown: [],
});

const emptyTable = (kind: Kind): Table => ({
  byId: new Map(),
  byName: new Map(),
  indexes: Object.fromEntries(Object.keys(KINDS[kind].indexes).map((name) => [name, new Map()])),
});

export const get = <K extends Kind>(state: State, kind: K, id: string): ObjOf<K> | undefined =>
  state.tables[kind].byId.get(id) as ObjOf<K> | undefined;

export function named<K extends Kind>(state: State, kind: K, name: string): ObjOf<K> | undefined {
  const id = state.tables[kind].byName.get(name);
  return id === undefined ? undefined : get(state, kind, id);
}

/** Sorted by id, so that what is decided does not depend on the order of history. */
export const all = <K extends Kind>(state: State, kind: K): readonly ObjOf<K>[] =>
  [...(state.tables[kind].byId.values() as Iterable<ObjOf<K>>)].sort(byId);

export function where<K extends Kind>(
  state: State,
  kind: K,
  index: string,
  key: string,
): readonly ObjOf<K>[] {
  const ids = state.tables[kind].indexes[index]?.get(key);
  if (ids === undefined) return [];
  return [...ids].sort().map((id) => get(state, kind, id) as ObjOf<K>);
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

type Writable = {
  byId: Map<string, AnyObj>;
  byName: Map<string, string>;
  indexes: Record<string, Map<string, Set<string>>>;
};

/** A state under way: tables are copied when first written to, and shared again once it is handed out. */
export type Edit = {
  state: State;
  readonly copied: Map<Kind, Writable>;
  readonly ownSets: WeakSet<Set<string>>;
};

export const edit = (state: State): Edit => ({
  state: { ...state, tables: { ...state.tables } },
  copied: new Map(),
  ownSets: new WeakSet(),
});

export function write(editing: Edit, object: AnyObj): void {
  const table = writable(editing, object.kind);
  const before = table.byId.get(object.id);
  if (before !== undefined) unlink(editing, table, before);
  table.byId.set(object.id, object);
  if (KINDS[object.kind].uniqueName) table.byName.set(object.name, object.id);
  for (const [name, key] of keysOf(object)) {
    ownSet(editing, table.indexes[name] as Map<string, Set<string>>, key).add(object.id);
  }
}

export function erase(editing: Edit, kind: Kind, id: string): void {
  const table = writable(editing, kind);
  const before = table.byId.get(id);
  if (before === undefined) return;
  unlink(editing, table, before);
  table.byId.delete(id);
}

function unlink(editing: Edit, table: Writable, object: AnyObj): void {
  if (table.byName.get(object.name) === object.id) table.byName.delete(object.name);
  for (const [name, key] of keysOf(object)) {
    const index = table.indexes[name] as Map<string, Set<string>>;
    const ids = ownSet(editing, index, key);
    ids.delete(object.id);
    if (ids.size === 0) index.delete(key);
  }
}

function keysOf(object: AnyObj): [string, string][] {
  const { indexes } = KINDS[object.kind] as {
    indexes: Readonly<Record<string, (obj: AnyObj) => string | undefined>>;
  };
  return Object.entries(indexes).flatMap(([name, keyOf]) => {
    const key = keyOf(object);
    return key === undefined ? [] : [[name, key] as [string, string]];
  });
}

function ownSet(editing: Edit, index: Map<string, Set<string>>, key: string): Set<string> {
  const found = index.get(key);
  if (found !== undefined && editing.ownSets.has(found)) return found;
  const own = new Set(found);
  editing.ownSets.add(own);
  index.set(key, own);
  return own;
}

function writable(editing: Edit, kind: Kind): Writable {
  const found = editing.copied.get(kind);
  if (found !== undefined) return found;
  const table = editing.state.tables[kind] as Table;
  const copy: Writable = {
    byId: new Map(table.byId as ReadonlyMap<string, AnyObj>),
    byName: new Map(table.byName),
    indexes: Object.fromEntries(
      Object.entries(table.indexes).map(([name, index]) => [
        name,
        new Map(index) as Map<string, Set<string>>,
      ]),
    ),
  };
  editing.copied.set(kind, copy);
  (editing.state.tables as Record<Kind, unknown>)[kind] = copy;
  return copy;
}
