/**
 * Compose's dialect of env files: `KEY=value` and `KEY: value`, `export`, `'raw'` and `"escaped"` values
 * over several lines, ` #` comments, `${…}` with all operators, and a bare `KEY` that takes the value of
 * the environment.
 */
import { type Lookup, expand } from '../3-interpolate/template.ts';

export type DotenvError = {
  readonly at: number;
  readonly message: string;
  readonly hint?: string;
  /** The line with what may be a secret masked, to be shown; its columns are those of the line. */
  readonly excerpt?: string;
};
export type Dotenv = {
  readonly values: ReadonlyMap<string, string>;
  readonly errors: readonly DotenvError[];
};

/** `lookup` serves bare keys and `${…}`; what stands above in the same file is seen as well. */
export function parseDotenv(text: string, lookup: Lookup): Dotenv {
  const reader: Reader = { text: normalisedEnv(text), at: 0, values: new Map(), errors: [], lookup };
  while (skipToStatement(reader)) statement(reader);
  return { values: reader.values, errors: reader.errors };
}

/** Of several files the last wins; `lookup` wins over all. What is wrong in them is passed over. */
export function parseEnvFiles(texts: readonly string[], lookup: Lookup): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const text of texts) {
    const found = parseDotenv(text, (name) => lookup(name) ?? values.get(name));
    for (const [key, value] of found.values) values.set(key, value);
  }
  return values;
}

/** `format: raw`: each line is `KEY=value` as it stands, without quotes, escapes or variables. */
export function parseRawEnv(text: string, lookup: Lookup): Dotenv {
  const values = new Map<string, string>();
  const errors: DotenvError[] = [];
  let at = 0;
  for (const line of normalisedEnv(text).split('\n')) {
    const start = at;
    at += line.length + 1;
    const trimmed = line.trimStart();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const equals = trimmed.indexOf('=');
    const key = (equals === -1 ? trimmed : trimmed.slice(0, equals)).trim();
    if (key === '' || /\s/.test(key)) errors.push({ at: start, message: `invalid variable name "${key}"` });
    else if (equals !== -1) values.set(key, trimmed.slice(equals + 1));
    else setInherited(values, key, lookup);
  }
  return { values, errors };
}

/** What offsets of errors point into. */
export const normalisedEnv = (text: string): string => text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');

type Reader = {
  readonly text: string;
  at: number;
  readonly values: Map<string, string>;
  readonly errors: DotenvError[];
  readonly lookup: Lookup;
};

