/** Phase 4: one file against the schema, every problem at its place, in words rather than in schema terms. */
import { parseDurationMs } from '@orc/model';
import { type Loading, report } from '../loading.ts';
import {
  type MapNode,
  type Node,
  type Path,
  type Place,
  type ScalarNode,
  type SeqNode,
  isNull,
} from '../node.ts';
import { suggest } from '../suggest.ts';
import { type Schema, composeSchema, formsOf, memberOf, patternOf, resolve, typesOf } from './schema.ts';

export function validate(loading: Loading, tree: MapNode): void {
  check({ loading, done: new Map() }, composeSchema, tree, []);
}

type Work = { readonly loading: Loading; readonly done: Map<Node, Set<Schema>> };

function check(work: Work, schema: Schema, node: Node, path: Path): void {
  if (node.tag === 'reset' || alreadyDone(work, schema, node)) return;
  const forms = formsOf(schema);
  const kind = kindOf(node);
  const fitting = forms.filter((form) => accepts(form, kind));
  const form = fitting[0];
  if (form === undefined) wrongType(work, forms, node, path);
  else if (node.kind === 'map') checkMap(work, form, node, path);
  else if (node.kind === 'seq') checkSeq(work, form, node, path);
  else checkScalar(work, form, node, path);
}

/** Aliases share nodes; one that was checked against the same schema is not walked again. */
function alreadyDone(work: Work, schema: Schema, node: Node): boolean {
  if (node.kind === 'scalar') return false;
  const schemas = work.done.get(node);
  if (schemas?.has(schema)) return true;
  if (schemas === undefined) work.done.set(node, new Set([schema]));
  else schemas.add(schema);
  return false;
}

type Kind = 'map' | 'list' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

function kindOf(node: Node): Kind {
  if (node.kind === 'map') return 'map';
  if (node.kind === 'seq') return 'list';
  if (node.value === null) return 'null';
  if (typeof node.value === 'number') return Number.isInteger(node.value) ? 'integer' : 'number';
  return typeof node.value as 'string' | 'boolean';
}

const TYPE_OF_KIND: Readonly<Record<Kind, readonly string[]>> = {
  map: ['object'],
  list: ['array'],
  string: ['string'],
  number: ['number'],
  integer: ['number', 'integer'],
  boolean: ['boolean'],
  null: ['null'],
};

const accepts = (form: Schema, kind: Kind): boolean =>
  form.type === undefined || typesOf(form).some((type) => TYPE_OF_KIND[kind].includes(type));

const NAMES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a string',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  null: 'empty',
};
const KIND_NAMES: Readonly<Record<Kind, string>> = {
  map: 'a mapping',
  list: 'a list',
  string: 'a string',
  number: 'a number',
  integer: 'a number',
  boolean: 'a boolean',
  null: 'empty',
};

const pathName = (path: Path): string => (path.length === 0 ? 'the file' : path.join('.'));

const orList = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

function wrongType(work: Work, forms: readonly Schema[], node: Node, path: Path): void {
  const wanted = [...new Set(forms.flatMap((form) => typesOf(form)))].filter((type) => type !== 'null');
  const names = wanted.map((type) => NAMES[type] as string);
  const kind = kindOf(node);
  const message = `${pathName(path)} must be ${orList(names)}, not ${KIND_NAMES[kind]}`;
  const isDuration = forms.some((form) => form.format === 'duration');
  report(work.loading, 'compose.schema', node, message, { hint: typeHint(wanted, node, kind, isDuration) });
}

function typeHint(
  wanted: readonly string[],
  node: Node,
  kind: Kind,
  isDuration: boolean,
): string | undefined {
  if (isDuration && node.kind === 'scalar' && kind !== 'null')
    return `add a unit: ${node.raw ?? node.value}s`;
  if (node.kind === 'scalar' && wanted.includes('string') && kind !== 'null') {
    return `quote it: "${node.raw ?? String(node.value)}"`;
  }
  if (wanted.includes('array') && wanted.includes('object') && node.kind === 'scalar' && kind !== 'string')
    return 'write `key: value` lines, or a list of key=value';
  if (wanted.includes('array') && node.kind === 'scalar' && kind !== 'null') {
    return `write it as a list: [${node.raw ?? JSON.stringify(node.value)}]`;
  }
  if (wanted.includes('array') && kind === 'map') return 'begin each entry with "- "';
  if (wanted.includes('object') && kind === 'null') return 'write {} where nothing needs to be said';
  if (wanted.includes('object') && kind === 'list') return 'write `key: value` lines without "- "';
  return undefined;
}

