/**
 * The YAML that most compose files are written in, read in one pass: block mappings and lists, flow collections and
 * scalars of one line each. Whatever else a text has (anchors, tags, block scalars, escapes, several documents, errors)
 * makes it undefined, and the library reads it. A tree from here is the library's, places of scalars and keys included.
 */
import { LIMITS } from '../../limits.ts';
import { type Entry, type MapNode, type Node, type Place, type Source, mapOf, scalar, seq } from '../node.ts';
import { resolvePlain } from './scalar.ts';

type Reader = {
  readonly source: Source;
  readonly text: string;
  /** Of the next content, behind indentation. */
  at: number;
  /** Columns before it; -1 at the end of the text. */
  indent: number;
  depth: number;
  nodes: number;
};

/** Thrown, for it is found out at any depth; without a stack, which would cost more than it tells. */
const OTHER = Symbol('other YAML');
const other = (): never => {
  throw OTHER;
};

export function readPlainBlocks(source: Source): MapNode | undefined {
  if (UNUSUAL.test(source.text)) return undefined;
  const reader: Reader = { source, text: source.text, at: 0, indent: 0, depth: 0, nodes: 0 };
  try {
    nextLine(reader, 0);
    const tree = blockMap(reader, 0);
    return tree.entries.size > 0 && isAtEnd(reader) ? tree : undefined;
  } catch (error) {
    if (error === OTHER) return undefined;
    throw error;
  }
}

const isAtEnd = ({ indent }: Reader): boolean => indent === -1;

/** Control characters, and lines that begin or end documents. */
// oxlint-disable-next-line no-control-regex
const UNUSUAL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ufeff]|^(?:---|\.\.\.|%)/m;

const [NEWLINE, SPACE, HASH, DASH, COLON] = [10, 32, 35, 45, 58] as const;
const [DOUBLE, SINGLE, COMMA, OPEN_SEQ, CLOSE_SEQ, OPEN_MAP, CLOSE_MAP] = [
  34, 39, 44, 91, 93, 123, 125,
] as const;

/** To the first content at or after `from`, which begins a line. */
function nextLine(reader: Reader, from: number): void {
  const { text } = reader;
  let start = from;
  while (start < text.length) {
    let at = start;
    while (text.charCodeAt(at) === SPACE) at += 1;
    const code = text.charCodeAt(at);
    if (at < text.length && code !== NEWLINE && code !== HASH) {
      reader.at = at;
      reader.indent = at - start;
      return;
    }
    start = endOfLine(text, at) + 1;
  }
  reader.at = text.length;
  reader.indent = -1;
}

function endOfLine(text: string, from: number): number {
  const found = text.indexOf('\n', from);
  return found === -1 ? text.length : found;
}

/** Nothing but blanks and a comment may follow a value; then the next line. */
function endLine(reader: Reader, from: number): void {
  const { text } = reader;
  let at = from;
  while (text.charCodeAt(at) === SPACE) at += 1;
  const code = text.charCodeAt(at);
  const isEnd = at >= text.length || code === NEWLINE || (code === HASH && at > from);
  if (!isEnd) other();
  nextLine(reader, endOfLine(text, at) + 1);
}

const place = ({ source }: Reader, start: number, end: number): Place => ({ source, start, end });

function enter(reader: Reader): void {
  reader.depth += 1;
  if (reader.depth > LIMITS.depthMax) other();
}

function count(reader: Reader): void {
  reader.nodes += 1;
  if (reader.nodes > LIMITS.nodesMax) other();
}

const KEY = /[A-Za-z_][\w./-]*(?=:(?:[ \n]|$))/y;

function keyAt({ text }: Reader, at: number): string | undefined {
  KEY.lastIndex = at;
  const key = KEY.exec(text)?.[0];
  return key !== undefined && key.length > LIMITS.keyLengthMax ? other() : key;
}

/** From a key at this column on; `reader` stands there. */
function blockMap(reader: Reader, column: number): MapNode {
  enter(reader);
  count(reader);
  const start = reader.at;
  const entries = new Map<string, Entry>();
  let end = start;
  while (reader.indent === column) {
    const key = keyAt(reader, reader.at) ?? other();
    if (entries.has(key) || typeof resolvePlain(key) !== 'string') other();
    count(reader);
    const from = reader.at;
    const value = valueAfter(reader, from + key.length + 1, column, true);
    entries.set(key, { key: place(reader, from, from + key.length), value });
    end = value.place.end;
  }
  if (reader.indent > column) other();
  reader.depth -= 1;
  return mapOf(entries, place(reader, start, end));
}

const isDash = ({ text }: Reader, at: number): boolean => {
  if (text.charCodeAt(at) !== DASH) return false;
  const next = text.charCodeAt(at + 1);
  return next === SPACE || next === NEWLINE || at + 1 >= text.length;
};

function blockSeq(reader: Reader, column: number): Node {
  enter(reader);
  count(reader);
  const start = reader.at;
  const items: Node[] = [];
  while (reader.indent === column && isDash(reader, reader.at))
    items.push(valueAfter(reader, reader.at + 1, column, false));
  if (reader.indent > column) other();
  reader.depth -= 1;
  return seq(items, place(reader, start, items.at(-1)?.place.end ?? start));
}

