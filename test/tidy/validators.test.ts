/** Where validators may be: ajv in scripts and tests, what it compiled in the daemon, nothing of it in the command line. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test('no source imports ajv', () => {
  const sources = globSync(['packages/*/src/**/*.{ts,js}', 'apps/*/src/**/*.ts'], { cwd: root });
  expect(sources.length).toBeGreaterThan(100);
  const isImporting = (file: string): boolean =>
    /(from|import|require)\b[ (]*['"]ajv/.test(readFileSync(join(root, file), 'utf8'));
  expect(sources.filter(isImporting)).toEqual([]);
  expect(isImporting('scripts/validators.ts')).toBe(true);
});

test.each([
  ['orc', []],
  ['orcd', ['packages/model/src/generated/documents.js']],
])('%s carries %j', async (app, expected) => {
  const { metafile } = await build({
    entryPoints: [join(root, `apps/${app}/src/main.ts`)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['koffi'],
    write: false,
    metafile: true,
    logLevel: 'silent',
    absWorkingDir: root,
  });
  const carried = Object.keys(metafile.inputs).filter((file) => /\/generated\/documents|\/ajv\//.test(file));
  expect(carried).toEqual(expected);
});
