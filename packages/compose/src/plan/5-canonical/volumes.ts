/** `volumes` of a service: `[source:]target[:options]` to the long form, sources of binds absolute. */
import { posix } from 'node:path';
import { nearestWord } from '@orc/model';
import { report } from '../loading.ts';
import { type MapNode, type Node, type Path, get, mapAt, scalar, textOf, withEntries } from '../node.ts';
import type { FormContext } from './canonical.ts';
import { isWindowsPath, pathOf } from './paths.ts';

export function volumes(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'seq') return node;
  const items = node.items.flatMap((item, index) => {
    const long = item.kind === 'scalar' ? shortForm(context, item, [...path, index]) : item;
    return long?.kind === 'map' ? [longForm(context, long, [...path, index])] : [];
  });
  return { ...node, items };
}

function refuse(context: FormContext, node: Node, path: Path, what: string, hint?: string): undefined {
  report(context.loading, 'compose.schema', node, `${path.join('.')}: ${what}`, {
    hint: hint ?? 'write [source:]target[:ro], such as ./data:/var/lib/data or cache:/cache:ro',
  });
  return undefined;
}

function shortForm(context: FormContext, node: Node, path: Path): MapNode | undefined {
  const written = textOf(node) ?? '';
  const parts = split(written);
  if (parts.some((part) => part === '')) {
    return refuse(context, node, path, `empty section between colons in "${written}"`);
  }
  const [first = '', second, options, ...more] = parts;
  if (more.length > 0) return refuse(context, node, path, `too many colons in "${written}"`);
  if (second === undefined) return mapAt(node.place, { type: 'volume', target: cleaned(first) });
  return withOptions(context, node, path, first, second, options);
}

/** At colons, but not behind a drive letter: `C:\\x:/y`, or `C:/x:/y`, which `c:/x` alone is not. */
function split(written: string): readonly string[] {
  const drive = /^[A-Za-z]:(?=\\|\/[^:]*:\/)/.exec(written)?.[0] ?? '';
  const [first = '', ...rest] = written.slice(drive.length).split(':');
  return [drive + first, ...rest];
}

const cleaned = (target: string): string =>
  isWindowsPath(target) ? target : target === '' ? '' : trimSlash(posix.normalize(target));
const trimSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);

const looksLikePath = (source: string): boolean => /^[./~]/.test(source) || isWindowsPath(source);

const PROPAGATIONS = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);
const CONSISTENCIES = new Set(['consistent', 'cached', 'delegated']);
const OPTIONS = ['ro', 'rw', 'z', 'Z', 'nocopy', 'volume-nocopy', ...PROPAGATIONS, ...CONSISTENCIES];

function withOptions(
  context: FormContext,
  node: Node,
  path: Path,
  source: string,
  target: string,
  options: string | undefined,
): MapNode {
  const isBind = looksLikePath(source);
  const bind: Record<string, string | boolean> = { create_host_path: true };
  const volume: Record<string, string | boolean> = {};
  const top: Record<string, string | boolean> = {};
  for (const option of options?.split(',') ?? []) {
    if (option === 'ro') top['read_only'] = true;
    else if (option === 'rw') delete top['read_only'];
    else if (option === 'nocopy' || option === 'volume-nocopy') volume['nocopy'] = true;
    else if (PROPAGATIONS.has(option)) bind['propagation'] = option;
    else if (option === 'z' || option === 'Z') bind['selinux'] = option;
    else if (CONSISTENCIES.has(option)) top['consistency'] = option;
    else unknownOption(context, node, path, option);
  }
  return mapAt(node.place, {
    type: isBind ? 'bind' : 'volume',
    source,
    target: cleaned(target),
    ...top,
    ...(isBind ? { bind: mapAt(node.place, bind) } : { volume: mapAt(node.place, volume) }),
  });
}

function unknownOption(context: FormContext, node: Node, path: Path, option: string): void {
  if (!context.loading.interpolate && option.includes('$')) return;
  const near = nearestWord(option, OPTIONS);
  const hint = near === undefined ? `known are ${OPTIONS.join(', ')}` : `did you mean "${near}"?`;
  refuse(context, node, path, `unknown mount option "${option}"`, hint);
}

function longForm(context: FormContext, node: MapNode, path: Path): MapNode {
  const type = textOf(get(node, 'type'));
  const source = get(node, 'source');
  const target = get(node, 'target');
  const text = textOf(source);
  if (type === 'bind' && (text === undefined || text === '')) {
    refuse(context, node, path, 'a bind mount needs "source", a path on the host');
  }
  if (target === undefined) refuse(context, node, path, 'needs "target", a path in the container');
  const targetText = textOf(target);
  return withEntries(node, {
    ...(target === undefined || targetText === undefined
      ? {}
      : { target: scalar(cleaned(targetText), target.place) }),
    ...(type === 'bind' && source !== undefined && text ? { source: bindSource(context, source, text) } : {}),
  });
}

const bindSource = (context: FormContext, source: Node, text: string): Node =>
  !context.loading.interpolate && text.startsWith('$')
    ? source
    : scalar(trimSlash(pathOf(context, text)), source.place);
