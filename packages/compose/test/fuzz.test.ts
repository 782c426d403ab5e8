/**
 * Whatever is written, the load ends with a model or with problems, within a second and 300 MB. ORC_FUZZ sets the number
 * of cases, ORC_FUZZ_SEED where they begin; both are printed, and a failing case with what it came from.
 */
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Schema, composeSchema, formsOf, typesOf } from '../src/plan/4-validate/schema.ts';
import { GROWS, type Verdict } from './fuzz-worker.ts';
import { loadFiles } from './support.ts';

const RUNS = Number(process.env['ORC_FUZZ'] ?? 2000);
const SEED = Number(process.env['ORC_FUZZ_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
/** Of the processor. */
const MS_MAX = 1000;
/** By the clock, which on a busy machine tells little. */
const HANGS_MS = 60_000;
const TIMEOUT_MS = 30_000 + RUNS * 100;
const YOUNG_MB = 44;
const HEAP_MB = 300 - YOUNG_MB;

/** Values that the schema allows, and now and then ones that it does not. */
function arbitrary(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const wrong = fc.oneof(
    fc.constantFrom<unknown>(null, -1, 1e99, '', [], {}, true, '__proto__', '${A', '$$', [null], {
      '': null,
    }),
  );
  const forms = formsOf(schema).map((form) => formArbitrary(form, depth));
  return fc.oneof({ weight: 12, arbitrary: fc.oneof(...forms) }, { weight: 1, arbitrary: wrong });
}

const WORDS = [
  'a',
  'b',
  'web',
  'db:ro',
  './x:/y',
  '80:80',
  '1-3:4-6',
  '512m',
  '10s',
  'A=1',
  '${A:-x}',
  'service:a',
  '10.0.0.0/24',
  'a.yaml',
  'no',
  '/',
  '*',
];

function formArbitrary(form: Schema, depth: number): fc.Arbitrary<unknown> {
  if (form.enum !== undefined) return fc.constantFrom(...form.enum);
  const options = typesOf(form).map((type): fc.Arbitrary<unknown> => {
    if (type === 'object') return objectArbitrary(form, depth);
    if (type === 'array')
      return fc.array(depth > 6 ? fc.constant('a') : arbitrary(form.items ?? {}, depth + 1), {
        maxLength: 3,
      });
    if (type === 'string') return fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 8 }));
    if (type === 'boolean') return fc.boolean();
    return type === 'null' ? fc.constant(null) : fc.integer({ min: -2, max: 70_000 });
  });
  return options.length === 0 ? fc.anything({ maxDepth: 2 }) : fc.oneof(...options);
}

function objectArbitrary(form: Schema, depth: number): fc.Arbitrary<unknown> {
  const members = depth > 6 ? [] : Object.entries(form.properties ?? {});
  const named = Object.fromEntries(
    members.map(([key, member]) => [key, lazy(() => arbitrary(member, depth + 1))]),
  );
  const free = Object.entries(form.patternProperties ?? {}).find(([pattern]) => pattern !== '^x-')?.[1];
  const known = fc.constantFrom(...(members.length === 0 ? ['a'] : members.map(([key]) => key)));
  const some = fc
    .array(known, { maxLength: 5 })
    .chain((keys) =>
      fc.record(Object.fromEntries(keys.flatMap((key) => (named[key] ? [[key, named[key]]] : [])))),
    );
  if (free === undefined) return some;
  const keys = fc.constantFrom('a', 'b', 'web', 'default', '__proto__', 'constructor');
  return fc
    .array(
      fc.tuple(
        keys,
        lazy(() => arbitrary(free, depth + 1)),
      ),
      { maxLength: 3 },
    )
    .map((pairs) => Object.fromEntries(pairs));
}

/** Definitions do not refer to themselves deeply, but building all of them at once takes long. */
function lazy(make: () => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  let made: fc.Arbitrary<unknown> | undefined;
  return fc.constant(null).chain(() => (made ??= make()));
}

const projects = fc.record({
  services: fc.dictionary(fc.constantFrom('a', 'b', 'web'), arbitrary({ $ref: '#/definitions/service' }, 1), {
    minKeys: 1,
    maxKeys: 3,
  }),
  top: objectArbitrary(composeSchema, 2),
});

let worker: Worker;
let slowestMs = 0;
const newWorker = (): Worker =>
  new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
  });
