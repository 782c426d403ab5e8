/** Nodes as S-expressions, the form of the parser cases. */
import type { Node } from '../../src/build/plan/nodes.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\b': '\\b',
  '\f': '\\f',
  '\0': '\\x00',
};
const quote = (text: string): string => `"${[...text].map((char) => ESCAPES[char] ?? char).join('')}"`;

export function dump(node: Node): string {
  const flags = node.flags.length === 0 ? [] : [`[${node.flags.map(quote).join(' ')}]`];
  const child = node.child === undefined ? [] : [dump(node.child)];
  const heredocs = node.heredocs.map(({ name, content, expand, chomp }) => {
    const how = `${chomp ? '<<-' : '<<'}${expand ? '' : 'raw '}${name}`;
    return `{${how} ${quote(content)}}`;
  });
  return `(${[node.keyword, ...flags, ...child, ...node.args.map(quote), ...heredocs].join(' ')})`;
}
