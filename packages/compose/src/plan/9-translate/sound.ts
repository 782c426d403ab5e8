/**
 * What is left of a tree with errors when everything that they stand at is taken out. It is translated only for what
 * else is to be said of it: all problems come at once.
 */
import { type Loading, isFault } from '../loading.ts';
import type { Entry, MapNode, Node } from '../node.ts';

/** Sections, services and resources stay: what is wrong with one as a whole says nothing of its attributes. */
const WHOLE_DEPTH = 2;

export function withoutFaults(loading: Loading, tree: MapNode): MapNode {
  return soundMap(loading, tree, 0);
}

function soundMap(loading: Loading, map: MapNode, depth: number): MapNode {
  const entries = new Map<string, Entry>();
  for (const [key, { key: place, value }] of map.entries) {
    if (depth >= WHOLE_DEPTH && (isFault(loading, place) || isFault(loading, value.place))) continue;
    const sound = soundNode(loading, value, depth + 1);
    if (sound !== undefined && !isHollow(key, value, sound)) entries.set(key, { key: place, value: sound });
  }
  return { ...map, entries };
}

/** A mapping loses an entry, a list the whole item: an item without one of its parts is none. */
function soundNode(loading: Loading, node: Node, depth: number): Node | undefined {
  if (node.kind === 'map') return soundMap(loading, node, depth);
  if (node.kind === 'scalar') return node;
  const kept = [...node.items.keys()].filter((index) => !holdsFault(loading, node.items[index] as Node));
  if (kept.length === node.items.length) return node;
  const sound = { ...node, items: kept.map((index) => node.items[index] as Node) };
  indexes.set(sound, kept);
  return sound;
}

const indexes = new WeakMap<Node, readonly number[]>();

/** Where an item of a list stood before others were taken out. */
export const writtenIndex = (list: Node | undefined, index: number): number =>
  (list === undefined ? undefined : indexes.get(list)?.[index]) ?? index;

function holdsFault(loading: Loading, node: Node): boolean {
  if (isFault(loading, node.place)) return true;
  if (node.kind === 'seq') return node.items.some((item) => holdsFault(loading, item));
  if (node.kind === 'scalar') return false;
  return [...node.entries.values()].some(
    ({ key, value }) => isFault(loading, key) || holdsFault(loading, value),
  );
}

/** A build without its context is none either. */
const isHollow = (key: string, before: Node, after: Node): boolean =>
  key === 'build' && before.kind === 'map' && after.kind === 'map' && !after.entries.has('context');
