/** What users start: each command's code comes out of V8's cache of it, and little is compiled. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const APPS = join(import.meta.dirname, '../..');
/** In a process of its own, as users start it: V8 takes no cache that was made with other options. */
const CHECK = `
const [file, encoding, cache] = process.argv.slice(1);
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const cachedData = readFileSync(cache);
const source = readFileSync(file, encoding);
const rejected = (text) => new Script(text, { cachedData }).cachedDataRejected;
console.log(rejected(source), rejected(source + ' '));
`;

test.each([
  ['orc', ['engine', 'project']],
  ['orcd', ['daemon']],
])('%s has a cache for each kind of command, which V8 takes for this source only', (name, caches) => {
  const { text, code } = starterOf(name);
  const encoding = /readFileSync\(filename, '(\w+)'\)/.exec(text)?.[1] ?? '';
  for (const cache of caches) {
    expect(text).toContain(`'${cache}'`);
    const given = ['-e', CHECK, '--', code, encoding, `${code}.${cache}.cache`];
    expect(execFileSync(process.execPath, given, { encoding: 'utf8' })).toBe('false true\n');
  }
});

test('what commands of the engine read has not what only projects need', () => {
  const { code } = starterOf('orc');
  const bytes = (cache: string): number => statSync(`${code}.${cache}.cache`).size;
  expect(bytes('engine') / bytes('project')).toBeLessThan(0.75);
});

/** Its text, and the file of the code that it starts. */
function starterOf(name: string): { readonly text: string; readonly code: string } {
  const dist = join(APPS, name, 'dist');
  const starter = join(dist, `${name}.cjs`);
  expect(existsSync(starter), 'npm run setup builds it').toBe(true);
  const text = readFileSync(starter, 'utf8');
  return { text, code: join(dist, /`\$\{__dirname\}\/(.*\.cjs)`/.exec(text)?.[1] ?? '') };
}
