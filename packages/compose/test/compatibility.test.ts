import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  ATTRIBUTES,
  compatibilityDocument,
  compatibilityTable,
  readmeTable,
  readmeWithTable,
} from '../src/compatibility.ts';

const HOW = 'run node packages/compose/scripts/compatibility.ts, or this test with ORC_GOLDEN_UPDATE=1';

test.each([
  ['COMPATIBILITY.md', '../COMPATIBILITY.md', compatibilityDocument],
  ['README.md', '../../../README.md', readmeWithTable],
])('%s is what the table says', (_, path, wanted) => {
  const url = new URL(path, import.meta.url);
  const written = readFileSync(url, 'utf8');
  if (process.env['ORC_GOLDEN_UPDATE'] === '1') writeFileSync(url, wanted(written));
  else expect(written, HOW).toBe(wanted(written));
});

test('a table of before is noticed', () => {
  const others = ATTRIBUTES.slice(1);
  expect(compatibilityTable(others)).not.toBe(compatibilityTable());
  const before = readmeWithTable(
    '<!-- attributes: written by node packages/compose/scripts/compatibility.ts -->\nold\n<!-- /attributes -->\n',
  );
  expect(before).not.toContain('old');
  expect(() => readmeWithTable('no marks')).toThrow('attributes');
});

test('the README names all that is not honoured, or what it is below', () => {
  const table = readmeTable();
  for (const { path, honour } of ATTRIBUTES) {
    const named = ATTRIBUTES.some(
      (each) =>
        (path === each.path || path.startsWith(`${each.path}.`)) && table.includes(`\`${each.path}\``),
    );
    if (honour.kind !== 'yes') expect([path, named]).toEqual([path, true]);
  }
});

test('every path has one row', () => {
  const paths = ATTRIBUTES.map((each) => each.path);
  expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
});

test('every refusal says why and what to do instead', () => {
  for (const { path, honour } of ATTRIBUTES) {
    if (honour.kind === 'no' || honour.kind === 'only')
      expect([path, honour.why, honour.instead]).not.toContain('');
  }
});
