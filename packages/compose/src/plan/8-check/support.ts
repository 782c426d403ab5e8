/**
 * What is valid and cannot be honoured is refused where it stands; what has no effect is said. Never in
 * silence.
 */
import { type Honour, YES } from '../attributes/row.ts';
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
  const verdict = row === undefined ? undefined : verdictOf(row.honour, entry.value);
  if (verdict?.kind === 'no') refuse(loading, entry, path, verdict);
  else if (verdict?.kind === 'only') refuseValue(loading, entry, path, verdict);
  else if (verdict?.kind === 'noeffect' && verdict.warn)
    warn(loading, 'compose.unsupported', entry.key, `${path.join('.')} has no effect: ${verdict.why}`);
  return verdict !== undefined && verdict.kind !== 'yes' && verdict.kind !== 'emulated';
}

/** What becomes of this value; undefined when it says nothing. `only` when it is none of the values honoured. */
export function verdictOf(honour: Honour, value: Node): Honour | undefined {
  if (isEmpty(value)) return undefined;
  if (honour.kind !== 'only') return honour;
  const text = textOf(value);
  if (text === undefined) return YES;
  const honoured = honour.pattern?.test(text) ?? honour.values.includes(text);
  return honoured ? YES : honour;
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

function refuseValue(loading: Loading, entry: Entry, path: Path, honour: Honour & { kind: 'only' }): void {
  if (isFault(loading, entry.value.place)) return;
  const message = `${path.join('.')}: "${textOf(entry.value)}" is not supported: ${honour.why}`;
  report(loading, 'compose.unsupported', entry.value, message, { hint: honour.instead });
}
