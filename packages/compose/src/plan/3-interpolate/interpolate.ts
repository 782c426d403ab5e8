/** Phase 3: every string value of one file, before it meets other files. Keys stay as written. */
import { LIMITS } from '../../limits.ts';
import { type Loading, report, warn } from '../loading.ts';
import {
  type MapNode,
  type Node,
  type Path,
  type Place,
  type ScalarNode,
  mapItems,
  mapValues,
} from '../node.ts';
import { suggest } from '../suggest.ts';
import { type Lookup, expand } from './template.ts';

export type Variables = ReadonlyMap<string, string>;

export function interpolate(loading: Loading, tree: MapNode, variables: Variables): MapNode {
  const lookup: Lookup = (name) => variables.get(name);
  return walk({ loading, variables, lookup, done: new Map() }, tree, []) as MapNode;
}

type Work = {
  readonly loading: Loading;
  readonly variables: Variables;
  readonly lookup: Lookup;
  /** Aliased nodes are shared: each is done once. */
  readonly done: Map<Node, Node>;
};

function walk(work: Work, node: Node, path: Path): Node {
  if (node.kind === 'scalar') return typeof node.value === 'string' ? scalarValue(work, node, path) : node;
  const known = work.done.get(node);
  if (known !== undefined) return known;
  const result =
    node.kind === 'map'
      ? mapValues(node, (value, key) => walk(work, value, [...path, key]))
      : mapItems(node, (item, index) => walk(work, item, [...path, index]));
  work.done.set(node, result);
  return result;
}

function scalarValue(work: Work, node: ScalarNode, path: Path): Node {
  const template = node.value as string;
  if (!template.includes('$')) return node;
  const { text, errors, unset } = expand(template, work.lookup);
  if (errors.length + unset.length === 0) return { ...node, value: text };
  const placeOf = placesIn(node.place, template);
  for (const error of errors) {
    const place = placeOf(error.at);
    const target = path.join('.');
    if (error.kind === 'required') required(work, place, error.name, error.message, target);
    else if (error.kind === 'invalid') invalid(work, place, error.message, target);
    else report(work.loading, 'compose.interpolation', place, `${target}: ${error.message}`);
  }
  for (const { name, at } of unset) unsetVariable(work, placeOf(at), name);
  return { ...node, value: text };
}

function required(work: Work, place: Place, name: string, words: string, target: string): void {
  const reason = words === '' ? '' : `: ${words}`;
  const message = `required variable ${name} is missing a value${reason} (in ${target})`;
  report(work.loading, 'compose.interpolation', place, message, {
    hint: suggest(name, work.variables.keys()) ?? `set it in the environment or in .env: ${name}=…`,
  });
}

function invalid(work: Work, place: Place, text: string, target: string): void {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  report(
    work.loading,
    'compose.interpolation',
    place,
    `invalid interpolation format for ${target}: ${shown}`,
    {
      hint: 'write ${NAME}, ${NAME:-default}, ${NAME:?error} or ${NAME:+value}; a dollar itself is $$',
    },
  );
}

/** Once for each variable, where it is first asked for. */
function unsetVariable(work: Work, place: Place, name: string): void {
  if (work.loading.seen.has(`unset ${name}`)) return;
  work.loading.seen.add(`unset ${name}`);
  warn(
    work.loading,
    'compose.interpolation',
    place,
    `the variable ${name} is not set and becomes an empty string`,
    suggest(name, work.variables.keys()) ??
      `set it, or write \${${name}:-} to say that empty is meant; a dollar itself is $$`,
  );
}

/**
 * The place of each dollar of a value. What is quoted with escapes, folded or indented in the file is not the value
 * letter by letter: the dollars stand in the same order, unless some are written otherwise, or in a comment.
 */
function placesIn(place: Place, template: string): (offset: number) => Place {
  const written = place.source.text.slice(place.start, place.end);
  const inside = template.length > LIMITS.valueBytesMax ? -1 : written.indexOf(template);
  const from = (start: number): Place => ({
    source: place.source,
    start: place.start + start,
    end: place.end,
  });
  if (inside !== -1) return (offset) => from(inside + offset);
  const [values, shown] = [dollarsOf(template), dollarsOf(written)];
  if (values.length !== shown.length) return () => place;
  const order = new Map(values.map((offset, index) => [offset, shown[index] as number]));
  return (offset) => from(order.get(offset) ?? 0);
}

const dollarsOf = (text: string): readonly number[] => Array.from(text.matchAll(/\$/g), ({ index }) => index);
