/** Lists of names that stand for maps, and files by name. */
import { report, warn } from '../loading.ts';
import {
  type Entry,
  type Node,
  type Path,
  get,
  isNull,
  mapAt,
  mapItems,
  mapOf,
  scalar,
  seq,
  textOf,
} from '../node.ts';
import type { FormContext } from './canonical.ts';
import { bool } from './scalars.ts';

function namesToMap(node: Node, value: (place: Node['place']) => Node): Node {
  if (node.kind !== 'seq') return node;
  const entries = new Map<string, Entry>();
  for (const item of node.items)
    entries.set(textOf(item) ?? '', { key: item.place, value: value(item.place) });
  return mapOf(entries, node.place);
}

export const dependsOn = (_context: FormContext, node: Node): Node =>
  namesToMap(node, (place) => mapAt(place, { condition: 'service_started', required: true }));

export const networks = (_context: FormContext, node: Node): Node =>
  namesToMap(node, (place) => scalar(null, place));
export const models = networks;

/** `name` to `{source: name}`. */
export const fileRefs = (_context: FormContext, node: Node): Node =>
  node.kind === 'seq'
    ? mapItems(node, (item) => (item.kind === 'scalar' ? mapAt(item.place, { source: textOf(item) }) : item))
    : node;

export function envFiles(_context: FormContext, node: Node): Node {
  if (isNull(node)) return node;
  const list = node.kind === 'seq' ? node : seq([node], node.place);
  return mapItems(list, (item) =>
    item.kind === 'scalar' ? mapAt(item.place, { path: textOf(item) }) : item,
  );
}

/**
 * `external: {name: x}` is the older way to write `external: true` and `name: x`; the name is moved
 * afterwards.
 */
export function external(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'map') return bool(context, node, path);
  const name = get(node, 'name');
  warn(
    context.loading,
    'compose.schema',
    node,
    `${path.join('.')}.name is obsolete`,
    'write external: true and name: beside it',
  );
  if (name === undefined) report(context.loading, 'compose.schema', node, `${path.join('.')} names nothing`);
  return mapAt(node.place, { name });
}
