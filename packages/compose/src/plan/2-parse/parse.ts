/**
 * Phase 2: the text of one file to its documents, each a tree with places. Aliases and merge keys are laid
 * out.
 */
import { parseAllDocuments, isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, ParsedNode, YAMLMap } from 'yaml';
import { LIMITS } from '../../limits.ts';
import { type Loading, report } from '../loading.ts';
import {
  type Entry,
  type MapNode,
  type Node,
  type Place,
  type Source,
  type Tag,
  mapOf,
  scalar,
  seq,
} from '../node.ts';
import { readPlainBlocks } from './plain-blocks.ts';
import { resolvePlain } from './scalar.ts';

/** Documents that hold nothing are left out. Undefined when the text is not YAML that can be used. */
export function parseDocuments(loading: Loading, source: Source): readonly MapNode[] | undefined {
  if (source.text.length > LIMITS.sourceBytesMax) {
    const place = { source, start: 0, end: 0 };
    report(loading, 'compose.file', place, `${source.file} is larger than ${LIMITS.sourceBytesMax} bytes`);
    return undefined;
  }
  const plain = readPlainBlocks(source);
  return plain === undefined ? parseAny(loading, source) : [plain];
}

/** All of YAML. */
export function parseAny(loading: Loading, source: Source): readonly MapNode[] | undefined {
  const documents = documentsOf(loading, source);
  if (documents === undefined) return undefined;
  const before = loading.problems.length;
  const trees: MapNode[] = [];
  for (const document of documents) {
    const tree = treeOf(loading, source, document);
    if (tree?.kind === 'map') trees.push(tree);
    else if (tree !== undefined && !(tree.kind === 'scalar' && tree.value === null)) {
      report(loading, 'compose.syntax', tree, 'a compose file must be a mapping at its top level', {
        hint: 'begin with `services:`',
      });
    }
  }
  return loading.problems.length > before && trees.length === 0 ? undefined : trees;
}

