/**
 * The text of a Dockerfile as instructions, split into keyword, flags, arguments and heredocs; nothing
 * expanded.
 */
import { nearestWord, type Problem } from '@orc/model';
import { type Directives, readDirectives } from './directives.ts';
import { expandWords } from './shell.ts';
import { type LineCursor, nextLine, openLines } from './lines.ts';
import { firstLine, type Place, readSource, type Source, syntaxProblem, whereAt, whereOf } from './source.ts';
import {
  type Arguments,
  blankWords,
  jsonOr,
  namesAndValues,
  quotedWords,
  splitFlags,
  typeAndCommand,
  wholeLine,
} from './words.ts';

export type Heredoc = {
  readonly name: string;
  readonly content: string;
  /** The delimiter was not quoted: variables in the content are replaced. */
  readonly expand: boolean;
  /** `<<-`: leading tabs do not count. */
  readonly chomp: boolean;
  readonly descriptor: number;
};

export type Node = {
  /** Lower case. */
  readonly keyword: string;
  readonly flags: readonly string[];
  /** ENV and LABEL: name, value, separator in turn. */
  readonly args: readonly string[];
  /** Written as a JSON array. */
  readonly json: boolean;
  /** What follows keyword and flags, as it was joined from its lines. */
  readonly rest: string;
  readonly heredocs: readonly Heredoc[];
  /** ONBUILD's instruction. */
  readonly child?: Node;
  readonly place: Place;
};

export type Dockerfile = {
  readonly source: Source;
  readonly directives: Directives;
  readonly nodes: readonly Node[];
};

export function parseNodes(name: string, text: string): { file: Dockerfile; problems: readonly Problem[] } {
  const source = readSource(name, text);
  const { directives, problems: early } = readDirectives(source);
  const problems = [...early];
  const nodes: Node[] = [];
  const cursor = openLines(source, directives.escape);
  for (let place = nextLine(cursor); place !== undefined; place = nextLine(cursor)) {
    const node = readNode(place, place.text, { source, escape: directives.escape, problems });
    if (node !== undefined) nodes.push(withHeredocs(node, cursor, problems));
  }
  if (nodes.length === 0 && problems.length === 0) {
    problems.push(syntaxProblem(`${name} has no instructions`, whereAt(source, 1, 1), 'begin with FROM'));
  }
  return { file: { source, directives, nodes }, problems };
}

type Context = { readonly source: Source; readonly escape: '\\' | '`'; readonly problems: Problem[] };
type Reader = (rest: string, context: Context, keyword: string) => Arguments;

const list: Reader = (rest) => jsonOr(rest, blankWords);
const command: Reader = (rest) => jsonOr(rest, wholeLine);
const pairs: Reader = (rest, { escape }, keyword) => namesAndValues(rest, escape, keyword.toUpperCase());

const READERS: Readonly<Record<string, Reader>> = {
  add: list,
  arg: (rest, { escape }) => ({ args: quotedWords(rest, escape) }),
  cmd: command,
  copy: list,
  entrypoint: command,
  env: pairs,
  expose: blankWords,
  from: blankWords,
  healthcheck: typeAndCommand,
  label: pairs,
  maintainer: wholeLine,
  onbuild: () => ({ args: [] }),
  run: command,
  shell: command,
  stopsignal: wholeLine,
  user: wholeLine,
  volume: list,
  workdir: wholeLine,
};

export const KEYWORDS: readonly string[] = Object.keys(READERS);

function readNode(place: Place, text: string, context: Context): Node | undefined {
  const match = /^\s*(\S+)\s*([\s\S]*)$/u.exec(text);
  const keyword = (match?.[1] ?? '').toLowerCase();
  const reader = Object.hasOwn(READERS, keyword) ? READERS[keyword] : undefined;
  if (reader === undefined) {
    context.problems.push(unknownKeyword(context.source, place, match?.[1] ?? text));
    return undefined;
  }
  const { flags, rest } = splitFlags(match?.[2] ?? '');
  const found = reader(rest, context, keyword);
  if ('error' in found) {
    context.problems.push(syntaxProblem(found.error, whereOf(context.source, place, found.at)));
    return undefined;
  }
  const child = keyword === 'onbuild' && rest !== '' ? readNode(place, rest, context) : undefined;
  const node = { keyword, flags, args: found.args, json: found.json === true, rest, heredocs: [], place };
  return child === undefined ? node : { ...node, child };
}

function unknownKeyword(source: Source, place: Place, word: string): Problem {
  const close = nearestWord(word.toLowerCase(), KEYWORDS);
  const hint =
    close === undefined
      ? `the instructions are ${KEYWORDS.join(', ').toUpperCase()}`
      : `did you mean ${close.toUpperCase()}?`;
  return syntaxProblem(`${word} is no instruction`, whereOf(source, place, word), hint);
}

const TAKES_HEREDOCS = new Set(['add', 'copy', 'run']);

function withHeredocs(node: Node, cursor: LineCursor, problems: Problem[]): Node {
  const inner = node.child ?? node;
  if (!TAKES_HEREDOCS.has(inner.keyword) || inner.json || !inner.rest.includes('<<')) return node;
  const heredocs = openings(node.place.text).map((opening) => readBody(node, opening, cursor, problems));
  const place = { ...node.place, endLine: cursor.at };
  if (node.child === undefined) return { ...node, heredocs, place };
  return { ...node, place, child: { ...node.child, heredocs, place } };
}

type Opening = Omit<Heredoc, 'content'>;

/** Every word of the form `<<NAME` on the line, in order (also `3<<NAME`, `<<-NAME`, quoted names). */
function openings(line: string): readonly Opening[] {
  const words = expandWords(line, {
    escape: '\\',
    env: {},
    rawQuotes: true,
    rawEscapes: true,
    keepUnset: true,
  });
  if ('error' in words) return [];
  return words.value.map(opening).filter((each) => each !== undefined);
}

export function opening(word: string): Opening | undefined {
  const match = /^(\d*)<<(-?)([^<]+)$/u.exec(word);
  if (match === null) return undefined;
  const name = match[3] as string;
  const options = { escape: '\\', env: {}, keepUnset: true } as const;
  const plain = expandWords(name, options);
  const raw = expandWords(name, { ...options, rawQuotes: true, rawEscapes: true });
  if ('error' in plain || 'error' in raw || plain.value.length !== 1) return undefined;
  const [unquoted = ''] = plain.value;
  return {
    name: unquoted,
    expand: unquoted === raw.value[0],
    chomp: match[2] === '-',
    descriptor: Number(match[1]),
  };
}

function readBody(node: Node, opened: Opening, cursor: LineCursor, problems: Problem[]): Heredoc {
  const content: string[] = [];
  const { lines } = cursor.source;
  while (cursor.at < lines.length) {
    const line = lines[cursor.at] ?? '';
    cursor.at += 1;
    if ((opened.chomp ? line.replace(/^\t+/, '') : line) === opened.name) {
      return { ...opened, content: content.map((each) => `${each}\n`).join('') };
    }
    content.push(line);
  }
  const where = whereOf(cursor.source, node.place, '<<');
  const message = `the heredoc ${opened.name} of line ${firstLine(node.place)} does not end`;
  problems.push(syntaxProblem(message, where, `a line with only ${opened.name} ends it`));
  return { ...opened, content: '' };
}
