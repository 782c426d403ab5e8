/** The flags of each instruction, and how they are read. */
import { nearestWord } from '@orc/model';
import type { Node } from './nodes.ts';
import { type Reading, refuse } from './reading.ts';

type FlagKind = 'text' | 'list' | 'boolean';

export const FLAGS: Readonly<Record<string, Readonly<Record<string, FlagKind>>>> = {
  from: { platform: 'text' },
  run: { mount: 'list', network: 'text', security: 'text', device: 'list' },
  copy: { from: 'text', chown: 'text', chmod: 'text', link: 'boolean', parents: 'boolean', exclude: 'list' },
  add: {
    chown: 'text',
    chmod: 'text',
    link: 'boolean',
    exclude: 'list',
    checksum: 'text',
    'keep-git-dir': 'boolean',
    unpack: 'boolean',
  },
  healthcheck: {
    interval: 'text',
    timeout: 'text',
    'start-period': 'text',
    'start-interval': 'text',
    retries: 'text',
  },
};

export type Flags = {
  readonly value: (name: string) => string | undefined;
  readonly values: (name: string) => readonly string[];
  readonly flag: (name: string) => boolean;
};

/** `undefined`: refused, with a problem for every wrong flag. */
export function readFlags(
  node: Node,
  known: Readonly<Record<string, FlagKind>>,
  reading: Reading,
): Flags | undefined {
  const found = new Map<string, string[]>();
  const before = reading.problems.length;
  for (const text of node.flags) {
    const [name, value] = splitFlag(text);
    const wrong = problemOf(node, known, found, name, value);
    if (wrong !== undefined) refuse(reading, wrong[0], `--${name}`, wrong[1]);
    else found.set(name, [...(found.get(name) ?? []), value ?? 'true']);
  }
  if (reading.problems.length > before) return undefined;
  return {
    value: (name) => found.get(name)?.[0],
    values: (name) => found.get(name) ?? [],
    flag: (name) => found.get(name)?.[0] === 'true',
  };
}

function splitFlag(text: string): readonly [string, string | undefined] {
  const at = text.indexOf('=');
  return at === -1 ? [text.slice(2), undefined] : [text.slice(2, at), text.slice(at + 1)];
}

function problemOf(
  node: Node,
  known: Readonly<Record<string, FlagKind>>,
  found: ReadonlyMap<string, unknown>,
  name: string,
  value: string | undefined,
): readonly [string, string?] | undefined {
  const kind = Object.hasOwn(known, name) ? known[name] : undefined;
  const keyword = node.keyword.toUpperCase();
  if (kind === undefined) return [`${keyword} has no flag --${name}`, hintFor(name, Object.keys(known))];
  if (kind !== 'list' && found.has(name)) return [`--${name} stands twice`];
  if (kind !== 'boolean' && (value === undefined || value === ''))
    return [`--${name} needs a value`, `--${name}=…`];
  if (kind === 'boolean' && value !== undefined && value !== 'true' && value !== 'false') {
    return [`${value} is no value of --${name}`, 'true or false'];
  }
  return undefined;
}

function hintFor(name: string, known: readonly string[]): string {
  const close = nearestWord(name, known);
  if (close !== undefined) return `did you mean --${close}?`;
  return known.length === 0 ? 'it takes no flags' : `it takes ${known.map((each) => `--${each}`).join(', ')}`;
}
