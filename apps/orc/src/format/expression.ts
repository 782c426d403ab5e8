/** What stands in the braces of a template: `$x := f .A "b" (g $y.C) | h`. */
import { fail } from '@orc/model';
import { type Call, FUNCTIONS } from './functions.ts';

export type Pipe = {
  /** `$key, $value :=`. */
  readonly variables: readonly string[];
  /** `=`: the one that is there already. */
  readonly assigns: boolean;
  readonly commands: readonly (readonly Operand[])[];
};
type Base =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe };
/** `.A.B` of what it begins with. */
type Operand = { readonly base: Base; readonly path: readonly string[] };

export type Scope = {
  readonly dot: unknown;
  /** A thing of known fields, whatever they are called. */
  readonly root: unknown;
  readonly variables: Map<string, { value: unknown }>;
  readonly source: string;
};

type Word = { readonly text: string; readonly spaced: boolean };
type Words = { readonly all: readonly Word[]; readonly source: string; at: number };

const WORD =
  /(\s*)("(?:[^"\\]|\\.)*"|`[^`]*`|-?\d+(?:\.\d+)?|:=|[=,|()]|\$\w*|\.[A-Za-z_]\w*|\.|[A-Za-z_]\w*|\S)/g;

/** Or why it is none. */
export function parsePipe(code: string, source: string): Pipe | string {
  const all = [...code.matchAll(WORD)].map(([, space, text = '']) => ({ text, spaced: space !== '' }));
  const words: Words = { all, source, at: 0 };
  try {
    const pipe = pipeOf(words);
    const rest = all[words.at];
    return rest === undefined ? pipe : `"${rest.text}" is not expected there`;
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

class Malformed extends Error {}

const textAt = ({ all, at }: Words, ahead = 0): string => all[at + ahead]?.text ?? '';

function pipeOf(words: Words): Pipe {
  const variables = variablesOf(words);
  const assigns = variables.length > 0 && textAt(words, -1) === '=';
  const commands = [commandOf(words)];
  while (textAt(words) === '|') {
    words.at += 1;
    commands.push(commandOf(words));
  }
  return { variables, assigns, commands };
}

function variablesOf(words: Words): readonly string[] {
  const names = [textAt(words), ...(textAt(words, 1) === ',' ? [textAt(words, 2)] : [])];
  const after = textAt(words, names.length * 2 - 1);
  if ((after !== ':=' && after !== '=') || !names.every((name) => /^\$\w+$/.test(name))) return [];
  words.at += names.length * 2;
  return names;
}

function commandOf(words: Words): readonly Operand[] {
  const operands: Operand[] = [];
  while (words.at < words.all.length && !['|', ')'].includes(textAt(words))) operands.push(operandOf(words));
  const [head, ...args] = operands;
  if (head === undefined) throw new Malformed('a value is missing');
  const callable = head.base.kind === 'function' || head.path.length > 0;
  if (args.length > 0 && !callable) throw new Malformed(`"${textAt(words, -1)}" follows what is no function`);
  return operands;
}

function operandOf(words: Words): Operand {
  const first = textAt(words);
  const base = baseOf(words);
  const path = isField(first) ? [first.slice(1)] : [];
  while (isField(textAt(words)) && words.all[words.at]?.spaced === false) {
    path.push(textAt(words).slice(1));
    words.at += 1;
  }
  return { base, path };
}

const isField = (text: string): boolean => /^\.\w/.test(text);

function baseOf(words: Words): Base {
  const text = textAt(words);
  words.at += 1;
  if (text.startsWith('.')) return { kind: 'dot' };
  if (text.startsWith('$')) return { kind: 'variable', name: text };
  if (text === '(') return { kind: 'pipe', pipe: nested(words) };
  return literalOf(text) ?? functionOf(text);
}

function nested(words: Words): Pipe {
  const pipe = pipeOf(words);
  if (textAt(words) !== ')') throw new Malformed('a ) is missing');
  words.at += 1;
  return pipe;
}

const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['nil', null],
]);

function literalOf(text: string): Base | undefined {
  if (CONSTANTS.has(text)) return { kind: 'literal', value: CONSTANTS.get(text) };
  if (/^-?\d/.test(text)) return { kind: 'literal', value: Number(text) };
  if (text.startsWith('`')) return { kind: 'literal', value: text.slice(1, -1) };
  return /^".*"$/s.test(text) ? { kind: 'literal', value: quotedOf(text) } : undefined;
}

function quotedOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Malformed(`the string ${text} has an escape that is none`);
  }
}

function functionOf(name: string): Base {
  if (Object.hasOwn(FUNCTIONS, name)) return { kind: 'function', name };
  if (!/^\w+$/.test(name)) throw new Malformed(`"${name}" is not expected there`);
  throw fail('usage.invalid', `the format has "${name}", which is neither a field nor a function`, {
    hint: `write {{.Name}}; functions are ${Object.keys(FUNCTIONS).join(', ')}`,
  });
}

/** `f a b | g`: the result of each command is the last argument of the next. */
export function evaluate({ commands, variables, assigns }: Pipe, scope: Scope): unknown {
  let piped: readonly unknown[] = [];
  for (const command of commands) piped = [call(command, piped, scope)];
  const [value] = piped;
  for (const name of variables) {
    if (assigns) cellOf(name, scope).value = value;
    else scope.variables.set(name, { value });
  }
  return value;
}

function call(command: readonly Operand[], piped: readonly unknown[], scope: Scope): unknown {
  const [head, ...rest] = command as readonly [Operand, ...Operand[]];
  const args = (): readonly unknown[] => [...rest.map((each) => valueOf(each, scope)), ...piped];
  if (head.base.kind === 'function') {
    const value = (FUNCTIONS[head.base.name] as Call)(...args());
    return fieldOf(value, head.path, scope);
  }
  const value = valueOf(head, scope);
  if (typeof value === 'function') return (value as Call)(...args());
  if (rest.length + piped.length === 0) return value;
  throw fail('usage.invalid', `the format calls .${head.path.join('.')}, which is no function`, {
    hint: 'leave out what follows it',
  });
}

function valueOf({ base, path }: Operand, scope: Scope): unknown {
  if (base.kind === 'literal') return base.value;
  if (base.kind === 'function') return (FUNCTIONS[base.name] as Call)();
  if (base.kind === 'pipe') return fieldOf(evaluate(base.pipe, scope), path, scope);
  return fieldOf(base.kind === 'dot' ? scope.dot : cellOf(base.name, scope).value, path, scope);
}

function cellOf(name: string, { variables, source }: Scope): { value: unknown } {
  const found = variables.get(name);
  if (found === undefined)
    throw fail('usage.invalid', `the format "${source}" has no variable ${name}`, {
      hint: `give it a value first: {{${name} := .Name}}`,
    });
  return found;
}

function fieldOf(value: unknown, path: readonly string[], { root }: Scope): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (!Object.hasOwn(at, name) && (at === root || !isMap(at)))
      throw fail('usage.invalid', `there is no field ${name}`, {
        hint: `known are ${Object.keys(at).join(', ')}`,
      });
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** Labels and the like: their names are data, and begin with a small letter. A missing one is no mistake. */
const isMap = (value: object): boolean => Object.keys(value).every((key) => !/^[A-Z]/.test(key));
