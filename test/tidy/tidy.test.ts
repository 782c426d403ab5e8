/** Reads the source tree and fails on what the picture of the house and the style do not show. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const MODEL = ['model'];
const LEVEL_1 = ['image', 'network', 'runtime', 'telemetry'];

/** Who may import whom; DESIGN's picture as a table. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'packages/model': [],
  'packages/raft': [],
  'packages/compose': MODEL,
  'packages/cluster': MODEL,
  'packages/disk': MODEL,
  'packages/image': [...MODEL, 'disk'],
  'packages/network': [...MODEL, 'disk'],
  'packages/runtime': MODEL,
  'packages/telemetry': MODEL,
  'packages/api': MODEL,
  'packages/agent': [...MODEL, 'disk', ...LEVEL_1],
  'apps/orc': [...MODEL, 'compose', 'api'],
  'apps/orcd': [...MODEL, 'disk', ...LEVEL_1, 'agent', 'api', 'cluster', 'raft'],
};
const IMPURE = /^node:(fs|net|http|https|dgram|child_process|worker_threads|os|timers|tls|process)/;
const BANNED_NAMES = /(^|\/)(utils?|common|helpers?|managers?|misc)(\.ts|\/|$)/;
const LIMITS = { line: 110, file: 600, function: 70 };
const GENERATED = /\/(generated|node_modules|dist|build)\//;

function walk(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'dist' ? [] : walk(path);
    return [path];
  });
}

const rooms = Object.keys(MAY_IMPORT);
const sources = rooms
  .flatMap((room) => walk(join(root, room, 'src')))
  .filter((file) => file.endsWith('.ts') && !/\/generated\//.test(file));
const tests = [
  ...rooms.flatMap((room) => walk(join(root, room, 'test'))),
  ...walk(join(root, 'test')),
  ...walk(join(root, 'scripts')),
].filter((file) => file.endsWith('.ts'));
const native = walk(join(root, 'packages/runtime/native')).filter(
  (file) => /\.[ch]$/.test(file) && !GENERATED.test(file),
);
const nameOf = (file: string): string => relative(root, file);
const roomOf = (file: string): string => nameOf(file).split('/').slice(0, 2).join('/');
const read = (file: string): string => readFileSync(file, 'utf8');

function importsOf(text: string): readonly string[] {
  return [
    ...text.matchAll(
      /^\s*(?:import|export)\b[^'"`;]*?from\s+'([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** Formatted code: a function ends at the first line that closes at the indentation at which it began. */