beforeAll(() => {
  console.log(`${RUNS} cases of each kind, ORC_FUZZ_SEED=${SEED}`);
  worker = newWorker();
});
afterAll(async () => {
  console.log(`the slowest took ${Math.round(slowestMs)} ms of the processor`);
  await worker.terminate();
});

/** Loads in time and in its memory. */
async function holds(files: Record<string, string>): Promise<void> {
  const { wrong, ms } = await loadedBy(files);
  slowestMs = Math.max(slowestMs, ms);
  expect(wrong).toBe(undefined);
  expect(ms).toBeLessThan(MS_MAX);
}

/** A thread that broke, or hangs, is followed by a new one: fast-check goes on with smaller cases. */
async function loadedBy(files: Record<string, string>): Promise<Verdict> {
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const broke = (wrong: string): void => resolve({ wrong, ms: 0 });
  const hangs = setTimeout(broke, HANGS_MS, 'it does not end');
  const failed = (error: NodeJS.ErrnoException): void => broke(`${error.code ?? ''} ${error.message}`);
  const own = worker;
  own.once('message', resolve).once('error', failed);
  own.postMessage(files);
  const verdict = await promise;
  clearTimeout(hangs);
  own.off('message', resolve).off('error', failed);
  if (verdict.wrong !== undefined) {
    void own.terminate();
    worker = newWorker();
  }
  return verdict;
}

describe('a load ends', () => {
  test('for documents that follow the schema, mostly', { timeout: TIMEOUT_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(projects, ({ services, top }) =>
        holds({ 'compose.yaml': stringify({ ...(top as object), services }) }),
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });

  test('for pieces of text in any order', { timeout: TIMEOUT_MS }, async () => {
    const pieces = fc.constantFrom(
      'services:',
      '\n  ',
      'a:',
      ' ',
      '&x ',
      '*x',
      '<<: ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '|',
      '>',
      '!reset ',
      '!override ',
      '- ',
      '${',
      '}',
      '$',
      ':',
      '#',
      '\t',
      '---\n',
      '? ',
      'image: b',
      '\n',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 40 }), (words) =>
        holds({ 'compose.yaml': words.join('') }),
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });

  test.each([
    ['aliases of aliases', bomb()],
    ['brackets without end', `services: ${'['.repeat(5000)}`],
    ['braces without end', `x-a: ${'{a: '.repeat(3000)}`],
    ['indentation without end', deep()],
    [
      'keys of the language',
      'services: {__proto__: {image: a}, constructor: {image: b}, toString: {image: c}}\n',
    ],
    ['a long line', `services: {a: {image: "${'x'.repeat(500_000)}"}}`],
    [
      'many problems',
      `services:\n${Array.from({ length: 2000 }, (_, i) => `  s${i}: {imag: x}`).join('\n')}`,
    ],
    ['templates that multiply', `x: \${A:-${'${A:-'.repeat(40)}${'}'.repeat(40)}}`],
    ['many dollars', `services: {a: {image: "${'${'.repeat(5000)}"}}`],
    ['a port range', 'services: {a: {image: x, ports: ["1-65535:1-65535", "1-65535:1-65535"]}}'],
    ['no text', ''],
    ['a byte order mark', '\uFEFFservices: {a: {image: b}}'],
  ])('for %s', (_name, text) => holds({ 'compose.yaml': text }));

  test('for a file that includes and extends itself', async () => {
    await holds({
      'compose.yaml': 'include: [compose.yaml]\nservices: {a: {extends: {file: compose.yaml, service: a}}}',
    });
  });

  test('and what needs more memory would be noticed', { timeout: TIMEOUT_MS }, async () => {
    expect((await loadedBy({ [GROWS]: '' })).wrong).toContain('ERR_WORKER_OUT_OF_MEMORY');
    await holds({ 'compose.yaml': 'services: {a: {image: b}}' });
  });
});

test('keys of the language are services like any other', () => {
  const { model, problems } = loadFiles({
    'compose.yaml': 'services: {__proto__: {image: a}, constructor: {image: b}}\n',
  });
  expect(problems).toEqual([]);
  expect(Object.keys(model?.services ?? {})).toEqual(['__proto__', 'constructor']);
});

function bomb(): string {
  const lines = ['x-a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 12; i += 1)
    lines.push(
      `x-a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return `${lines.join('\n')}\nservices: {a: {image: b}}\n`;
}

function deep(): string {
  let text = '';
  for (let i = 0; i < 500; i += 1) text += `${' '.repeat(i)}k:\n`;
  return `x-a:\n${text}`;
}
