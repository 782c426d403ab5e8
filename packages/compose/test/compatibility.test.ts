import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ATTRIBUTES, compatibilityDocument } from '../src/compatibility.ts';

test('COMPATIBILITY.md is what the table says', () => {
  const written = readFileSync(new URL('../COMPATIBILITY.md', import.meta.url), 'utf8');
  expect(written, 'run node packages/compose/scripts/compatibility.ts').toBe(compatibilityDocument());
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
