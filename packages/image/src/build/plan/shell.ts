/**
 * Words as a Dockerfile has them: quotes, escapes and `${…}`; the rules of docker's frontend (its reference,
 * "Environment replacement"), which are those of a POSIX shell without command substitution.
 */
import { escapeRegex } from './pattern.ts';

export type WordOptions = {
  readonly escape: '\\' | '`';
  readonly env: Readonly<Record<string, string>>;
  /** Quotes stay in the result. */
  readonly rawQuotes?: boolean;
  /** Escape characters stay in the result. */
  readonly rawEscapes?: boolean;
  /** Quotes are ordinary characters (bodies of heredocs). */
  readonly ignoreQuotes?: boolean;
  /** What names no variable stays as it was written. */
  readonly keepUnset?: boolean;
};

export type Expanded<T> = { readonly value: T } | { readonly error: string };

/** One word: quotes removed, variables replaced. */
export function expandWord(text: string, options: WordOptions): Expanded<string> {
  return attempt(() => readUntil(start(text, options), undefined).join);
}

/** Words apart by blanks; what a bare `$variable` yields is split too. */
export function expandWords(text: string, options: WordOptions): Expanded<readonly string[]> {
  return attempt(() => readUntil(start(text, options), undefined).words);
}

class WordError extends Error {}

type Reader = {
  readonly chars: readonly string[];
  at: number;
  readonly options: WordOptions;
  rawEscapes: boolean;
};

const SPACE = /\s/u;
const SPECIAL = new Set(['@', '*', '#', '?', '-', '$', '!']);
const NAME_CHAR = /[\p{L}\p{Nd}_]/u;

function attempt<T>(read: () => T): Expanded<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof WordError) return { error: error.message };
    throw error;
  }
}

const start = (text: string, options: WordOptions): Reader => ({
  chars: [...text],
  at: 0,
  options,
  rawEscapes: options.rawEscapes === true,
});

const peek = (reader: Reader): string | undefined => reader.chars[reader.at];
const next = (reader: Reader): string | undefined => reader.chars[reader.at++];

/** What was read: as one string, and as the words that blanks outside quotes make of it. */
type Sink = { join: string; word: string; inWord: boolean; readonly words: string[] };

function addRaw(sink: Sink, text: string): void {
  sink.join += text;
  sink.word += text;
  sink.inWord = true;
}

function addSplit(sink: Sink, text: string): void {
  sink.join += text;
  for (const char of text) {
    if (!SPACE.test(char)) {
      sink.word += char;
      sink.inWord = true;
    } else if (sink.inWord) endWord(sink);
  }
}

function endWord(sink: Sink): void {
  if (sink.word !== '') sink.words.push(sink.word);
  sink.word = '';
  sink.inWord = false;
}

function readUntil(reader: Reader, stop: string | undefined): Sink {
  const sink: Sink = { join: '', word: '', inWord: false, words: [] };
  for (;;) {
    const char = peek(reader);
    if (char === undefined) break;
    if (char === stop) {
      reader.at += 1;
      endWord(sink);
      return sink;
    }
    readPart(reader, sink, char);
  }
  if (stop !== undefined) throw new WordError(`${stop} is missing`);
  endWord(sink);
  return sink;
}

function readPart(reader: Reader, sink: Sink, char: string): void {
  const quotes = reader.options.ignoreQuotes !== true;
  if (char === '$') return addSplit(sink, readDollar(reader));
  if (quotes && char === "'") return addRaw(sink, readSingleQuoted(reader));
  if (quotes && char === '"') return addRaw(sink, readDoubleQuoted(reader));
  reader.at += 1;
  if (char !== reader.options.escape) return addSplit(sink, char);
  if (reader.rawEscapes) addRaw(sink, char);
  const escaped = next(reader);
  if (escaped !== undefined) addRaw(sink, escaped);
}

function readSingleQuoted(reader: Reader): string {
  const end = reader.chars.indexOf("'", reader.at + 1);
  if (end === -1) throw new WordError("the closing ' is missing");
  const inner = reader.chars.slice(reader.at + 1, end).join('');
  reader.at = end + 1;
  return reader.options.rawQuotes === true ? `'${inner}'` : inner;
}

function readDoubleQuoted(reader: Reader): string {
  const quote = reader.options.rawQuotes === true ? '"' : '';
  reader.at += 1;
  let result = quote;
  for (;;) {
    const char = peek(reader);
    if (char === undefined) throw new WordError('the closing " is missing');
    if (char === '$') result += readDollar(reader);
    else if (char === '"') {
      reader.at += 1;
      return result + quote;
    } else result += readQuotedChar(reader);
  }
}

/** Inside double quotes the escape character counts only before `"`, `$` and itself. */
function readQuotedChar(reader: Reader): string {
  const { escape } = reader.options;
  const char = next(reader) ?? '';
  if (char !== escape) return char;
  const kept = reader.rawEscapes ? char : '';
  const after = peek(reader);
  if (after === undefined) return kept;
  if (after === '"' || after === '$' || after === escape) return kept + (next(reader) ?? '');
  return kept + char;
}

