/** What becomes of each attribute that was written: nothing is ever ignored in silence. */
import type { Problem, Where } from '@orc/model';
import type { AttributeStatus, AttributeUse } from '../../types.ts';
import { type Honour, YES, silent } from '../attributes/row.ts';
import { ROOT, type RowNode, below } from '../attributes/table.ts';
import type { Loading, Taken } from '../loading.ts';
import { type Entry, type Node, type Path, type Place, whereOf } from '../node.ts';
import { verdictOf } from './support.ts';

/** An attribute from the first letter of its key to the end of its value. */
type Use = {
  readonly path: Path;
  readonly key: Place;
  readonly end: number;
  readonly honour: Honour;
};

/** What `tree`, merged and before defaults, says; `problems` of the load tell what is refused beyond the table. */
export function auditAttributes(loading: Loading, tree: Node): readonly AttributeUse[] {
  const uses = distinct([...usesBelow(tree, ROOT, []), ...loading.taken.map(takenUse)]);
  const blamed = new Map<Use, Problem>();
  for (const problem of loading.problems) {
    const place = loading.places.get(problem);
    const use = problem.severity === 'warning' || place === undefined ? undefined : innermost(uses, place);
    if (use !== undefined && !blamed.has(use)) blamed.set(use, problem);
  }
  const files = [...new Set(uses.map((each) => each.key.source.path))];
  const rank = ({ key }: Use): number => files.indexOf(key.source.path);
  return [...uses]
    .sort((a, b) => rank(a) - rank(b) || a.key.start - b.key.start)
    .map((use) => ({
      path: use.path.join('.'),
      ...(statusOf(use.honour) === 'refused'
        ? ofTable(use.honour)
        : (ofProblem(blamed.get(use)) ?? ofTable(use.honour))),
      where: whereWithoutLine(use.key),
    }));
}

const takenUse = ({ path, key, end, why }: Taken): Use => ({
  path,
  key,
  end,
  honour: why === undefined ? YES : silent(why),
});

/** The line of an attribute may hold a secret. */
const whereWithoutLine = (place: Place): Where => {
  const { excerpt: _, ...where } = whereOf(place);
  return where;
};

/** An alias stands in several services and is written once. */
function distinct(uses: readonly Use[]): readonly Use[] {
  const found = new Map<string, Use>();
  for (const use of uses) {
    const place = `${use.key.start}\0${use.key.source.path}`;
    if (!found.has(place)) found.set(place, use);
  }
  return [...found.values()];
}

function usesBelow(node: Node, row: RowNode, path: Path): readonly Use[] {
  if (node.kind === 'scalar') return [];
  if (node.kind === 'seq') {
    const child = row.children.get('*');
    if (child === undefined) return [];
    const found = node.items.map((item, index) => usesBelow(item, child, [...path, index]));
    if (found.every((each) => each.length === 0)) return [];
    return node.items.flatMap((item, index) => {
      const uses = found[index] as readonly Use[];
      return uses.length > 0 ? uses : [shortForm(item, [...path, index])];
    });
  }
  return [...node.entries].flatMap(([key, entry]) => {
    const child = rowOf(row, key);
    return child === undefined || isDerived(entry, node) ? [] : usesOf(entry, child, [...path, key]);
  });
}

/** Where any key may stand, and below what has no rows, there is nothing more to say. */
function rowOf(row: RowNode, key: string): RowNode | undefined {
  const known = below(row, key);
  if (known !== undefined || row.children.size === 0) return known;
  return key.startsWith('x-') ? EXTENSION : UNKNOWN;
}

/** Beside items that say more of themselves. */
const shortForm = ({ place }: Node, path: Path): Use => ({ path, key: place, end: place.end, honour: YES });

/** Parts of a short form stand where it stands: what was written is the whole. */
const isDerived = (entry: Entry, parent: Node): boolean =>
  entry.key.source === parent.place.source &&
  entry.key.start === parent.place.start &&
  entry.key.end === parent.place.end;

const rowless = (why: string): RowNode => ({
  row: { path: '', form: undefined, merge: undefined, checks: [], honour: silent(why), default: undefined },
  children: new Map(),
});
const EXTENSION = rowless('it is an extension: `config` prints it, and nothing reads it');
const UNKNOWN = rowless('no such attribute is known');

/** Of a group that is honoured its members tell more. */
function usesOf(entry: Entry, child: RowNode, path: Path): readonly Use[] {
  // What says nothing is honoured by doing nothing, unless a problem is why it is empty.
  const honour = child.row && (verdictOf(child.row.honour, entry.value) ?? YES);
  const inner = honour === undefined || goesOn(honour) ? usesBelow(entry.value, child, path) : [];
  if (honour === undefined || (honour.kind === 'yes' && inner.length > 0)) return inner;
  const { key, value } = entry;
  const end = value.place.source === key.source ? Math.max(key.end, value.place.end) : key.end;
  return [{ path, key, end, honour }, ...inner];
}

const goesOn = ({ kind }: Honour): boolean => kind === 'yes' || kind === 'emulated';

function innermost(uses: readonly Use[], { source, start }: Place): Use | undefined {
  let found: Use | undefined;
  for (const use of uses)
    if (use.key.source === source && use.key.start <= start && start < Math.max(use.end, use.key.start + 1))
      if (found === undefined || use.key.start >= found.key.start) found = use;
  return found;
}

type Said = Pick<AttributeUse, 'status' | 'why' | 'instead'>;

function ofProblem(problem: Problem | undefined): Said | undefined {
  if (problem === undefined) return undefined;
  const status = problem.code === 'compose.unsupported' ? 'refused' : 'wrong';
  return { status, why: problem.message, ...(problem.hint === undefined ? {} : { instead: problem.hint }) };
}

function ofTable(honour: Honour): Said {
  const status = statusOf(honour);
  if (honour.kind === 'emulated') return { status, why: honour.how };
  if (honour.kind === 'noeffect') return { status, why: honour.why };
  return honour.kind === 'yes' ? { status } : { status, why: honour.why, instead: honour.instead };
}

const STATUS = {
  yes: 'honoured',
  emulated: 'emulated',
  noeffect: 'noeffect',
  no: 'refused',
  only: 'refused',
} as const;
const statusOf = (honour: Honour): AttributeStatus => STATUS[honour.kind];