function checkMap(work: Work, form: Schema, node: MapNode, path: Path): void {
  for (const [key, { key: place, value }] of node.entries) {
    const member = memberOf(form, key);
    if (member === undefined) {
      if (form.additionalProperties === false) unknownKey(work, form, key, place, path);
      continue;
    }
    const isNamed = form.properties !== undefined && Object.hasOwn(form.properties, key);
    if (isNamed && value.kind === 'scalar' && value.value === null) continue;
    check(work, member, value, [...path, key]);
  }
  for (const key of form.required ?? []) {
    const given = node.entries.get(key)?.value;
    if (given !== undefined && (!isNull(given) || given.tag === 'reset')) continue;
    report(work.loading, 'compose.schema', node, `${pathName(path)} needs "${key}"`, {
      hint: describe(form.properties?.[key]),
    });
  }
}

const describe = (schema: Schema | undefined): string | undefined => {
  const words = schema === undefined ? undefined : (schema.description ?? resolve(schema).description);
  return words === undefined ? undefined : words.charAt(0).toLowerCase() + words.slice(1).replace(/\.$/, '');
};

function unknownKey(work: Work, form: Schema, key: string, place: Place, path: Path): void {
  const known = Object.keys(form.properties ?? {});
  if (known.length === 0) {
    report(work.loading, 'compose.schema', place, `"${key}" is not a valid name in ${pathName(path)}`, {
      hint: 'names consist of letters, digits, ".", "_" and "-"',
    });
    return;
  }
  const where = path.length === 0 ? 'at the top level' : `in ${path.join('.')}`;
  report(work.loading, 'compose.schema', place, `unknown attribute "${key}" ${where}`, {
    hint: suggest(key, known) ?? elsewhere(key, path) ?? `known are ${few(known)}; own ones begin with x-`,
  });
}

const few = (known: readonly string[]): string =>
  known.length <= 12 ? orList(known) : `${known.slice(0, 12).join(', ')}, …`;

/** Where an attribute that stands in the wrong place belongs. */
function elsewhere(key: string, path: Path): string | undefined {
  const definitions = formsOf({ $ref: '#/definitions/service' })[0]?.properties ?? {};
  const top = composeSchema.properties ?? {};
  if (path.length === 0) {
    if (Object.hasOwn(definitions, key)) return `"${key}" belongs to a service: services.<name>.${key}`;
    return 'if it is a service, indent it below `services:`; own attributes begin with x-';
  }
  if (Object.hasOwn(top, key) && path[0] === 'services') return `"${key}" belongs to the top level`;
  if (path.length > 2 && Object.hasOwn(definitions, key))
    return `"${key}" belongs one level up, to the service`;
  return undefined;
}

function checkSeq(work: Work, form: Schema, node: SeqNode, path: Path): void {
  const { items } = form;
  if (items !== undefined) node.items.forEach((item, index) => check(work, items, item, [...path, index]));
}

function checkScalar(work: Work, form: Schema, node: ScalarNode, path: Path): void {
  const { value } = node;
  if (typeof value === 'number') checkBounds(work, form, node, value, path);
  if (typeof value !== 'string' || (!work.loading.interpolate && value.includes('$'))) return;
  if (form.enum !== undefined && !form.enum.includes(value)) {
    const known = form.enum.map(String);
    const message = `${pathName(path)} must be ${orList(known)}, not "${value}"`;
    report(work.loading, 'compose.schema', node, message, {
      hint: suggest(value, known) ?? (known.length > 1 ? `such as ${known[0]}` : undefined),
    });
  } else if (form.pattern !== undefined && !patternOf(form.pattern).test(value)) {
    report(work.loading, 'compose.schema', node, `${pathName(path)} has no meaning for "${value}"`, {
      hint: describe(form),
    });
  } else if (form.format === 'duration' && parseDurationMs(value) === undefined) {
    badDuration(work, node, value, path);
  }
}

function badDuration(work: Work, node: ScalarNode, value: string, path: Path): void {
  const hint = /^\d+$/.test(value) ? `add a unit: ${value}s` : 'such as 90s, 1m30s, 500ms';
  report(work.loading, 'compose.schema', node, `${pathName(path)}: "${value}" is not a duration`, { hint });
}

function checkBounds(work: Work, form: Schema, node: ScalarNode, value: number, path: Path): void {
  if (form.minimum !== undefined && value < form.minimum) {
    report(
      work.loading,
      'compose.schema',
      node,
      `${pathName(path)} must be ${form.minimum} or more, not ${value}`,
    );
  } else if (form.maximum !== undefined && value > form.maximum) {
    report(
      work.loading,
      'compose.schema',
      node,
      `${pathName(path)} must be ${form.maximum} or less, not ${value}`,
    );
  }
}
