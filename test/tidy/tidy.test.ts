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
const CLOCK_OR_CHANCE =
  /\bDate\.now\b|\bnew Date\b(?!\((?!\)))|\bperformance\.now\b|\bhrtime\b|\bMath\.random\b|\brandom(Bytes|UUID|Int|Fill)/;
const TIMERS = /\bset(Timeout|Interval|Immediate)\(/;
const ASYNC = /\basync\b|\bawait\b|\bPromise\b/;
/** Of node:crypto; the rest draws keys and chance. */
const HASHES = ['createHash', 'hash'];
/** A bound that somebody chose, by its name. */
const BOUND = /_(MAX|MS|KEPT|OPEN|TRIES|ATTEMPTS|AT_ONCE|LIMIT)$/;
/** What a kernel or a format fixes is nobody's choice. */
const FIXED = /^(ID|SIGNAL|PORTS?|MODE|ERRNO|JUMP|OCTAL_\d+)_MAX$|_PER_MS$/;
const COMMENT = /^\s*(\/\/|\/?\*)/;
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

const codeOf = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !COMMENT.test(line))
    .join('\n');

/** `isPlan`: decides at once, whoever calls it. Formatting a time that is given is pure, and so is hashing. */
function impurities(text: string, isPlan: boolean): readonly string[] {
  const code = codeOf(text);
  const ciphers = [...code.matchAll(/import (?:type )?\{([^}]*)\} from 'node:crypto'/g)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !HASHES.includes(name));
  return [
    ...importsOf(text)
      .filter((name) => IMPURE.test(name))
      .map((name) => `imports ${name}`),
    ...ciphers.map((name) => `imports ${name} of node:crypto`),
    ...(/\* as \w+ from 'node:crypto'/.test(code) ? ['imports all of node:crypto'] : []),
    ...(CLOCK_OR_CHANCE.test(code) || TIMERS.test(code) ? ['reads a clock or chance'] : []),
    ...(isPlan && ASYNC.test(code) ? ['waits'] : []),
  ];
}

