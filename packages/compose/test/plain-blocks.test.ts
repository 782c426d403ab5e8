/** The quick reader against the library: what it reads at all it reads as the library does. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAny } from '../src/plan/2-parse/parse.ts';
import { readPlainBlocks } from '../src/plan/2-parse/plain-blocks.ts';
import { newLoading } from '../src/plan/load.ts';
import type { Loading } from '../src/plan/loading.ts';
import type { Node, Source } from '../src/plan/node.ts';
import { corpusFolder } from './support.ts';

const RUNS = Number(process.env['ORC_FUZZ'] ?? 2000);

const loadingOfNothing = (): Loading =>
  newLoading({ files: [], cwd: '/', environment: {}, facts: new Map() });

const sourceOf = (text: string): Source => ({ file: 'f', path: '/f', text });

/** Values with the places where they begin, and of scalars and keys where they end: the library ends collections late. */
function shown(node: Node): unknown {
  const { start, end } = node.place;
  if (node.kind === 'scalar') return [node.value, node.raw, node.tag, start, end];
  if (node.kind === 'seq') return { start, items: node.items.map(shown) };
  return {
    start,
    entries: [...node.entries].map(([name, { key, value }]) => [name, key.start, key.end, shown(value)]),
  };
}

/** Whether it was read. */
function agrees(text: string): boolean {
  const ours = readPlainBlocks(sourceOf(text));
  if (ours === undefined) return false;
  const loading = loadingOfNothing();
  const theirs = parseAny(loading, sourceOf(text)) ?? [];
  expect(loading.problems, text).toEqual([]);
  expect(theirs, text).toHaveLength(1);
  expect(shown(ours), text).toEqual(shown(theirs[0] as Node));
  return true;
}

test.each([
  'a: b\n',
  'a:\n  b: 1\n  c: [x, "y", {k: v, l: []}]\n',
  'a:\n- b\n- c: d\n  e:\n  - f\n  -\n',
  'a:   # comment\n  # more\n\n  - x # y\n  -   y: 1\n      z: 2\n',
  "a: 'it''s'\nb: \"x # y\"\nc: x#y\nd: http://a:80/b?c=d&e\ne: 0440\nf: ~\ng:\n",
  'a: [80:80, -x, a b , 1]\nb: {}\n',
  'a: {b: {c: d}}   # x\n',
  'a:\n  - - b\n'.replace('- - ', '- '),
  'a: -x\nb: -\tc\n'.replace('\t', ''),
])('is read: %j', (text) => expect(agrees(text)).toBe(true));

test.each([
  '',
  '- a\n',
  'a: &x b\n',
  'a: *x\n',
  'a: !t b\n',
  'a: |\n  b\n',
  'a: >-\n  b\n',
  'a: b\n  c\n',
  'a: "b\n  c"\n',
  'a: "\\n"\n',
  'a: [b,\n  c]\n',
  'a: b: c\n',
  'a: b:\n',
  'a: 1\na: 2\n',
  'true: x\n',
  '---\na: b\n',
  'a:\tb\n',
  'a: b\r\n',
  'a: [b: c]\n',
  'a: {b}\n',
  'a: {b: }\n',
  'a: [b,]\n',
  '"a": b\n',
  '? a\n',
  'a: @x\n',
  'a:\n   b: c\n  d: e\n',
  'a: [x #y]\n',
  'a: "b"c\n',
  '<<: {a: b}\n',
  `${'k'.repeat(1025)}: v\n`,
])('is left to the library: %j', (text) => expect(readPlainBlocks(sourceOf(text))).toBeUndefined());

const PIECES =
  "a: ¦b:¦- ¦-¦c¦: ¦ ¦  ¦    ¦\n¦\n  ¦\n    ¦#¦ # x¦[¦]¦{¦}¦, ¦,¦\"¦'¦''¦k: v¦\nk: v¦\n  - x¦1¦0x1f¦null¦1:30¦~"
    .concat('¦?¦!¦&¦*¦|¦-x¦:x¦---¦.¦%¦\\¦$¦${A:-b}¦é¦😀¦=¦<<')
    .split('¦');

describe('agrees with the library', () => {
  test('on pieces of text in any order', () => {
    const pieces = fc.constantFrom(...PIECES);
    let read = 0;
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 14 }), (words) => {
        if (agrees(`a: ${words.join('')}`) || agrees(words.join(''))) read += 1;
      }),
      { numRuns: RUNS * 5 },
    );
    expect(read).toBeGreaterThan(RUNS / 20);
  });

  test('on lines at any depth', () => {
    const line = fc.tuple(
      fc.constantFrom(0, 0, 2, 2, 4, 4, 3, 6),
      fc.constantFrom('- ', '', '', '', '-   ', '- - '),
      fc.constantFrom(
        'a:',
        'b:',
        'c: d',
        'e: [f, {g: h}]',
        'i',
        '# j',
        '',
        '"k"',
        'l: "m" # n',
        "o: 'p'",
        'q: r s',
      ),
      fc.constantFrom('', '', ' ', ' # t'),
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
        const text = lines.map(
          ([indent, dash, rest, end], i) =>
            `${' '.repeat(indent)}${dash}${rest.replace(/^\w/, (x) => x + i)}${end}`,
        );
        if (agrees(`${text.join('\n')}\n`) || agrees(`top:\n${text.join('\n')}`)) read += 1;
      }),
      { numRuns: RUNS * 5 },
    );
    expect(read).toBeGreaterThan(RUNS / 20);
  });

  const folder = corpusFolder('.');
  test.skipIf(folder === undefined)('on every file of the corpus', () => {
    const files = readdirSync(folder as string, { recursive: true, encoding: 'utf8' }).filter((each) =>
      /\.ya?ml$/.test(each),
    );
    const read = files.filter((each) => agrees(readFileSync(join(folder as string, each), 'utf8')));
    console.log(`${read.length} of ${files.length} files are read without the library`);
    expect(read.length).toBeGreaterThan(files.length / 4);
  });
});
