/** What is nested too deeply is a problem with the limit, however deep it is and in whatever style it is written. */
import { expect, test } from 'vitest';
import { LIMITS } from '../src/limits.ts';
import { loadFiles } from './support.ts';

const STYLES: Readonly<Record<string, (depth: number) => string>> = {
  'lists in brackets': (depth) => '['.repeat(depth) + ']'.repeat(depth),
  'lists in brackets without an end': (depth) => '['.repeat(depth),
  'mappings in braces': (depth) => `${'{a: '.repeat(depth)}1${'}'.repeat(depth)}`,
  'lists in dashes': (depth) => `\n      ${'- '.repeat(depth)}1`,
  'keys with question marks': (depth) => `\n      ${'? '.repeat(depth)}1`,
};

test.each(Object.entries(STYLES))('%s', (_, nested) => {
  const text = `services:\n  web:\n    image: b\n    x-a: ${nested(100 * LIMITS.depthMax)}\n`;
  expect(loadFiles({ 'compose.yaml': text }).problems).toEqual([
    expect.objectContaining({
      code: 'compose.syntax',
      message: `nested more than ${LIMITS.depthMax} levels deep`,
      hint: expect.any(String),
    }),
  ]);
});