/** Bounds that are numbers on the spot: of a name of their own, or where something waits. */
function strayLimits(text: string): readonly string[] {
  const code = codeOf(text);
  const named = [...code.matchAll(/^ *(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? = [\d(]/gm)]
    .map(([, name = '']) => name)
    .filter((name) => BOUND.test(name) && !FIXED.test(name));
  const waits = [...code.matchAll(/\b(?:sleep|after|later|setTimeout|setInterval)\((?:.*, )?[1-9][\d_]*\)/g)];
  return [...named, ...waits.map(([call]) => call)];
}

/** Waits of a test that end within a second, as `vi.waitFor` does by itself, or of a few: too short on a busy machine. */
function hastyWaits(text: string): readonly string[] {
  const calls = [...text.matchAll(/\b(?:vi\.waitFor|vi\.waitUntil|expect\.poll)\(/g)];
  return calls
    .map(({ 0: name, index }) => name + argumentsFrom(text, index + name.length))
    .filter((call) =>
      call.startsWith('vi.')
        ? !/, (?:\d{2,3}_000|[A-Z_]*MS)\)$/.test(call)
        : /\btimeout: \d(?:_?\d{1,3})?\b/.test(call),
    )
    .map((call) => call.split('\n', 1)[0] as string);
}

/** Up to the bracket that closes the call. */
function argumentsFrom(text: string, begin: number): string {
  let at = begin;
  for (let open = 1; open > 0 && at < text.length; at += 1)
    open += text[at] === '(' ? 1 : text[at] === ')' ? -1 : 0;
  return text.slice(begin, at);
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
  const isPlan = (file: string): boolean => /\/src\/(.*\/)?plan\//.test(file);
  const pure = sources.filter(
    (file) => isPlan(file) || /^packages\/(model|compose|cluster)\//.test(nameOf(file)),
  );
  const wrong = pure.flatMap((file) =>
    impurities(read(file), isPlan(file)).map((why) => `${nameOf(file)}: ${why}`),
  );
  expect(wrong).toEqual([]);
});

test('bounds are named in limits.ts', () => {
  const wrong = sources
    .filter((file) => !file.endsWith('/limits.ts'))
    .flatMap((file) => strayLimits(read(file)).map((what) => `${nameOf(file)}: ${what}`));
  expect(wrong).toEqual([]);
});

test('tests wait as long as a busy machine takes', () => {
  const wrong = tests
    .filter((file) => !file.startsWith(import.meta.dirname))
    .flatMap((file) => hastyWaits(read(file)).map((call) => `${nameOf(file)}: ${call}`));
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

test('no paths of this machine, no hosts of registries', () => {
  const hosts = /https?:\/\/(?:registry|deb|security)\.[a-z]/i;
  const all = [
    ...sources,
    ...tests,
    ...native,
    ...walk(join(root, 'docs')),
    ...rooms.map((room) => join(root, room, 'README.md')),
    join(root, 'README.md'),
  ];
  const wrong = all
    .filter((file) => existsSync(file) && (hosts.test(read(file)) || read(file).includes(`${root}/`)))
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
  test.each([
    ["import { readFileSync } from 'node:fs';", 'imports node:fs'],
    ["import { createHash, randomBytes } from 'node:crypto';", 'imports randomBytes of node:crypto'],
    ["import * as crypto from 'node:crypto';", 'imports all of node:crypto'],
    ['const made = new Date().toISOString();', 'reads a clock or chance'],
    ['const made = new Date;', 'reads a clock or chance'],
    ['const io = { now: Date.now };', 'reads a clock or chance'],
    ['const id = process.hrtime.bigint();', 'reads a clock or chance'],
    ["const id = process.getBuiltinModule('node:crypto').randomUUID();", 'reads a clock or chance'],
    ['setInterval(look, limitMs);', 'reads a clock or chance'],
    ['export async function plan(): Promise<void> {', 'waits'],
    ['const plan = async () => facts;', 'waits'],
    ['return Promise.all(steps);', 'waits'],
  ])('what is not pure: %s', (line, why) => expect(impurities(`${line}\n`, true)).toContain(why));
  test.each([
    "import { createHash } from 'node:crypto';",
    'const text = new Date(createdMs).toISOString();',
    '// The asynchronous form, and async itself, is for host/.',
    ' * Date.now() is for the World.',
  ])('what is pure: %s', (line) => expect(impurities(`${line}\n`, true)).toEqual([]));
  test('that model may wait', () => {
    expect(impurities('const take = async (): Promise<void> => {\n', false)).toEqual([]);
  });
  test.each([
    ['const ATTEMPTS_MAX = 10;', 'ATTEMPTS_MAX'],
    ['export const CLOSE_MS: number = 4000;', 'CLOSE_MS'],
    ['  const STARTS_AT_ONCE = (2 ** 3) * CPUS;', 'STARTS_AT_ONCE'],
    ['await clock.sleep(2);', 'sleep(2)'],
    ['setTimeout(() => end(), 1_000);', 'setTimeout(() => end(), 1_000)'],
  ])('a stray bound: %s', (line, what) => expect(strayLimits(`${line}\n`)).toEqual([what]));
  test.each([
    'const PORTS_MAX = 65_535;',
    'const NS_PER_MS = 1e6;',
    'const HEADER_BYTES = 16;',
    'const SHOWN_MAX = LIMITS.shownMax;',
    '// const ATTEMPTS_MAX = 10;',
    'await clock.sleep(LIMITS.retryMs);',
    'setTimeout(call, 0);',
  ])('no bound: %s', (line) => expect(strayLimits(`${line}\n`)).toEqual([]));
  test.each([
    ['await vi.waitFor(() => expect(said()).toBe(1));', 'vi.waitFor(() => expect(said()).toBe(1))'],
    ['await vi.waitFor(\n  look,\n);', 'vi.waitFor('],
    ['await vi.waitFor(look, 2000);', 'vi.waitFor(look, 2000)'],
    ['await expect.poll(look, { timeout: 5_000 }).toBe(1);', 'expect.poll(look, { timeout: 5_000 })'],
    ['await expect.poll(look, { timeout: 500 }).toBe(1);', 'expect.poll(look, { timeout: 500 })'],
  ])('a hasty wait: %s', (line, what) => expect(hastyWaits(line)).toEqual([what]));
  test.each([
    'await vi.waitFor(() => expect(said()).toBe(1), 15_000);',
    'vi.waitFor(holds, WAIT_MS);',
    'await expect.poll(() => said()).toBe(1);',
    'await expect.poll(look, { timeout: 20_000 }).toBe(1);',
  ])('no hasty wait: %s', (line) => expect(hastyWaits(line)).toEqual([]));
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