const STATEMENT = /(?:\s|#[^\n]*(?:\n|$))*/y;

function skipToStatement(reader: Reader): boolean {
  STATEMENT.lastIndex = reader.at;
  STATEMENT.exec(reader.text);
  reader.at = Math.max(reader.at, STATEMENT.lastIndex);
  return reader.at < reader.text.length;
}

const HEAD = /(?:export[ \t]+)?([^\n=:]*)([=:]|\n|$)/y;
const ASCII_KEY = /^[A-Za-z0-9_.\-[\]]+$/;
const KEY = /^[\p{L}\p{N}_.\-[\]]+$/u;

function statement(reader: Reader): void {
  const start = reader.at;
  HEAD.lastIndex = start;
  const head = HEAD.exec(reader.text) as RegExpExecArray;
  const key = (head[1] ?? '').replace(/^export[ \t]+/, '').trim();
  reader.at = HEAD.lastIndex;
  if (!ASCII_KEY.test(key) && !KEY.test(key)) {
    badKey(reader, start, head[2] === '=' || head[2] === ':' ? { key, shown: head[0] } : undefined);
    return;
  }
  if (head[2] === '=' || head[2] === ':') value(reader, key);
  else setInherited(reader.values, key, reader.lookup);
}

type Named = { readonly key: string; readonly shown: string };

/** `named` is undefined for a line without a name: what it holds may be a secret and is not repeated. */
function badKey(reader: Reader, start: number, named: Named | undefined): void {
  const key = named?.key;
  const end = reader.text.indexOf('\n', start);
  reader.at = end === -1 ? reader.text.length : end + 1;
  const bad = key === undefined ? undefined : /[^\p{L}\p{N}_.\-[\]]/u.exec(key)?.[0];
  const fault =
    bad === undefined
      ? 'a variable name is missing'
      : `unexpected character "${bad}" in variable name "${key}"`;
  const hint = 'write KEY=value, one to a line';
  if (named === undefined) reader.errors.push({ at: start, message: 'this line is not KEY=value', hint });
  else
    reader.errors.push({
      at: start,
      message: fault,
      hint,
      excerpt: masked(reader, start, start, named.shown),
    });
}

function setInherited(values: Map<string, string>, key: string, lookup: Lookup): void {
  const inherited = lookup(key);
  if (inherited !== undefined) values.set(key, inherited);
}

function value(reader: Reader, key: string): void {
  while (/[^\S\n]/.test(reader.text[reader.at] ?? '')) reader.at += 1;
  const quote = reader.text[reader.at];
  if (quote === "'" || quote === '"') quoted(reader, key, quote);
  else unquoted(reader, key);
}

function unquoted(reader: Reader, key: string): void {
  const start = reader.at;
  const end = reader.text.indexOf('\n', start);
  reader.at = end === -1 ? reader.text.length : end + 1;
  const line = reader.text.slice(start, end === -1 ? undefined : end);
  const comment = /(?:^|\s)#/.exec(line);
  const written = (comment === null ? line : line.slice(0, comment.index)).trimEnd();
  reader.values.set(key, expanded(reader, written, start));
}

function quoted(reader: Reader, key: string, quote: string): void {
  const start = reader.at + 1;
  let end = start;
  while (end < reader.text.length && reader.text[end] !== quote) end += reader.text[end] === '\\' ? 2 : 1;
  if (end >= reader.text.length) {
    reader.errors.push({
      at: start - 1,
      message: `unterminated quoted value of ${key}`,
      hint: `close it with ${quote}`,
      excerpt: masked(reader, start - 1, start - 1, quote),
    });
    reader.at = reader.text.length;
    return;
  }
  const written = reader.text.slice(start, end);
  reader.at = end + 1;
  const line = reader.text.indexOf('\n', reader.at);
  const rest = reader.text.slice(reader.at, line === -1 ? undefined : line).trim();
  if (rest.startsWith('#')) reader.at = line === -1 ? reader.text.length : line;
  reader.values.set(
    key,
    quote === "'" ? written.replaceAll("\\'", "'") : expanded(reader, unescape(written), start),
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  $: '$$',
};

/** An escaped dollar becomes `$$`, which the expansion afterwards turns into a dollar that names nothing. */
const unescape = (text: string): string =>
  text.replace(/\\(?:0([0-7]{1,3})|([abfnrtv"\\$]))/g, (_, octal: string | undefined, letter: string) =>
    octal === undefined ? (ESCAPES[letter] as string) : String.fromCharCode(Number.parseInt(octal, 8)),
  );

function expanded(reader: Reader, written: string, start: number): string {
  const result = expand(written, (name) => reader.lookup(name) ?? reader.values.get(name));
  for (const error of result.errors) {
    const reason = error.message === '' ? '' : `: ${error.message}`;
    const message =
      error.kind === 'required'
        ? `required variable ${error.name} is missing a value${reason}`
        : 'invalid interpolation format: a dollar itself is $$';
    const at = start + error.at;
    const tail = error.kind === 'required' ? `\${${error.name}` : '$';
    reader.errors.push({ at, message, excerpt: masked(reader, start, at, tail) });
  }
  return result.text;
}

/**
 * The line up to `at`, with a star for each character of the value, which begins at `valueAt`; then `tail`. Stars tell
 * no more than the column that is said anyway.
 */
function masked({ text }: Reader, valueAt: number, at: number, tail: string): string {
  const lineAt = text.lastIndexOf('\n', at - 1) + 1;
  const shownTo = Math.max(lineAt, Math.min(valueAt, at));
  return `${text.slice(lineAt, shownTo)}${'*'.repeat(Math.max(0, at - shownTo))}${tail}…`;
}