function documentsOf(loading: Loading, source: Source): readonly Document.Parsed[] | undefined {
  try {
    const parsed = parseAllDocuments(source.text, {
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    const documents = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : [];
    const errors = documents.flatMap((document) => document.errors);
    const deep = errors.find(({ message }) => OUT_OF_STACK.test(message));
    if (deep !== undefined) tooDeep(loading, { source, start: deep.pos[0], end: deep.pos[0] });
    else for (const { code, pos, message } of errors) yamlProblem(loading, source, code, pos[0], message);
    return errors.length > 0 ? undefined : documents;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    tooDeep(loading, { source, start: 0, end: 0 });
    return undefined;
  }
}

/** The library tells of it among what is wrong with the text; all else that it finds then follows from it. */
const OUT_OF_STACK = /call stack/i;

const YAML_HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'align it with the lines of the same level',
  MISSING_CHAR: 'close the quote, the bracket or put the missing character',
  BLOCK_IN_FLOW: 'inside { } and [ ] everything is written in flow form',
  BLOCK_AS_IMPLICIT_KEY: 'quote the value when it contains ": "',
  MULTILINE_IMPLICIT_KEY: 'is a ":" missing after the key?',
  UNEXPECTED_TOKEN: 'quote the value when it begins with a special character',
  BAD_ALIAS: 'define it before with &name',
};

function yamlProblem(loading: Loading, source: Source, code: string, start: number, message: string): void {
  const place = { source, start, end: start };
  const sentence =
    code === 'TAB_AS_INDENT' ? 'a tab character is used for indentation' : lower(spaced(message));
  report(loading, 'compose.syntax', place, sentence, { hint: YAML_HINTS[code] });
}

/** The library says `Missing closing "quote`. */
const spaced = (text: string): string => text.replace(/closing (["'])quote/, 'closing $1 quote');
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function tooDeep(loading: Loading, place: Place): void {
  report(loading, 'compose.syntax', place, `nested more than ${LIMITS.depthMax} levels deep`, {
    hint: 'mappings and lists in each other are levels: leave some out',
  });
}

/** Laid-out size of each node, so that shared aliases cost what a walk over them costs. */
type Builder = {
  readonly loading: Loading;
  readonly source: Source;
  readonly anchors: Map<string, { node: Node | undefined; size: number }>;
  readonly path: string[];
  depth: number;
  size: number;
};

class Refused extends Error {}

function treeOf(loading: Loading, source: Source, document: Document.Parsed): Node | undefined {
  if (document.contents === null) return undefined;
  const builder: Builder = { loading, source, anchors: new Map(), path: [], depth: 0, size: 0 };
  try {
    return build(builder, document.contents as ParsedNode);
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

function build(builder: Builder, from: ParsedNode | null, fallback?: Place): Node {
  const place = placeOf(builder, from, fallback);
  if (from === null) return scalar(null, place);
  if (isAlias(from)) return aliased(builder, from.source, place);
  const sizeBefore = builder.size;
  if (from.anchor !== undefined) builder.anchors.set(from.anchor, { node: undefined, size: 0 });
  const node = withTag(builder, content(builder, from, place), from);
  if (from.anchor !== undefined) {
    builder.anchors.set(from.anchor, { node, size: builder.size - sizeBefore });
  }
  return node;
}

function content(builder: Builder, from: Exclude<ParsedNode, { type: 'ALIAS' }>, place: Place): Node {
  grow(builder, 1, place);
  if (isScalar(from))
    return scalarOf(from as { value: unknown; type?: string; source?: string; tag?: string }, place);
  builder.depth += 1;
  if (builder.depth > LIMITS.depthMax) {
    tooDeep(builder.loading, place);
    throw new Refused();
  }
  const node = isSeq(from)
    ? seq(
        (from.items as ParsedNode[]).map((item) => build(builder, item, place)),
        place,
      )
    : isMap(from)
      ? mapFrom(builder, from as YAMLMap<ParsedNode, ParsedNode | null>, place)
      : scalar(null, place);
  builder.depth -= 1;
  return node;
}

function grow(builder: Builder, by: number, place: Place): void {
  builder.size += by;
  if (builder.size <= LIMITS.nodesMax) return;
  report(
    builder.loading,
    'compose.syntax',
    place,
    `more than ${LIMITS.nodesMax} values once aliases are laid out`,
    {
      hint: 'aliases of aliases multiply; write fewer of them',
    },
  );
  throw new Refused();
}

function placeOf(builder: Builder, from: ParsedNode | null, fallback?: Place): Place {
  const range = from?.range;
  if (range === null || range === undefined) return fallback ?? { source: builder.source, start: 0, end: 0 };
  return { source: builder.source, start: range[0], end: range[1] };
}

function scalarOf(
  from: { value: unknown; type?: string; source?: string; tag?: string },
  place: Place,
): Node {
  const text = typeof from.value === 'string' ? from.value : String(from.value ?? '');
  if (from.type !== 'PLAIN' || from.tag === '!!str' || from.tag === 'tag:yaml.org,2002:str') {
    return from.value === null && from.type === undefined ? scalar(null, place) : scalar(text, place);
  }
  const value = resolvePlain(from.source ?? text);
  return typeof value === 'string' || value === null
    ? scalar(value, place)
    : { kind: 'scalar', place, value, raw: from.source ?? text };
}

function withTag(builder: Builder, node: Node, from: ParsedNode): Node {
  const name = (from as { tag?: string }).tag;
  if (name === undefined || name.startsWith('!!') || name.startsWith('tag:yaml.org,2002:')) return node;
  const tag: Tag | undefined = name === '!reset' ? 'reset' : name === '!override' ? 'override' : undefined;
  if (tag === undefined) {
    report(builder.loading, 'compose.syntax', node, `unknown tag ${name}`, {
      hint: 'compose knows the tags !reset and !override',
    });
    return node;
  }
  return { ...node, tag };
}

function aliased(builder: Builder, name: string, place: Place): Node {
  const anchor = builder.anchors.get(name);
  if (anchor?.node === undefined) {
    const what = anchor === undefined ? 'is not defined before this line' : 'contains itself';
    report(builder.loading, 'compose.syntax', place, `the alias *${name} ${what}`, {
      hint: anchor === undefined ? `define it with &${name}` : undefined,
    });
    throw new Refused();
  }
  grow(builder, anchor.size, place);
  return anchor.node;
}

type YamlPair = { key: ParsedNode | null; value: ParsedNode | null };

function mapFrom(builder: Builder, from: YAMLMap<ParsedNode, ParsedNode | null>, place: Place): MapNode {
  const own = new Map<string, Entry>();
  const merged: { node: Node; place: Place }[] = [];
  for (const pair of from.items as readonly YamlPair[]) {
    const key = build(builder, pair.key, place);
    const name = keyOf(builder, key);
    builder.path.push(name ?? '?');
    const value = build(builder, pair.value, key.place);
    builder.path.pop();
    if (name === undefined) continue;
    if (name === '<<' && isPlainKey(pair.key)) {
      merged.push({ node: value, place: key.place });
      continue;
    }
    const earlier = own.get(name);
    if (earlier !== undefined) duplicate(builder, name, key.place, earlier.key);
    else own.set(name, { key: key.place, value });
  }
  return merged.length === 0 ? mapOf(own, place) : mapOf(mergeKeys(builder, own, merged), place);
}

const isPlainKey = (key: ParsedNode | null): boolean => isScalar(key) && key.type === 'PLAIN';

function keyOf(builder: Builder, key: Node): string | undefined {
  if (key.kind === 'scalar' && typeof key.value === 'string') return key.value;
  const folded = key.kind === 'seq' ? '[…]' : '{…}';
  const shown = key.kind === 'scalar' ? (key.raw ?? String(key.value)) : folded;
  report(builder.loading, 'compose.syntax', key, `non-string key${inside(builder)}: ${shown}`, {
    hint: key.kind === 'scalar' ? `quote it: "${shown}"` : 'keys are strings',
  });
  return undefined;
}

const inside = (builder: Builder): string =>
  builder.path.length === 0 ? '' : ` in ${builder.path.join('.')}`;

function duplicate(builder: Builder, name: string, place: Place, earlier: Place): void {
  const line = builder.source.text.slice(0, earlier.start).split('\n').length;
  report(
    builder.loading,
    'compose.syntax',
    place,
    `the key "${name}" stands twice${inside(builder) || ' at the top level'}`,
    {
      hint: `it was defined at line ${line}; keep one of them`,
    },
  );
}

/** The mapping's own keys win over merged ones, and of several merged maps the first. */
function mergeKeys(
  builder: Builder,
  own: Map<string, Entry>,
  merged: readonly { node: Node; place: Place }[],
): Map<string, Entry> {
  const result = new Map<string, Entry>();
  for (const { node, place } of merged) {
    for (const each of node.kind === 'seq' ? node.items : [node]) {
      if (each.kind !== 'map') {
        report(
          builder.loading,
          'compose.syntax',
          place,
          'a merge key `<<` takes a mapping or a list of mappings',
        );
        continue;
      }
      for (const [key, entry] of each.entries) if (!result.has(key)) result.set(key, entry);
    }
  }
  for (const [key, entry] of own) result.set(key, entry);
  return result;
}