function readDollar(reader: Reader): string {
  reader.at += 1;
  if (peek(reader) === '{') return readBraced(reader);
  const name = readName(reader);
  if (name === '') return '$';
  const value = lookUp(reader, name);
  if (value === undefined && reader.options.keepUnset === true) return `$${name}`;
  return value ?? '';
}

/** Letters, digits, `_`; a leading digit makes it digits only; one of the special parameters stands alone. */
function readName(reader: Reader): string {
  const first = peek(reader);
  if (first === undefined) return '';
  if (SPECIAL.has(first)) return next(reader) ?? '';
  const allowed = /\p{Nd}/u.test(first) ? /\p{Nd}/u : NAME_CHAR;
  let name = '';
  for (let char = peek(reader); char !== undefined && allowed.test(char); char = peek(reader)) {
    name += char;
    reader.at += 1;
  }
  return name;
}

const lookUp = (reader: Reader, name: string): string | undefined =>
  Object.hasOwn(reader.options.env, name) ? reader.options.env[name] : undefined;

function readBraced(reader: Reader): string {
  reader.at += 1;
  const first = peek(reader);
  if (first === undefined) throw new WordError('} is missing');
  if (first === '{' || first === '}' || first === ':') throw new WordError(`\${${first} is no substitution`);
  const name = readName(reader);
  const operator = next(reader);
  if (operator === undefined) throw new WordError('} is missing');
  if (operator === '}') return plainValue(reader, name);
  if (operator === '/') return replace(reader, name);
  if (operator === '#' || operator === '%') return trim(reader, name, operator);
  if (operator === ':') return conditional(reader, name, `:${next(reader) ?? ''}`);
  return conditional(reader, name, operator);
}

function plainValue(reader: Reader, name: string): string {
  const value = lookUp(reader, name);
  if (value === undefined && reader.options.keepUnset === true) return `\${${name}}`;
  return value ?? '';
}

function readOperand(reader: Reader, stop: string, rawEscapes: boolean): string {
  const before = reader.rawEscapes;
  reader.rawEscapes ||= rawEscapes;
  try {
    return readUntil(reader, stop).join;
  } finally {
    reader.rawEscapes = before;
  }
}

const CONDITIONALS = new Set(['-', '+', '?', ':-', ':+', ':?']);

function conditional(reader: Reader, name: string, operator: string): string {
  if (!CONDITIONALS.has(operator)) throw new WordError(`${operator} is no operator of a substitution`);
  const word = readOperand(reader, '}', false);
  const value = lookUp(reader, name);
  const set = value !== undefined && (operator.length === 1 || value !== '');
  if (operator.endsWith('+')) return set ? word : '';
  if (set) return value;
  if (operator.endsWith('-')) return word;
  throw new WordError(`${name}: ${word === '' ? 'must be set' : word}`);
}

function trim(reader: Reader, name: string, operator: '#' | '%'): string {
  const word = readOperand(reader, '}', true);
  const value = lookUp(reader, name);
  if (value === undefined && reader.options.keepUnset === true) return `\${${name}${operator}${word}}`;
  const greedy = word.startsWith(operator);
  const pattern = greedy ? word.slice(1) : word;
  return operator === '#'
    ? trimPrefix(value ?? '', pattern, greedy)
    : trimSuffix(value ?? '', pattern, greedy);
}

function trimPrefix(value: string, pattern: string, greedy: boolean): string {
  return value.replace(new RegExp(`^${patternSource(pattern, greedy)}`, 'su'), '');
}

/** The shortest suffix has the latest start that matches to the end; the longest has the earliest. */
function trimSuffix(value: string, pattern: string, greedy: boolean): string {
  const whole = new RegExp(`^${patternSource(pattern, true)}$`, 'su');
  const starts = Array.from({ length: value.length + 1 }, (_, index) => index);
  const found = (greedy ? starts : starts.reverse()).find((index) => whole.test(value.slice(index)));
  return found === undefined ? value : value.slice(0, found);
}

function replace(reader: Reader, name: string): string {
  const all = peek(reader) === '/';
  if (all) reader.at += 1;
  const pattern = readOperand(reader, '/', true);
  const replacement = readOperand(reader, '}', true);
  const value = lookUp(reader, name);
  if (value === undefined && reader.options.keepUnset === true) {
    return `\${${name}${all ? '//' : '/'}${pattern}/${replacement}}`;
  }
  const regex = new RegExp(patternSource(pattern, true), all ? 'gsu' : 'su');
  return (value ?? '').replace(regex, () => replacement);
}

/** A shell pattern (`*`, `?`, `\\x`) as the source of a regular expression. */
function patternSource(pattern: string, greedy: boolean): string {
  const chars = [...pattern];
  let source = '';
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] as string;
    if (char === '*') source += greedy ? '.*' : '.*?';
    else if (char === '?') source += '.';
    else if (char !== '\\') source += escapeRegex(char);
    else {
      at += 1;
      const escaped = chars[at];
      if (escaped === undefined) throw new WordError('a pattern ends with \\');
      source += escapeRegex(escaped);
    }
  }
  return source;
}
