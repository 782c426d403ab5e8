/**
 * What is valid and cannot be honoured is refused where it stands; what has no effect is said. Never in
 * silence.
 */
import type { Honour } from '../attributes/row.ts';
import { ROOT, type RowNode, below } from '../attributes/table.ts';
import { type Loading, isFault, report, warn } from '../loading.ts';
import { type Entry, type MapNode, type Node, type Path, textOf } from '../node.ts';

export function refuseUnsupported(loading: Loading, tree: MapNode): void {
  walk(loading, tree, ROOT, []);
}

function walk(loading: Loading, node: Node, row: RowNode, path: Path): void {
  if (node.kind === 'map') {
    for (const [key, entry] of node.entries) {
      const child = below(row, key);
      if (child !== undefined && !settled(loading, entry, child, [...path, key])) {
        walk(loading, entry.value, child, [...path, key]);
      }
    }
  } else if (node.kind === 'seq') {
    const child = row.children.get('*');
    if (child !== undefined)
      node.items.forEach((item, index) => walk(loading, item, child, [...path, index]));
  }
}

/** True when nothing below needs to be looked at. */
function settled(loading: Loading, entry: Entry, { row }: RowNode, path: Path): boolean {
  if (row === undefined || isEmpty(entry.value)) return false;
  const { honour } = row;
  if (honour.kind === 'no') refuse(loading, entry, path, honour);
  else if (honour.kind === 'only') return refuseValue(loading, entry, path, honour);
  else if (honour.kind === 'noeffect' && honour.warn) {
    warn(loading, 'compose.unsupported', entry.key, `${path.join('.')} has no effect: ${honour.why}`);
  }
  return honour.kind === 'no' || honour.kind === 'noeffect';
}

const isEmpty = (node: Node): boolean =>
  node.kind === 'map'
    ? node.entries.size === 0
    : node.kind === 'seq'
      ? node.items.length === 0
      : node.value === null;

function refuse(loading: Loading, entry: Entry, path: Path, honour: Honour & { kind: 'no' }): void {
  report(loading, 'compose.unsupported', entry.key, `${path.join('.')} is not supported: ${honour.why}`, {
    hint: honour.instead,
  });
}

function refuseValue(loading: Loading, entry: Entry, path: Path, honour: Honour & { kind: 'only' }): boolean {
  const text = textOf(entry.value);
  if (text === undefined || honour.values.includes(text) || isFault(loading, entry.value.place)) return false;
  const message = `${path.join('.')}: "${text}" is not supported: ${honour.why}`;
  report(loading, 'compose.unsupported', entry.value, message, { hint: honour.instead });
  return true;
}
