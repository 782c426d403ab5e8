/** Numbers, booleans, sizes and durations: written as such, or as strings after interpolation. */
import { formatDurationMs, parseBytes, parseDurationMs } from '@orc/model';
import { report } from '../loading.ts';
import { type Node, type Path, type ScalarNode, scalar, textOf } from '../node.ts';
import type { FormContext } from './canonical.ts';

/** A scalar as a string; numbers keep their digits. */
export function text(node: Node): Node {
  const value = textOf(node);
  return value === undefined || (node.kind === 'scalar' && node.value === value)
    ? node
    : scalar(value, node.place);
}

/** Not interpolated (`config --no-interpolate`): a `${…}` stays what it is. */
const pending = (context: FormContext, node: ScalarNode): boolean =>
  !context.loading.interpolate && typeof node.value === 'string' && node.value.includes('$');

function refuse(context: FormContext, node: Node, path: Path, wanted: string, hint?: string): Node {
  const message = `${path.join('.')}: "${textOf(node) ?? ''}" is not ${wanted}`;
  report(context.loading, 'compose.schema', node, message, { hint });
  return scalar(null, node.place);
}

const TRUE = new Set(['true', 'y', 'yes', 'on', '1', 't']);
const FALSE = new Set(['false', 'n', 'no', 'off', '0', 'f']);

export function bool(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || pending(context, node)) return node;
  const word = node.value.toLowerCase();
  if (TRUE.has(word)) return { ...node, value: true };
  return FALSE.has(word)
    ? { ...node, value: false }
    : refuse(context, node, path, 'true or false', 'write one of the two');
}

export function int(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'scalar' || node.value === null || pending(context, node)) return node;
  const value = typeof node.value === 'number' ? node.value : wholeNumber(String(node.value));
  return Number.isInteger(value)
    ? { ...node, value }
    : refuse(context, node, path, 'an integer', 'in digits, such as 3');
}

const wholeNumber = (word: string): number =>
  /^\s*[-+]?(?:0x[0-9a-f]+|\d+(?:\.0*)?)\s*$/i.test(word) ? Number(word) : Number.NaN;

export function float(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'scalar' || node.value === null || pending(context, node)) return node;
  const value =
    typeof node.value === 'number' ? node.value : node.value === '' ? Number.NaN : Number(node.value);
  return Number.isFinite(value)
    ? { ...node, value }
    : refuse(context, node, path, 'a number', 'in digits, such as 0.5');
}

export function bytes(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'scalar' || node.value === null || pending(context, node)) return node;
  const value =
    typeof node.value === 'number' && node.value >= 0
      ? Math.trunc(node.value)
      : parseBytes(textOf(node) ?? '');
  if (value === undefined) return refuse(context, node, path, 'a size', 'such as 512m, 1g or 1073741824');
  return { kind: 'scalar', place: node.place, value };
}

/** A size, or -1 for unlimited. */
export function sizeOrUnlimited(context: FormContext, node: Node, path: Path): Node {
  return textOf(node)?.trim() === '-1' ? scalar(-1, node.place) : bytes(context, node, path);
}

/** In the notation of Go: `1m30s`. */
export function duration(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'scalar' || node.value === null || pending(context, node)) return node;
  const ms = parseDurationMs(textOf(node) ?? '');
  return ms === undefined
    ? refuse(context, node, path, 'a duration', 'such as 90s or 1m30s')
    : { ...node, value: formatDurationMs(ms) };
}

/** Permissions: digits are octal however they are quoted, as `0440` is meant; printed as `0440`. */
export function mode(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'scalar' || node.value === null || pending(context, node)) return node;
  const written = (textOf(node) ?? '').trim();
  const digits = /^0o?([0-7]{1,5})$/.exec(written)?.[1];
  const value =
    digits !== undefined ? Number.parseInt(digits, 8) : /^\d+$/.test(written) ? Number(written) : undefined;
  if (value === undefined || value > 0o7777)
    return refuse(context, node, path, 'a file mode', 'octal, such as 0440');
  return scalar(`0${value.toString(8)}`, node.place);
}
