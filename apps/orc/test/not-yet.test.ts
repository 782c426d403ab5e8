/** What is not in this version is said in one page as the command line says it, and is truly not there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ELSEWHERE, NOT_YET } from '../src/commands/not-yet.ts';
import { TABLE } from '../src/commands/table.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/not-yet.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `orc '));
const names = new Set(
  TABLE.commands.flatMap(({ name, aliases = [] }) => {
    const noun = name.includes(' ') ? `${name.split(' ')[0]} ` : '';
    return [name, ...aliases.map((each) => `${noun}${each}`)];
  }),
);

test('the page has a row for each, and no other', () => {
  const expected = [
    ...Object.entries(NOT_YET).map(([name, hint]) => `| \`orc ${name}\` | ${hint.replaceAll('|', '\\|')} |`),
    ...Object.entries(ELSEWHERE).map(([name, other]) => `| \`orc ${name}\` | \`orc ${other}\` |`),
  ];
  expect(rows).toEqual(expected);
});

test.each(Object.keys(NOT_YET))('orc %s is no command', (name) => {
  expect(names.has(name)).toBe(false);
});

test.each(Object.entries(ELSEWHERE))('orc %s is one under another name: %s', (name, other) => {
  expect(names.has(name)).toBe(false);
  expect(names.has(other)).toBe(true);
});

test.each(Object.entries(NOT_YET))('what the hint of orc %s names is there: %s', (_, hint) => {
  for (const [, named = ''] of hint.matchAll(/\borc ((?:[a-z]+ ?){1,2})/g)) {
    const [first = '', second = ''] = named.trim().split(' ');
    expect(names.has(first) || names.has(`${first} ${second}`)).toBe(true);
  }
});
