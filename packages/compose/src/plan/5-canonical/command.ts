/** `command`, `entrypoint` and `healthcheck.test`. */
import { report, warn } from '../loading.ts';
import { type Node, type Path, scalar, seq, textOf } from '../node.ts';
import type { FormContext } from './canonical.ts';

export function command(context: FormContext, node: Node, path: Path): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  const words = splitWords(node.value);
  if (words === undefined) {
    const name = String(path.at(-1));
    report(
      context.loading,
      'compose.schema',
      node,
      `${path.join('.')}: invalid command line string, a quote is not closed`,
      {
        hint: `close it, or write ${name} as a list`,
      },
    );
    return seq([], node.place);
  }
  const operator = words.find((word) => !word.quoted && OPERATORS.has(word.text));
  if (operator !== undefined) shellOperator(context, node, path, operator.text, words[0]?.text ?? '');
  return seq(
    words.map((word) => scalar(word.text, node.place)),
    node.place,
  );
}

const OPERATORS = new Set(['&&', '||', '|', ';', '>', '<', '>>', '&']);
const SHELLS = /(?:^|\/)(?:ba|da|a|z|k)?sh$/;

function shellOperator(context: FormContext, node: Node, path: Path, operator: string, first: string): void {
  if (SHELLS.test(first)) return;
  warn(
    context.loading,
    'compose.schema',
    node,
    `${path.join('.')}: "${operator}" is passed to ${first} as a word, no shell reads it`,
    `write ["sh", "-c", "…"] if a shell is meant`,
  );
}

export type Word = { readonly text: string; readonly quoted: boolean };

/** Words as a POSIX shell splits them, without expansion; undefined when a quote is open. */
export function splitWords(line: string): readonly Word[] | undefined {
  const words: Word[] = [];
  const pattern = /\s*((?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+)/y;
  let at = 0;
  for (let found = pattern.exec(line); found !== null; found = pattern.exec(line)) {
    const raw = found[1] as string;
    words.push({ text: unquote(raw), quoted: /['"\\]/.test(raw) });
    at = pattern.lastIndex;
  }
  return line.slice(at).trim() === '' ? words : undefined;
}

const unquote = (raw: string): string =>
  raw.replace(/\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"/g, (_, escaped, single, double) => {
    if (escaped !== undefined) return escaped === '\n' ? '' : (escaped as string);
    return (
      single ??
      (double as string).replace(/\\(["\\$`\n])/g, (_all, each: string) => (each === '\n' ? '' : each))
    );
  });

const KINDS = ['NONE', 'CMD', 'CMD-SHELL'];

/** A line is for the shell; a list begins with CMD, CMD-SHELL or NONE. */
export function healthTest(context: FormContext, node: Node, path: Path): Node {
  if (node.kind === 'scalar') {
    return typeof node.value === 'string'
      ? seq([scalar('CMD-SHELL', node.place), scalar(node.value, node.place)], node.place)
      : node;
  }
  const first = node.kind === 'seq' ? textOf(node.items[0]) : undefined;
  if (node.kind === 'seq' && first !== undefined && !KINDS.includes(first)) {
    report(
      context.loading,
      'compose.schema',
      node.items[0],
      `${path.join('.')} must begin with CMD, CMD-SHELL or NONE`,
      {
        hint: `write ["CMD", "${first}", …]`,
      },
    );
  }
  return node;
}
