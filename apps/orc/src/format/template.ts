/** The part of Go's text/template that people write after `--format`: fields, a few functions, if and range. */
import { fail } from '@orc/model';

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly code: string }
  | {
      readonly kind: 'if' | 'range' | 'with';
      readonly code: string;
      readonly body: readonly Node[];
      readonly other: readonly Node[];
    };

export type Template = (value: unknown) => string;

/** Throws `usage.invalid` at what it does not know. */
export function compileTemplate(source: string): Template {
  const tokens = tokenize(unescape(source));
  const { nodes, at } = parseNodes(tokens, 0, source);
  if (at < tokens.length) throw malformed(source, 'an {{end}} too many');
  return (value) => execute(nodes, value, value);
}

/** A shell gives `\t` as two characters. */
const unescape = (source: string): string => source.replaceAll('\\t', '\t').replaceAll('\\n', '\n');

type Token = { readonly code: boolean; readonly text: string };

function tokenize(source: string): readonly Token[] {
  const parts = source.split(/(\{\{-?[\s\S]*?-?\}\})/);
  return parts.map((part, index) => {
    if (index % 2 === 1) return { code: true, text: part.replace(/^\{\{-?\s*|\s*-?\}\}$/g, '') };
    const left = parts[index - 1]?.endsWith('-}}') ? part.trimStart() : part;
    return { code: false, text: parts[index + 1]?.startsWith('{{-') ? left.trimEnd() : left };
  });
}

const malformed = (source: string, why: string): Error =>
  fail('usage.invalid', `the format "${source}" is malformed: ${why}`, {
    hint: 'write a template such as "{{.Name}}", or json',
  });

function parseNodes(
  tokens: readonly Token[],
  from: number,
  source: string,
): { readonly nodes: readonly Node[]; readonly at: number } {
  const nodes: Node[] = [];
  let at = from;
  for (let token = tokens[at]; token !== undefined; token = tokens[at]) {
    const [word = '', ...rest] = token.code ? token.text.split(/\s+/) : [];
    if (word === 'end' || word === 'else') break;
    at += 1;
    if (word === 'if' || word === 'range' || word === 'with') {
      const block = parseBlock(tokens, at, source);
      nodes.push({ kind: word, code: rest.join(' '), ...block });
      at = block.at;
    } else if (token.text !== '') {
      nodes.push(token.code ? { kind: 'value', code: token.text } : { kind: 'text', text: token.text });
    }
  }
  return { nodes, at };
}

function parseBlock(
  tokens: readonly Token[],
  from: number,
  source: string,
): { readonly body: readonly Node[]; readonly other: readonly Node[]; readonly at: number } {
  const body = parseNodes(tokens, from, source);
  const hasElse = tokens[body.at]?.text === 'else';
  const other = hasElse ? parseNodes(tokens, body.at + 1, source) : { nodes: [], at: body.at };
  if (tokens[other.at]?.text !== 'end') throw malformed(source, 'an {{end}} is missing');
  return { body: body.nodes, other: other.nodes, at: other.at + 1 };
}

function execute(nodes: readonly Node[], dot: unknown, root: unknown): string {
  return nodes.map((node) => executeNode(node, dot, root)).join('');
}

function executeNode(node: Node, dot: unknown, root: unknown): string {
  if (node.kind === 'text') return node.text;
  const value = evaluate(node.code, dot, root);
  if (node.kind === 'value') return display(value);
  if (node.kind === 'range') {
    const items = Array.isArray(value) ? value : Object.values((value ?? {}) as object);
    return items.length === 0
      ? execute(node.other, dot, root)
      : items.map((item) => execute(node.body, item, root)).join('');
  }
  const inner = node.kind === 'with' ? value : dot;
  return truthy(value) ? execute(node.body, inner, root) : execute(node.other, dot, root);
}

const truthy = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
};

function display(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(display).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  return `map[${Object.entries(value)
    .map(([key, each]) => `${key}:${display(each)}`)
    .join(' ')}]`;
}

const FUNCTIONS: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
  json: (value) => JSON.stringify(value) ?? 'null',
  lower: (value) => String(value).toLowerCase(),
  upper: (value) => String(value).toUpperCase(),
  title: (value) => String(value).replace(/^./, (letter) => letter.toUpperCase()),
  len: (value) =>
    Array.isArray(value) || typeof value === 'string' ? value.length : Object.keys(value as object).length,
  join: (value, by) => (value as readonly unknown[]).join(String(by)),
  split: (value, by) => String(value).split(String(by)),
  index: (value, ...keys) =>
    keys.reduce((inner, key) => (inner as Record<string, unknown> | null)?.[String(key)], value),
  println: (...values) => `${values.map(display).join(' ')}\n`,
  print: (...values) => values.map(display).join(''),
  truncate: (value, length) => String(value).slice(0, Number(length)),
  not: (value) => !truthy(value),
  eq: (first, ...others) => others.some((each) => String(each) === String(first)),
  ne: (first, second) => String(first) !== String(second),
  and: (...values) => values.find((each) => !truthy(each)) ?? values.at(-1),
  or: (...values) => values.find(truthy) ?? values.at(-1),
};

/** `f a b | g`: the result of each stage is the last argument of the next. */
function evaluate(code: string, dot: unknown, root: unknown): unknown {
  let piped: readonly unknown[] = [];
  for (const stage of splitPipe(code)) piped = [evaluateStage(stage, piped, dot, root)];
  return piped[0];
}

const WORD = /"(?:[^"\\]|\\.)*"|`[^`]*`|\([^()]*\)|[^\s|]+/g;
const splitPipe = (code: string): readonly (readonly string[])[] =>
  code.split(/\|(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((stage) => stage.match(WORD) ?? []);

function evaluateStage(
  words: readonly string[],
  piped: readonly unknown[],
  dot: unknown,
  root: unknown,
): unknown {
  const [head = '', ...rest] = words;
  const call = Object.hasOwn(FUNCTIONS, head) ? FUNCTIONS[head] : undefined;
  if (call !== undefined) return call(...rest.map((word) => operand(word, dot, root)), ...piped);
  if (rest.length > 0)
    throw fail('usage.invalid', `the format calls "${head}", which is no function`, {
      hint: `known are ${Object.keys(FUNCTIONS).join(', ')}`,
    });
  return operand(head, dot, root);
}

function operand(word: string, dot: unknown, root: unknown): unknown {
  if (word.startsWith('(')) return evaluate(word.slice(1, -1), dot, root);
  if (/^["`]/.test(word)) return word.startsWith('"') ? JSON.parse(word) : word.slice(1, -1);
  if (/^-?\d+$/.test(word)) return Number(word);
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === '.') return dot;
  if (word === '$') return root;
  const path = /^(\$?)((?:\.[A-Za-z_]\w*)+)$/.exec(word);
  if (path === null)
    throw fail('usage.invalid', `the format has "${word}", which is neither a field nor a function`, {
      hint: 'write {{.Name}}',
    });
  return fieldOf(path[1] === '$' ? root : dot, (path[2] as string).slice(1).split('.'));
}

function fieldOf(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (!Object.hasOwn(at, name) && !isMap(at))
      throw fail('usage.invalid', `there is no field ${name}`, {
        hint: `known are ${Object.keys(at).join(', ')}`,
      });
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** Labels and the like: their names are data, and begin with a small letter. A missing one is no mistake. */
const isMap = (value: object): boolean => Object.keys(value).every((key) => !/^[A-Z]/.test(key));
