import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contextDigest } from '../src/project/context-digest.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-digest-'));
  mkdirSync(join(folder, 'context'));
  writeFileSync(join(folder, 'Dockerfile.x'), 'FROM a\n');
  writeFileSync(join(folder, 'context/file'), 'one');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const digest = (more = {}): string =>
  contextDigest({ context: join(folder, 'context'), dockerfile: '../Dockerfile.x', ...more });

test('times do not count', () => {
  const before = digest();
  utimesSync(join(folder, 'context/file'), 1, 1);
  expect(digest()).toBe(before);
});

test.each<[string, () => string]>([
  ['a file of the context', () => (writeFileSync(join(folder, 'context/file'), 'two'), digest())],
  ['a Dockerfile outside of it', () => (writeFileSync(join(folder, 'Dockerfile.x'), 'FROM b\n'), digest())],
  ['an argument', () => digest({ args: { A: 'b' } })],
  ['a target', () => digest({ target: 'last' })],
])('%s counts', (_, change) => {
  const before = digest();
  expect(change()).not.toBe(before);
});
