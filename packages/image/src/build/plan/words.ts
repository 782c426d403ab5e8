/**
 * How the rest of an instruction's line falls into arguments; a way per instruction, as in docker's parser.
 */

/** Flags (`--name`, `--name=value`; quotes removed) before the arguments; `--` ends them. */
export function splitFlags(rest: string): { flags: readonly string[]; rest: string } {
  const flags: string[] = [];
  let at = skipSpace(rest, 0);
  while (rest.startsWith('--', at)) {
    const { word, end } = readFlag(rest, at);
    at = end;
    if (word === '--') break;
    if (word !== '') flags.push(word);
    at = skipSpace(rest, at);
  }
  return { flags, rest: rest.slice(at).trim() };
}

const SPACE = /\s/u;
const isSpace = (char: string | undefined): boolean => char !== undefined && SPACE.test(char);

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text[at])) at += 1;
  return at;
}

function readFlag(text: string, from: number): { word: string; end: number } {
  let word = '';
  let quote: string | undefined;
  let at = from;
  for (; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === '\\') {
      at += 1;
      word += text[at] ?? '';
    } else if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word += char;
    } else if (char === '"' || char === "'") quote = char;
    else if (isSpace(char)) break;
    else word += char;
  }
  return { word, end: at };
}

/** Words apart by blanks outside quotes; quotes and escape characters stay. */
export function quotedWords(rest: string, escape: string): readonly string[] {
  const words: string[] = [];
  for (let at = skipSpace(rest, 0); at < rest.length; at = skipSpace(rest, at)) {
    const { word, end } = readQuotedWord(rest, at, escape);
    words.push(word);
    at = end;
  }
  return words;
}

function readQuotedWord(text: string, from: number, escape: string): { word: string; end: number } {
  let word = '';
  let quote: string | undefined;
  let at = from;
  for (; at < text.length; at += 1) {
    const char = text[at] as string;
    if (quote === undefined && isSpace(char)) break;
    if (char === escape && quote !== "'") {
      if (at + 1 < text.length) word += char + (text[at + 1] as string);
      at += 1;
      continue;
    }
    if (quote === undefined && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = undefined;
    word += char;
  }
  return { word, end: Math.min(at, text.length) };
}

export type Arguments =
  | { readonly args: readonly string[]; readonly json?: true }
  | { readonly error: string; readonly at?: string };

/**
 * `ENV` and `LABEL`: name, value and separator (`=`, or none in the old form `ENV name the rest`) of each.
 */
export function namesAndValues(rest: string, escape: string, keyword: string): Arguments {
  const words = quotedWords(rest, escape);
  const [first] = words;
  if (first === undefined) return { args: [] };
  if (!first.includes('=')) {
    const [name = '', value] = splitOnce(rest);
    return value === undefined
      ? { error: `${keyword} needs a name and a value`, at: name }
      : { args: [name, value, ''] };
  }
  const args: string[] = [];
  for (const word of words) {
    const at = word.indexOf('=');
    if (at === -1) return { error: `${word} has no =; ${keyword} takes name=value pairs`, at: word };
    args.push(word.slice(0, at), word.slice(at + 1), '=');
  }
  return { args };
}

function splitOnce(rest: string): readonly [string, string | undefined] {
  const match = /^(\S+)\s+([\s\S]*)$/u.exec(rest);
  return match === null ? [rest, undefined] : [match[1] as string, match[2]];
}

export const blankWords = (rest: string): Arguments => ({
  args: rest === '' ? [] : rest.split(/[\t\v\f\r ]+/),
});
export const wholeLine = (rest: string): Arguments => ({ args: rest === '' ? [] : [rest] });

/** A JSON array of strings, else `other`. An array of anything else is an error. */
export function jsonOr(rest: string, other: (rest: string) => Arguments): Arguments {
  const value = rest.startsWith('[') ? parseJson(rest) : undefined;
  if (!Array.isArray(value)) return other(rest);
  const wrong = value.find((each) => typeof each !== 'string');
  if (value.length > 0 && wrong !== undefined) {
    return { error: `${JSON.stringify(wrong)} is no string; the JSON form is an array of strings`, at: '[' };
  }
  return { args: value as string[], json: true };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `HEALTHCHECK`: its type, then the command in either form. */
export function typeAndCommand(rest: string): Arguments {
  const [type, command] = splitOnce(rest);
  if (type === '') return { args: [] };
  const inner = jsonOr(command ?? '', wholeLine);
  if ('error' in inner) return inner;
  return { ...inner, args: [type, ...inner.args] };
}
