/**
 * What a compose file is made of between parsing and the model: an immutable tree in which every value
 * remembers the place where it was written. Merging, extending and including move nodes and keep their
 * places.
 */
import type { Where } from '@orc/model';
import { LIMITS } from '../limits.ts';

/** A text that places point into. `file` is how problems name it, `path` is absolute. */
export type Source = {
  readonly file: string;
  readonly path: string;
  readonly text: string;
  /** Its lines may hold secrets and are not shown: an env file. */
  readonly secret?: boolean;
};

/** Offsets into the text, `end` exclusive. */
export type Place = { readonly source: Source; readonly start: number; readonly end: number };

/** `!reset` removes what an earlier file said, `!override` replaces it whole. */
export type Tag = 'reset' | 'override';
export type Scalar = string | number | boolean | null;

export type ScalarNode = {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: Scalar;
  /** A plain number or boolean as it was written: `0440`, `12345678901234567`. */
  readonly raw?: string;
  readonly tag?: Tag;
};
export type SeqNode = {
  readonly kind: 'seq';
  readonly place: Place;
  readonly items: readonly Node[];
  readonly tag?: Tag;
};
export type Entry = { readonly key: Place; readonly value: Node };
export type MapNode = {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly tag?: Tag;
};
export type Node = ScalarNode | SeqNode | MapNode;
export type Path = readonly (string | number)[];

export const scalar = (value: Scalar, place: Place): ScalarNode => ({ kind: 'scalar', place, value });
export const seq = (items: readonly Node[], place: Place): SeqNode => ({ kind: 'seq', place, items });
export const mapOf = (entries: Iterable<readonly [string, Entry]>, place: Place): MapNode => ({
  kind: 'map',
  place,
  entries: new Map(entries),
});

/** A map whose keys and values all stand at one place, as a short form stands for its long one. */
export function mapAt(place: Place, values: Readonly<Record<string, Scalar | Node | undefined>>): MapNode {
  const entries = new Map<string, Entry>();
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const node = value !== null && typeof value === 'object' ? value : scalar(value, place);
    entries.set(key, { key: place, value: node });
  }
  return { kind: 'map', place, entries };
}

export const get = (node: Node | undefined, key: string): Node | undefined =>
  node?.kind === 'map' ? node.entries.get(key)?.value : undefined;

/** The value at a path of keys and indexes. */
export function at(node: Node | undefined, path: Path): Node | undefined {
  let current = node;
  for (const step of path) {
    if (current?.kind === 'seq') current = current.items[Number(step)];
    else current = get(current, String(step));
  }
  return current;
}

/** The value at a path, or the nearest one above it that exists. */
export function nearest(node: Node, path: Path): Node {
  let current = node;
  for (const step of path) {
    const next = at(current, [step]);
    if (next === undefined) return current;
    current = next;
  }
  return current;
}

export const isNull = (node: Node | undefined): boolean => node?.kind === 'scalar' && node.value === null;

/** The text of a scalar as a string attribute takes it: numbers keep their digits. */
export function textOf(node: Node | undefined): string | undefined {
  if (node?.kind !== 'scalar' || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : (node.raw ?? String(node.value));
}

/** A copy with other entries; an `undefined` value removes its key. */
export function withEntries(map: MapNode, changes: Readonly<Record<string, Node | undefined>>): MapNode {
  const entries = new Map(map.entries);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) entries.delete(key);
    else entries.set(key, { key: entries.get(key)?.key ?? value.place, value });
  }
  return { ...map, entries };
}

/** Each value through `change`; the same node where nothing changed. */
export function mapValues(map: MapNode, change: (value: Node, key: string) => Node): MapNode {
  let entries: Map<string, Entry> | undefined;
  for (const [key, entry] of map.entries) {
    const value = change(entry.value, key);
    if (value === entry.value) continue;
    entries ??= new Map(map.entries);
    entries.set(key, { key: entry.key, value });
  }
  return entries === undefined ? map : { ...map, entries };
}

export function mapItems(list: SeqNode, change: (item: Node, index: number) => Node): SeqNode {
  let items: Node[] | undefined;
  list.items.forEach((item, index) => {
    const value = change(item, index);
    if (value === item) return;
    items ??= [...list.items];
    items[index] = value;
  });
  return items === undefined ? list : { ...list, items };
}

export type Plain = Scalar | readonly Plain[] | { readonly [key: string]: Plain };

/** Plain data. `Object.fromEntries` defines own properties, so a key `__proto__` is just a key. */
export function plain(node: Node): Plain {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'seq') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.value)]));
}

const lineStarts = new WeakMap<Source, readonly number[]>();

function startsOf(source: Source): readonly number[] {
  const known = lineStarts.get(source);
  if (known !== undefined) return known;
  const starts = [0];
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1))
    starts.push(at + 1);
  lineStarts.set(source, starts);
  return starts;
}

/** File, line, column and the line itself, as `Problem.where` wants them. */
export function whereOf(place: Place): Where {
  const starts = startsOf(place.source);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= place.start) low = middle;
    else high = middle - 1;
  }
  const start = starts[low] as number;
  const end = starts[low + 1] ?? place.source.text.length + 1;
  const where = { file: place.source.file, line: low + 1, column: place.start - start + 1 };
  if (place.source.secret === true || end - start > LIMITS.excerptLengthMax) return where;
  return { ...where, excerpt: place.source.text.slice(start, end - 1).replace(/\r$/, '') };
}
