/** Attributes that are a mapping or a list of `KEY=value`. */
import { report } from '../loading.ts';
import {
  type Entry,
  type MapNode,
  type Node,
  type Path,
  type Place,
  mapOf,
  scalar,
  seq,
  textOf,
} from '../node.ts';
import type { FormContext } from './canonical.ts';
import { text } from './scalars.ts';

type Split = (line: string) => readonly [string, string | null];

const byEquals: Split = (line) => {
  const at = line.indexOf('=');
  return at === -1 ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
};

/** List or map to a map of strings; `bare` is the value of a key without one. */
function mapping(node: Node, bare: string | null): Node {
  if (node.kind === 'map') return mapFromMap(node, bare);
  if (node.kind !== 'seq') return node;
  const entries = new Map<string, Entry>();
  for (const item of node.items) {
    const [key, value] = byEquals(textOf(item) ?? '');
    entries.set(key, { key: item.place, value: scalar(value ?? bare, item.place) });
  }
  return mapOf(entries, node.place);
}

function mapFromMap(node: MapNode, bare: string | null): Node {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of node.entries)
    entries.set(key, { key: entry.key, value: valueOf(entry.value, bare) });
  return { ...node, entries };
}

function valueOf(node: Node, bare: string | null): Node {
  if (node.tag !== undefined || node.kind !== 'scalar') return node;
  return node.value === null ? scalar(bare, node.place) : text(node);
}

/** `KEY` alone, or null, takes the environment's value later. */
export function environment(context: FormContext, node: Node, path: Path): Node {
  if (node.kind === 'seq') {
    for (const item of node.items) {
      const key = byEquals(textOf(item) ?? '')[0];
      if (key.trim() === '' || /\s$/.test(key)) badKey(context, item, key, path);
    }
  }
  return mapping(node, null);
}

function badKey(context: FormContext, node: Node, key: string, path: Path): void {
  const hint = 'write KEY=value without blanks around the "="';
  report(context.loading, 'compose.schema', node, `${path.join('.')}: "${key}" is not a variable name`, {
    hint,
  });
}

export const args = (_context: FormContext, node: Node): Node => mapping(node, null);
export const labels = (_context: FormContext, node: Node): Node => mapping(node, '');
export const stringMap = (_context: FormContext, node: Node): Node => mapping(node, '');
export const contexts = (_context: FormContext, node: Node): Node => mapping(node, '');
export const ssh = (_context: FormContext, node: Node): Node =>
  node.kind === 'scalar' && node.value !== null ? mapping(seq([node], node.place), '') : mapping(node, '');

/** `name=address` lines. `name:address` is the older separator; an IPv6 address may stand in brackets. */
export function extraHosts(context: FormContext, node: Node, path: Path): Node {
  if (node.kind === 'map') {
    const lines = [...node.entries].flatMap(([name, entry]) => hostLines(name, entry));
    return seq(lines, node.place);
  }
  if (node.kind !== 'seq') return node;
  return { ...node, items: node.items.map((item) => hostLine(context, item, path)) };
}

const hostLines = (name: string, { key, value }: Entry): Node[] =>
  (value.kind === 'seq' ? value.items : [value]).map((item) => host(name, textOf(item) ?? '', key));

const host = (name: string, address: string, place: Place): Node =>
  scalar(`${name}=${address.replace(/^\[(.*)\]$/, '$1')}`, place);

function hostLine(context: FormContext, item: Node, path: Path): Node {
  const line = textOf(item) ?? '';
  const at = line.includes('=') ? line.indexOf('=') : line.indexOf(':');
  if (at > 0) return host(line.slice(0, at).trim(), line.slice(at + 1).trim(), item.place);
  report(context.loading, 'compose.schema', item, `${path.join('.')}: "${line}" names no address`, {
    hint: 'write name=address, such as db=10.0.0.5 or host=host-gateway',
  });
  return item;
}