/** What follows a colon or a dash, on its line or below it; then the next line. */
function valueAfter(reader: Reader, from: number, column: number, isEntry: boolean): Node {
  const { text } = reader;
  let at = from;
  while (text.charCodeAt(at) === SPACE) at += 1;
  const code = text.charCodeAt(at);
  if (at >= text.length || code === NEWLINE || code === HASH) return valueBelow(reader, at, column, isEntry);
  if (!isEntry && keyAt(reader, at) !== undefined) {
    reader.indent = column + at - reader.at;
    reader.at = at;
    return blockMap(reader, reader.indent);
  }
  const value = code === OPEN_SEQ || code === OPEN_MAP ? flow(reader, at) : lineScalar(reader, at);
  endLine(reader, value.place.end);
  // A line that is further in would go on with the value.
  if (reader.indent > column) other();
  return value;
}

function valueBelow(reader: Reader, at: number, column: number, isEntry: boolean): Node {
  nextLine(reader, endOfLine(reader.text, at) + 1);
  const below = reader.indent;
  if (isDash(reader, reader.at) && (below > column || (isEntry && below === column)))
    return blockSeq(reader, below);
  if (below > column) return blockMap(reader, below);
  count(reader);
  return scalar(null, place(reader, at, at));
}

const isBlankOrEnd = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return at >= text.length || code === SPACE || code === NEWLINE;
};

/** Quoted, or plain up to the end of the line. */
function lineScalar(reader: Reader, at: number): Node {
  const { text } = reader;
  const code = text.charCodeAt(at);
  if (code === DOUBLE || code === SINGLE) return quoted(reader, at);
  if (!PLAIN_FIRST.test(text.charAt(at)) || (code === DASH && isBlankOrEnd(text, at + 1))) other();
  const line = endOfLine(text, at);
  let end = at;
  for (let here = at; here < line; here += 1) {
    const each = text.charCodeAt(here);
    if (each === SPACE) {
      if (text.charCodeAt(here + 1) === HASH) break;
      continue;
    }
    if (each === COLON && isBlankOrEnd(text, here + 1)) other();
    end = here + 1;
  }
  return plainScalar(reader, at, end);
}

/** No indicator; `?` and `:` could begin a plain scalar, and hardly do. */
const PLAIN_FIRST = /[^?:,[\]{}#&*!|>'"%@`]/;

function plainScalar(reader: Reader, start: number, end: number): Node {
  count(reader);
  const raw = reader.text.slice(start, end);
  const value = resolvePlain(raw);
  const where = place(reader, start, end);
  return typeof value === 'string' || value === null
    ? scalar(value, where)
    : { kind: 'scalar', place: where, value, raw };
}

/** On one line, and without escapes but the doubled quote. */
function quoted(reader: Reader, at: number): Node {
  const { text } = reader;
  count(reader);
  const mark = text.charAt(at);
  let end = text.indexOf(mark, at + 1);
  if (mark === "'") while (end !== -1 && text.charAt(end + 1) === mark) end = text.indexOf(mark, end + 2);
  if (end === -1) other();
  const inner = text.slice(at + 1, end);
  if (inner.includes('\n') || (mark === '"' && inner.includes('\\'))) other();
  return scalar(mark === "'" ? inner.replaceAll("''", "'") : inner, place(reader, at, end + 1));
}

/** A collection in brackets, on one line. */
function flow(reader: Reader, at: number): Node {
  enter(reader);
  count(reader);
  const node = reader.text.charCodeAt(at) === OPEN_SEQ ? flowSeq(reader, at) : flowMap(reader, at);
  reader.depth -= 1;
  return node;
}

function skip({ text }: Reader, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === SPACE) at += 1;
  return at;
}

function flowSeq(reader: Reader, start: number): Node {
  const { text } = reader;
  const items: Node[] = [];
  let at = skip(reader, start + 1);
  if (text.charCodeAt(at) === CLOSE_SEQ) return seq(items, place(reader, start, at + 1));
  for (;;) {
    const item = flowValue(reader, at);
    items.push(item);
    at = skip(reader, item.place.end);
    const code = text.charCodeAt(at);
    if (code === CLOSE_SEQ) return seq(items, place(reader, start, at + 1));
    if (code !== COMMA) other();
    at = skip(reader, at + 1);
  }
}

function flowMap(reader: Reader, start: number): Node {
  const { text } = reader;
  const entries = new Map<string, Entry>();
  let at = skip(reader, start + 1);
  if (text.charCodeAt(at) === CLOSE_MAP) return mapOf(entries, place(reader, start, at + 1));
  for (;;) {
    const key = keyAt(reader, at) ?? other();
    if (entries.has(key) || typeof resolvePlain(key) !== 'string') other();
    count(reader);
    const value = flowValue(reader, skip(reader, at + key.length + 1));
    entries.set(key, { key: place(reader, at, at + key.length), value });
    at = skip(reader, value.place.end);
    const code = text.charCodeAt(at);
    if (code === CLOSE_MAP) return mapOf(entries, place(reader, start, at + 1));
    if (code !== COMMA) other();
    at = skip(reader, at + 1);
  }
}

function flowValue(reader: Reader, at: number): Node {
  const { text } = reader;
  const code = text.charCodeAt(at);
  if (code === OPEN_SEQ || code === OPEN_MAP) return flow(reader, at);
  if (code === DOUBLE || code === SINGLE) return quoted(reader, at);
  FLOW_PLAIN.lastIndex = at;
  const found = FLOW_PLAIN.exec(text)?.[0].trimEnd();
  return found === undefined || found === '' ? other() : plainScalar(reader, at, at + found.length);
}

/** Up to a bracket or comma. A colon that could end a key, and what could begin a comment, are left to the library. */
const FLOW_PLAIN =
  /(?![?:,[\]{}#&*!|>'"%@`\n]|-[ ,[\]{}\n])(?:[^,[\]{}#:\n]|(?<! )#|:(?![ ,[\]{}\n]))+(?=[,[\]{}])/y;