function longFunctions(
  text: string,
  max: number,
): readonly { readonly line: number; readonly length: number }[] {
  const lines = text.split('\n');
  const long: { line: number; length: number }[] = [];
  for (const [index, line] of lines.entries()) {
    const isFunction =
      /\bfunction\b.*[{(]$|=> \{$|^\s+(async |static |get |set |#|\*)*[\w#]+\(.*\{$/.test(line) &&
      !/^\s*(if|for|while|switch|describe|test)\b/.test(line);
    if (!isFunction) continue;
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    const end = lines.findIndex((each, at) => at > index && each.startsWith(`${indent}}`));
    if (end - index + 1 > max) long.push({ line: index + 1, length: end - index + 1 });
  }
  return long;
}

describe('imports go down only', () => {
  test.each(rooms)('%s', (room) => {
    const allowed = new Set(MAY_IMPORT[room]?.map((name) => `@orc/${name}`));
    const wrong = sources
      .filter((file) => roomOf(file) === room)
      .flatMap((file) => importsOf(read(file)).map((name) => ({ file: nameOf(file), name })))
      .filter(({ name }) => name.startsWith('@orc/') && !allowed.has(name.split('/').slice(0, 2).join('/')));
    expect(wrong).toEqual([]);
  });
  test('no relative import leaves its room', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(read(file))
        .filter(
          (name) =>
            name.startsWith('.') && !join(file, '..', name).startsWith(join(root, roomOf(file), 'src')),
        )
        .map((name) => `${nameOf(file)}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });
});

test('plan/, model, compose and cluster are pure', () => {
  const pure = sources.filter(
    (file) => /\/src\/(.*\/)?plan\//.test(file) || /^packages\/(model|compose|cluster)\//.test(nameOf(file)),
  );
  const wrong = pure.flatMap((file) => [
    ...importsOf(read(file))
      .filter((name) => IMPURE.test(name))
      .map((name) => `${nameOf(file)}: imports ${name}`),
    ...(/\bDate\.now\(|\bMath\.random\(|\bperformance\.now\(|\bsetTimeout\(/.test(read(file))
      ? [`${nameOf(file)}: reads a clock or chance`]
      : []),
  ]);
  expect(wrong).toEqual([]);
});

test('names say what a thing is', () => {
  expect([...sources, ...tests].map(nameOf).filter((name) => BANNED_NAMES.test(name))).toEqual([]);
});

test('files, functions and lines are short', () => {
  const wrong = [...sources, ...tests, ...native].flatMap((file) => {
    const text = read(file);
    const lines = text.split('\n');
    const isSource = sources.includes(file);
    return [
      ...(lines.length > LIMITS.file ? [`${nameOf(file)}: ${lines.length} lines`] : []),
      ...(isSource
        ? longFunctions(text, LIMITS.function).map(
            ({ line, length }) => `${nameOf(file)}:${line}: a function of ${length} lines`,
          )
        : []),
      ...lines.flatMap((line, at) =>
        line.length > LIMITS.line &&
        isSource &&
        !/https?:|^\s*\*|'[^']{60,}'|`[^`]{60,}`|\/.{60,}\//.test(line)
          ? [`${nameOf(file)}:${at + 1}: ${line.length} columns`]
          : [],
      ),
    ];
  });
  expect(wrong).toEqual([]);
});

const FORBIDDEN =
  /^export default|^\s*(export )?(const )?enum |^\s*(export )?namespace |:\s*any\b|\bas any\b|@ts-ignore|@ts-nocheck/;
const COMMENT = /^\s*(\/\/|\/?\*)/;

test('no default exports, enums, namespaces or any', () => {
  const wrong = sources.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, at) =>
        FORBIDDEN.test(line) && !COMMENT.test(line) ? [`${nameOf(file)}:${at + 1}: ${line.trim()}`] : [],
      ),
  );
  expect(wrong).toEqual([]);
});

test('the project speaks of itself alone', () => {
  const words = /\/work\/|\.library\b|\bas an ai\b|\bclaude\b|registry\.npmjs/i;
  const all = [
    ...sources,
    ...tests,
    ...native,
    ...walk(join(root, 'docs')),
    ...rooms.map((room) => join(root, room, 'README.md')),
    join(root, 'README.md'),
  ];
  const wrong = all
    .filter((file) => existsSync(file) && !file.endsWith('tidy.test.ts') && words.test(read(file)))
    .map(nameOf);
  expect(wrong).toEqual([]);
});

test.each(rooms)('%s has a README of one page', (room) => {
  const file = join(root, room, 'README.md');
  expect(existsSync(file), `${room}/README.md`).toBe(true);
  expect(read(file).split('\n').length).toBeLessThan(100);
});

test('every golden suite has a case that must fail', () => {
  const folders = rooms
    .flatMap((room) => walk(join(root, room, 'test')))
    .filter((file) => /\/golden\/[^/]*\.txt$/.test(file))
    .map((file) => join(file, '..'));
  const without = [...new Set(folders)].filter(
    (folder) => !readdirSync(folder).some((name) => name.endsWith('.must-fail.txt')),
  );
  expect(without.map(nameOf)).toEqual([]);
});

describe('the rules themselves notice', () => {
  test('a long function', () => {
    const body = Array.from({ length: 5 }, (_, at) => `  step(${at});`).join('\n');
    expect(longFunctions(`export function long(): void {\n${body}\n}\n`, 6)).toEqual([
      { line: 1, length: 7 },
    ]);
    expect(longFunctions(`const short = (): void => {\n${body}\n};\n`, 7)).toEqual([]);
  });
  test('an import', () => {
    expect(
      importsOf(
        "import type { A } from '@orc/agent';\nexport * from './x.ts';\nconst m = await import('node:fs');",
      ),
    ).toEqual(['@orc/agent', './x.ts', 'node:fs']);
  });
});

test('what is listed exists', () => {
  expect(rooms.filter((room) => !statSync(join(root, room)).isDirectory())).toEqual([]);
});
