/** What users start: each command's code comes out of V8's cache of it, and nothing is compiled twice. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';

const APPS = join(import.meta.dirname, '../..');

test.each([
  ['orc', ['engine', 'project']],
  ['orcd', ['daemon']],
])('%s has a cache for each kind of command, which V8 takes', (name, caches) => {
  const starter = join(APPS, name, 'dist', `${name}.cjs`);
  expect(existsSync(starter), 'npm run setup builds it').toBe(true);
  const text = readFileSync(starter, 'utf8');
  const code = /`\$\{__dirname\}\/(.*\.cjs)`/.exec(text)?.[1] ?? '';
  const encoding = /readFileSync\(filename, '(\w+)'\)/.exec(text)?.[1] as BufferEncoding;
  const source = readFileSync(join(APPS, name, 'dist', code), encoding);
  for (const cache of caches) {
    expect(text).toContain(`'${cache}'`);
    const cachedData = readFileSync(join(APPS, name, 'dist', `${code}.${cache}.cache`));
    expect(new Script(source, { cachedData }).cachedDataRejected).toBe(false);
    // One that has another length is another source.
    expect(new Script(`${source} `, { cachedData }).cachedDataRejected).toBe(true);
  }
});
