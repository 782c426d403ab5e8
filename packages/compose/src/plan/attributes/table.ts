/**
 * The one table of attributes: for each path its long form, how it merges, what is checked, and what honours it. The phases
 * walk a tree of values beside the tree of rows; the compatibility table of the README is printed from it.
 */
import { BUILD_ROWS } from './build.ts';
import { CHECKS } from './checks.ts';
import { DEPLOY_ROWS } from './deploy.ts';
import type { Row, ShortRow } from './row.ts';
import { SERVICE_ROWS } from './service.ts';
import { TOP_ROWS } from './top.ts';

const prefixed = (prefix: string, rows: readonly ShortRow[]): Row[] =>
  rows.map(([own, form, merge, honour, preset]) => {
    const path = [prefix, own].filter((part) => part !== '').join('.');
    return {
      path,
      form: form === '' ? undefined : form,
      merge: merge === '' ? undefined : merge,
      checks: CHECKS[path] ?? [],
      honour,
      default: preset,
    };
  });

export const ATTRIBUTES: readonly Row[] = [
  ...prefixed('', TOP_ROWS),
  ...prefixed('services.*', SERVICE_ROWS),
  ...prefixed('services.*.build', BUILD_ROWS),
  ...prefixed('services.*.deploy', DEPLOY_ROWS),
];

/** A node of the table as a tree; a step that has no row of its own still leads to rows below it. */
export type RowNode = { row: Row | undefined; readonly children: Map<string, RowNode> };

const newNode = (): RowNode => ({ row: undefined, children: new Map() });

export const ROOT: RowNode = build();

function build(): RowNode {
  const root = newNode();
  for (const row of ATTRIBUTES) {
    let node = root;
    for (const step of row.path.split('.')) {
      const next = node.children.get(step) ?? newNode();
      node.children.set(step, next);
      node = next;
    }
    node.row = row;
  }
  return root;
}

const DEFAULTS = new Map(ATTRIBUTES.map((row) => [row.path, row.default]));

/** Only for rows that have one. */
export function defaultOf(path: string): string | boolean {
  const preset = DEFAULTS.get(path);
  if (preset === undefined) throw new Error(`${path} has no default`);
  return preset;
}

/** The row node one step down: the key itself, or `*`. */
export const below = (node: RowNode | undefined, key: string): RowNode | undefined =>
  node?.children.get(key) ?? node?.children.get('*');
