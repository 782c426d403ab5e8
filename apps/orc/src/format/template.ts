/** Go's text/template as people write it after `--format`: fields, variables, functions, if, with and range. */
import { fail } from '@orc/model';
import { type Pipe, type Scope, evaluate, parsePipe } from './expression.ts';
import { display, truthy } from './functions.ts';

type Block = 'if' | 'range' | 'with';
type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly pipe: Pipe }
  | {
      readonly kind: Block;
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly other: readonly Node[];
    };

export type Template = (value: unknown) => string;

/** Throws `usage.invalid` at what it does not know. */
export function compileTemplate(source: string): Template {
  const reader = { tokens: tokenize(source), at: 0, source };
  const nodes = parseNodes(reader);
  if (reader.at < reader.tokens.length)
    throw malformed(source, `{{${reader.tokens[reader.at]?.text}}} is too many`);
  return (value) =>
    execute(nodes, { dot: value, root: value, variables: new Map([['$', { value }]]), source });
}

type Token = { readonly code: boolean; readonly text: string };

/** Actions may hold braces in strings. */
const ACTION = /(\{\{(?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`])*?\}\})/;

function tokenize(source: string): readonly Token[] {
  const parts = source.split(ACTION);
  return parts.map((part, index) => {
    if (index % 2 === 1) return { code: true, text: part.replace(/^\{\{(-\s)?\s*|\s*(\s-)?\}\}$/g, '') };
    if (part.includes('{{')) throw malformed(source, 'a }} is missing');
    const left = parts[index - 1]?.endsWith(' -}}') === true ? part.trimStart() : part;
    return {
      code: false,
      text: unescape(parts[index + 1]?.startsWith('{{- ') === true ? left.trimEnd() : left),
    };
  });
}

/** A shell gives `\t` as two characters. */
const unescape = (text: string): string => text.replaceAll('\\t', '\t').replaceAll('\\n', '\n');

const malformed = (source: string, why: string): Error =>
  fail('usage.invalid', `the format "${source}" is malformed: ${why}`, {
    hint: 'write a template such as "{{.Name}}", or json',
  });

type Reader = { readonly tokens: readonly Token[]; readonly source: string; at: number };

const BLOCKS = /^(if|range|with)\s+([\s\S]+)$/;

/** Up to an `end` or `else` that is not its own. */
function parseNodes(reader: Reader): readonly Node[] {
  const nodes: Node[] = [];
  for (let token = reader.tokens[reader.at]; token !== undefined; token = reader.tokens[reader.at]) {
    if (token.code && /^(end|else)\b/.test(token.text)) break;
    reader.at += 1;
    const [, kind, code = ''] = (token.code ? BLOCKS.exec(token.text) : null) ?? [];
    if (kind !== undefined) nodes.push(parseBlock(reader, kind as Block, code));
    else if (!token.code) nodes.push({ kind: 'text', text: token.text });
    else if (!/^\/\*[\s\S]*\*\/$/.test(token.text))
      nodes.push({ kind: 'value', pipe: pipeOf(reader, token.text) });
  }
  return nodes;
}

const pipeOf = ({ source }: Reader, code: string): Pipe => {
  const parsed = parsePipe(code, source);
  if (typeof parsed === 'string') throw malformed(source, parsed);
  return parsed;
};

/** `else if` is a block within, which ends with this one. */
function parseBlock(reader: Reader, kind: Block, code: string): Node {
  const pipe = pipeOf(reader, code);
  const body = parseNodes(reader);
  const [, more] = /^else\b\s*([\s\S]*)$/.exec(reader.tokens[reader.at]?.text ?? '') ?? [];
  if (more === undefined) return { kind, pipe, body, other: endOf(reader) };
  reader.at += 1;
  const [, inner, condition = ''] = BLOCKS.exec(more) ?? [];
  if (inner !== undefined)
    return { kind, pipe, body, other: [parseBlock(reader, inner as Block, condition)] };
  if (more !== '') throw malformed(reader.source, `{{else ${more}}} is none`);
  const other = parseNodes(reader);
  return { kind, pipe, body, other: [...other, ...endOf(reader)] };
}

function endOf(reader: Reader): readonly Node[] {
  if (reader.tokens[reader.at]?.text !== 'end') throw malformed(reader.source, 'an {{end}} is missing');
  reader.at += 1;
  return [];
}

const execute = (nodes: readonly Node[], scope: Scope): string =>
  nodes.map((node) => executeNode(node, scope)).join('');

/** What a block declares ends with it; what it sets anew stays. */
const within = (scope: Scope, dot = scope.dot): Scope => ({
  ...scope,
  dot,
  variables: new Map(scope.variables),
});

function executeNode(node: Node, scope: Scope): string {
  if (node.kind === 'text') return node.text;
  if (node.kind === 'range') return executeRange(node, scope);
  if (node.kind === 'value') {
    const value = evaluate(node.pipe, scope);
    return node.pipe.variables.length > 0 ? '' : display(value);
  }
  const inner = within(scope);
  const value = evaluate(node.pipe, inner);
  if (!truthy(value)) return execute(node.other, inner);
  return execute(node.body, node.kind === 'with' ? within(inner, value) : inner);
}

function executeRange(
  node: Extract<Node, { readonly pipe: Pipe; readonly body: unknown }>,
  scope: Scope,
): string {
  const { variables } = node.pipe;
  const entries = entriesOf(evaluate({ ...node.pipe, variables: [] }, scope));
  if (entries.length === 0) return execute(node.other, within(scope));
  return entries
    .map(([key, value]) => {
      const inner = within(scope, value);
      const given = variables.length === 2 ? [key, value] : [value];
      for (const [index, name] of variables.entries()) inner.variables.set(name, { value: given[index] });
      return execute(node.body, inner);
    })
    .join('');
}

/** A map's in the order of its keys, as Go goes through one. */
function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return [...value.entries()];
  if (typeof value === 'number') return Array.from({ length: value }, (_, index) => [index, index]);
  return Object.entries((value ?? {}) as object).sort(([a], [b]) => (a < b ? -1 : 1));
}
