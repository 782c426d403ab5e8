/**
 * `$NAME`, `${NAME}` and the operators `:-` `-` `:?` `?` `:+` `+` with nested templates, `$$` for a dollar.
 * Compose files and env files share it. A dollar before anything else stays as it is.
 */
import { LIMITS } from '../../limits.ts';

export type Lookup = (name: string) => string | undefined;

export type TemplateError = {
  readonly kind: 'invalid' | 'required' | 'toolarge';
  /** Offset of the `$` in the template. */
  readonly at: number;
  readonly name: string;
  readonly message: string;
};
export type Expanded = {
  readonly text: string;
  readonly errors: readonly TemplateError[];
  /** Variables that had no value and no default. */
  readonly unset: readonly { readonly name: string; readonly at: number }[];
};

type Work = {
  readonly lookup: Lookup;
  readonly errors: TemplateError[];
  readonly unset: { name: string; at: number }[];
};

export function expand(template: string, lookup: Lookup): Expanded {
  if (!template.includes('$')) return { text: template, errors: [], unset: [] };
  const work: Work = { lookup, errors: [], unset: [] };
  const text = expandText(work, template, 0, 0);
  if (text.length <= LIMITS.valueBytesMax) return { text, errors: work.errors, unset: work.unset };
  const message = `the value grows beyond ${LIMITS.valueBytesMax} bytes`;
  return { text: '', errors: [{ kind: 'toolarge', at: 0, name: '', message }], unset: [] };
}

/** The names that a template asks for, with their operators, nested ones included. */
export function variablesOf(
  template: string,
): readonly { name: string; operator: string; operand: string }[] {
  const found: { name: string; operator: string; operand: string }[] = [];
  const walk = (text: string, depth: number): void => {
    for (const part of partsOf(text)) {
      if (part.kind !== 'variable') continue;
      found.push({ name: part.name, operator: part.operator, operand: part.operand });
      if (depth < LIMITS.templateDepthMax) walk(part.operand, depth + 1);
    }
  };
  walk(template, 0);
  return found;
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'invalid'; readonly at: number; readonly text: string }
  | {
      readonly kind: 'variable';
      readonly at: number;
      readonly name: string;
      readonly operator: string;
      readonly operand: string;
      readonly operandAt: number;
    };

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATOR = /:[-?+]|[-?+]/y;

function* partsOf(text: string): Generator<Part> {
  let from = 0;
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', from)) {
    if (at > from) yield { kind: 'text', text: text.slice(from, at) };
    if (text[at + 1] === '$') {
      yield { kind: 'text', text: '$' };
      from = at + 2;
    } else if (text[at + 1] === '{') {
      const end = closingBrace(text, at + 1);
      yield end === -1 ? { kind: 'invalid', at, text: text.slice(at) } : braced(text, at, end);
      from = end === -1 ? text.length : end + 1;
    } else {
      const name = match(NAME, text, at + 1);
      if (name === '') yield { kind: 'text', text: '$' };
      else yield { kind: 'variable', at, name, operator: '', operand: '', operandAt: at };
      from = at + 1 + name.length;
    }
  }
  if (from < text.length) yield { kind: 'text', text: text.slice(from) };
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** Braces count whether a dollar stands before them or not, so that a default can hold JSON. */
function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

function braced(text: string, at: number, end: number): Part {
  const name = match(NAME, text, at + 2);
  const operator = match(OPERATOR, text, at + 2 + name.length);
  const operandAt = at + 2 + name.length + operator.length;
  if (name === '' || (operator === '' && operandAt !== end)) {
    return { kind: 'invalid', at, text: text.slice(at, end + 1) };
  }
  return { kind: 'variable', at, name, operator, operand: text.slice(operandAt, end), operandAt };
}

function expandText(work: Work, text: string, offset: number, depth: number): string {
  let result = '';
  for (const part of partsOf(text)) {
    if (part.kind === 'text') result += part.text;
    else if (part.kind === 'invalid') {
      work.errors.push({ kind: 'invalid', at: offset + part.at, name: '', message: part.text });
    } else result += valueOf(work, part, offset, depth);
    if (result.length > LIMITS.valueBytesMax) return result;
  }
  return result;
}

function valueOf(work: Work, part: Part & { kind: 'variable' }, offset: number, depth: number): string {
  const value = work.lookup(part.name);
  const missing = part.operator.startsWith(':') ? value === undefined || value === '' : value === undefined;
  const operand = (): string => {
    if (depth < LIMITS.templateDepthMax)
      return expandText(work, part.operand, offset + part.operandAt, depth + 1);
    work.errors.push({
      kind: 'toolarge',
      at: offset + part.at,
      name: part.name,
      message: 'nested too deeply',
    });
    return '';
  };
  switch (part.operator.at(-1)) {
    case '-':
      return missing ? operand() : (value as string);
    case '+':
      return missing ? '' : operand();
    case '?': {
      if (!missing) return value as string;
      work.errors.push({ kind: 'required', at: offset + part.at, name: part.name, message: operand() });
      return '';
    }
    default:
      if (value === undefined) work.unset.push({ name: part.name, at: offset + part.at });
      return value ?? '';
  }
}
