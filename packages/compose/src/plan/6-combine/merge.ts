/** A later file over an earlier one, attribute by attribute. Both are in canonical form. */
import type { MergeName } from '../attributes/row.ts';
import { ROOT, type RowNode, below } from '../attributes/table.ts';
import { type Loading, report } from '../loading.ts';
import {
  type Entry,
  type MapNode,
  type Node,
  type Path,
  type SeqNode,
  get,
  isNull,
  mapItems,
  textOf,
} from '../node.ts';

export function mergeFiles(loading: Loading, base: MapNode, over: MapNode): MapNode {
  return mergeMaps(loading, base, over, ROOT, []);
}

/** One service over the one that it extends. */
export function mergeServices(loading: Loading, base: MapNode, over: MapNode, name: string): MapNode {
  return mergeMaps(loading, base, over, serviceRow(name), ['services', name]);
}

const serviceRow = (name: string): RowNode | undefined => below(ROOT.children.get('services'), name);

/** One service that extends nothing further. */
export const settleService = (service: MapNode, name: string): MapNode =>
  settle(service, serviceRow(name)) as MapNode;

function mergeMaps(
  loading: Loading,
  base: MapNode,
  over: MapNode,
  row: RowNode | undefined,
  path: Path,
): MapNode {
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of over.entries) {
    const earlier = entries.get(key);
    const child = below(row, key);
    const value = mergeNodes(loading, earlier?.value, entry.value, child, [...path, key], row);
    if (value === undefined) entries.delete(key);
    else entries.set(key, { key: value === earlier?.value ? earlier.key : entry.key, value });
  }
  return { kind: 'map', place: over.place, entries };
}

function mergeNodes(
  loading: Loading,
  base: Node | undefined,
  over: Node,
  row: RowNode | undefined,
  path: Path,
  parent: RowNode | undefined,
): Node | undefined {
  if (over.tag === 'reset') return undefined;
  if (over.tag === 'override' || base === undefined) return settle(over, row);
  if (isNull(over)) return meansTheEnvironment(parent) ? over : base;
  const rule = row?.row?.merge;
  if (rule === 'replace' || isNull(base)) return settle(over, row);
  if (rule === 'logging' && !sameDriver(base, over)) return settle(over, row);
  if (base.kind === 'map' && over.kind === 'map') return mergeMaps(loading, base, over, row, path);
  if (base.kind === 'seq' && over.kind === 'seq') return mergeLists(loading, base, over, rule, row, path);
  if (base.kind === 'scalar' && over.kind === 'scalar') return over;
  if (rule !== 'replaceUnlike') cannotOverride(loading, base, over, path);
  return settle(over, row);
}

/** `KEY` without a value takes the environment's: that replaces an earlier value. */
const meansTheEnvironment = (parent: RowNode | undefined): boolean =>
  parent?.row?.form === 'environment' || parent?.row?.form === 'args';

const sameDriver = (base: Node, over: Node): boolean => {
  const named = textOf(get(over, 'driver'));
  return named === undefined || named === textOf(get(base, 'driver')) || get(base, 'driver') === undefined;
};

const KINDS = { map: 'a mapping', seq: 'a list', scalar: 'a single value' } as const;

function cannotOverride(loading: Loading, base: Node, over: Node, path: Path): void {
  const change = `it was ${KINDS[base.kind]} and is ${KINDS[over.kind]} here`;
  const message = `cannot override ${path.join('.')}: ${change}`;
  report(loading, 'compose.schema', over, message, {
    hint: 'write it in the same form, or put !override before it',
  });
}

function mergeLists(
  loading: Loading,
  base: SeqNode,
  over: SeqNode,
  rule: MergeName | undefined,
  row: RowNode | undefined,
  path: Path,
): SeqNode {
  const together: SeqNode = { kind: 'seq', place: over.place, items: [...base.items, ...over.items] };
  if (rule === 'subnets') return mergeSubnets(loading, base, over, row, path);
  return unique(together, rule);
}

/** Address ranges are merged where they have the same subnet. */
function mergeSubnets(
  loading: Loading,
  base: SeqNode,
  over: SeqNode,
  row: RowNode | undefined,
  path: Path,
): SeqNode {
  const items = [...base.items];
  for (const item of over.items) {
    const at = items.findIndex((each) => textOf(get(each, 'subnet')) === textOf(get(item, 'subnet')));
    const earlier = items[at];
    if (earlier?.kind === 'map' && item.kind === 'map') {
      items[at] = mergeMaps(loading, earlier, item, row?.children.get('*'), [...path, at]);
    } else items.push(item);
  }
  return { kind: 'seq', place: over.place, items };
}

type KeyOf = (item: Node) => string | undefined;
const field = (item: Node, name: string): string => textOf(get(item, name)) ?? '';
const inFolder = (folder: string, name: string): string => (name.startsWith('/') ? name : `${folder}${name}`);

const KEYS: Readonly<Partial<Record<MergeName, KeyOf>>> = {
  unique: (item) => textOf(item),
  'by:target': (item) => get(item, 'target') && field(item, 'target'),
  'by:path': (item) => get(item, 'path') && field(item, 'path'),
  'by:device': (item) => get(item, 'target') && field(item, 'target'),
  'by:secret': (item) => inFolder('/run/secrets/', field(item, 'target') || field(item, 'source')),
  'by:config': (item) => inFolder('/', field(item, 'target') || field(item, 'source')),
  'by:port': (item) =>
    [
      field(item, 'host_ip'),
      field(item, 'published'),
      field(item, 'target'),
      field(item, 'protocol') || 'tcp',
    ].join(' '),
};

/** A later entry with the same key takes the place of the earlier one. */
function unique(list: SeqNode, rule: MergeName | undefined): SeqNode {
  const keyOf = rule === undefined ? undefined : KEYS[rule];
  if (keyOf === undefined || list.items.length < 2) return list;
  const byKey = new Map<string, Node>();
  list.items.forEach((item, index) =>
    byKey.set((item.kind === 'map' ? keyOf(item) : textOf(item)) ?? `#${index}`, item),
  );
  return byKey.size === list.items.length ? list : { ...list, items: [...byKey.values()] };
}

/** A value that meets no earlier one: tags are spent, entries with the same key are one. */
export function settle(node: Node, row: RowNode | undefined = ROOT): Node {
  if (node.kind === 'scalar') return node.tag === undefined ? node : untagged(node);
  if (node.kind === 'seq') {
    const items = mapItems(untagged(node), (item) => settle(item, row?.children.get('*')));
    const kept = items.items.some((item) => item.tag === 'reset')
      ? { ...items, items: items.items.filter((item) => item.tag !== 'reset') }
      : items;
    return unique(kept, row?.row?.merge);
  }
  return settleMap(node, row);
}

function settleMap(node: MapNode, row: RowNode | undefined): MapNode {
  let entries: Map<string, Entry> | undefined;
  for (const [key, entry] of node.entries) {
    const value = entry.value.tag === 'reset' ? undefined : settle(entry.value, below(row, key));
    if (value === entry.value) continue;
    entries ??= new Map(node.entries);
    if (value === undefined) entries.delete(key);
    else entries.set(key, { key: entry.key, value });
  }
  return entries === undefined ? untagged(node) : { ...untagged(node), entries };
}

function untagged<N extends Node>(node: N): N {
  if (node.tag === undefined || node.tag === 'reset') return node;
  const { tag: _, ...rest } = node;
  return rest as N;
}
