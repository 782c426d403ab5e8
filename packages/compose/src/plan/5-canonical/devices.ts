/** `devices`, `gpus`, device counts and ulimits. */
import { report } from '../loading.ts';
import { type Node, type Path, mapAt, scalar, seq, textOf } from '../node.ts';
import type { FormContext } from './canonical.ts';
import { int } from './scalars.ts';

/** `source[:target[:permissions]]`; a CDI name (`vendor.com/class=name`) is a source alone. */
export function device(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'scalar' || node.value === null) return node;
  const written = textOf(node) ?? '';
  if (/^[^/:]+\/[^=:]+=/.test(written))
    return mapAt(node.place, { source: written, target: written, permissions: 'rwm' });
  const parts = written.split(':');
  const [source = '', second, third] = parts;
  if (parts.length > 3 || source === '') {
    report(
      context.loading,
      'compose.schema',
      node,
      `${path.join('.')}: confusing device mapping "${written}"`,
      {
        hint: 'write source[:target[:permissions]]',
      },
    );
    return scalar(null, node.place);
  }
  const onlyPermissions = parts.length === 2 && /^[rwm]+$/.test(second ?? '');
  const target = second === undefined || onlyPermissions ? source : second;
  return mapAt(node.place, { source, target, permissions: third ?? (onlyPermissions ? second : 'rwm') });
}

export function gpus(_context: FormContext, node: Node): Node {
  if (node.kind !== 'scalar' || node.value === null) return node;
  return seq([mapAt(node.place, { count: -1 })], node.place);
}

/** A number, or `all`, which is -1. */
export function deviceCount(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'scalar' || node.value === null) return node;
  if (node.value === 'all') return scalar(-1, node.place);
  if (/^-?\d+$/.test(textOf(node) ?? '')) return int(context, node, path);
  report(
    context.loading,
    'compose.schema',
    node,
    `${path.join('.')}: the only value allowed is all or a number, not "${textOf(node)}"`,
  );
  return scalar(null, node.place);
}

export function ulimit(context: FormContext, node: Node, path: Path): Node {
  if (node.kind === 'scalar') return int(context, node, path);
  if (node.kind !== 'map') return node;
  const entries = new Map(node.entries);
  for (const [key, entry] of entries)
    entries.set(key, { ...entry, value: int(context, entry.value, [...path, key]) });
  return { ...node, entries };
}
