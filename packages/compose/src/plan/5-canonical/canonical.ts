/**
 * Phase 5: one file's values in their long forms with absolute paths, so that merging need not know any
 * short form. What is missing stays missing: defaults come after merging.
 */
import { ROOT, type RowNode, below } from '../attributes/table.ts';
import type { Loading } from '../loading.ts';
import { type Entry, type MapNode, type Node, type Path, isNull, mapItems } from '../node.ts';
import { FORMS } from './forms.ts';

/** `baseDir`: what relative paths of this file start from. */
export type FormContext = { readonly loading: Loading; readonly baseDir: string };

export function canonical(loading: Loading, tree: MapNode, baseDir: string): MapNode {
  return walk({ loading, baseDir }, tree, ROOT, []) as MapNode;
}

function walk(context: FormContext, node: Node, row: RowNode | undefined, path: Path): Node {
  if (row === undefined || node.tag === 'reset') return node;
  const shaped = shape(context, node, row, path);
  if (row.children.size === 0 || shaped.kind === 'scalar') return shaped;
  if (shaped.kind === 'seq') {
    return mapItems(shaped, (item, index) => walk(context, item, row.children.get('*'), [...path, index]));
  }
  return walkMap(context, shaped, row, path);
}

function shape(context: FormContext, node: Node, { row }: RowNode, path: Path): Node {
  if (row?.form === undefined) return node;
  const shaped = FORMS[row.form](context, node, path);
  return node.tag === undefined || shaped === node ? shaped : { ...shaped, tag: node.tag };
}

/**
 * A key without a value says nothing, except where a row says what it means (`*` rows, command,
 * entrypoint).
 */
function walkMap(context: FormContext, map: MapNode, row: RowNode, path: Path): MapNode {
  let entries: Map<string, Entry> | undefined;
  for (const [key, entry] of map.entries) {
    const child = below(row, key);
    const value = child === undefined ? entry.value : walk(context, entry.value, child, [...path, key]);
    const isEmpty = isNull(value) && value.tag === undefined && !meansSomething(row, key);
    if (!isEmpty && value === entry.value) continue;
    entries ??= new Map(map.entries);
    if (isEmpty) {
      entries.delete(key);
      const why = isNull(entry.value) ? 'it has no value' : 'its value cannot be used';
      context.loading.taken.push({ path: [...path, key], key: entry.key, end: entry.value.place.end, why });
      continue;
    }
    entries.set(key, { key: entry.key, value });
  }
  return entries === undefined ? map : { ...map, entries };
}

const meansSomething = (row: RowNode, key: string): boolean =>
  !row.children.has(key) || row.children.get(key)?.row?.form === 'command';
