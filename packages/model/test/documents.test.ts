import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GENERATED, createAjv, generate, readDocuments } from '../../../scripts/validators.ts';
import * as documents from '../src/documents.ts';
import type { Problem } from '../src/problem.ts';
import { exampleOf, type Field, fieldsOf } from './examples.ts';

const { definitions, checked } = readDocuments();
const validators = documents as unknown as Readonly<Record<string, documents.Validator<unknown>>>;
const validatorOf = (name: string): documents.Validator<unknown> =>
  validators[name] as documents.Validator<unknown>;

function problemsOf(name: string, value: unknown): readonly Problem[] {
  const validate = validatorOf(name);
  return validate(value) ? [] : documents.problemsOf(validate.errors ?? [], 'body');
}
const said = (name: string, value: unknown): readonly string[] =>
  problemsOf(name, value).map(({ message, hint }) => (hint === undefined ? message : `${message}; ${hint}`));

describe('what is generated', () => {
  test.each(Object.entries(generate()))('%s is fresh', (name, text) => {
    const committed = readFileSync(join(GENERATED, name), 'utf8');
    expect(committed === text, 'run node scripts/validators.ts').toBe(true);
  });

  test('imports nothing when it runs', () => {
    expect(readFileSync(join(GENERATED, 'documents.js'), 'utf8')).not.toMatch(
      /\bimport\b|\brequire\b|\bajv\b/,
    );
  });

  test('checks every document that comes from outside', () => {
    expect(checked.filter((name) => typeof validatorOf(name) !== 'function')).toEqual([]);
    expect(checked).toContain('PutProject');
    expect(checked).toContain('DaemonConfig');
  });
});

describe('the schemas', () => {
  test.each(['objects', 'api', 'orcd'])('%s is one of draft 2020-12', (name) => {
    const file = join(import.meta.dirname, `../../../schemas/${name}.schema.json`);
    const ajv = new Ajv2020({ strict: false });
    expect(ajv.validateSchema(JSON.parse(readFileSync(file, 'utf8')) as object), ajv.errorsText()).toBe(true);
  });

  test('describe every definition', () => {
    const bare = Object.entries(definitions).filter(([, schema]) => schema.description === undefined);
    expect(bare.map(([name]) => name)).toEqual([]);
  });
});

describe.each(checked)('%s', (name) => {
  const schema = definitions[name] ?? {};
  const full = (): unknown => structuredClone(exampleOf(definitions, schema, 'full'));
  const fields = fieldsOf(definitions, schema, 'body');

  test('is accepted with all of its fields, and with as few as it may have', () => {
    expect(said(name, full())).toEqual([]);
    expect(said(name, exampleOf(definitions, schema, 'minimal'))).toEqual([]);
  });

  test('names a field that is missing, and does without an optional one', () => {
    const wrong = fields.filter((field) => {
      const value = full();
      Reflect.deleteProperty(holderOf(value, field), field.name);
      const expected = field.required ? [`${field.place}.${field.name} is missing`] : [];
      return JSON.stringify(said(name, value)) !== JSON.stringify(expected);
    });
    expect(wrong).toEqual([]);
  });

  test('names a field that it does not know, wherever it is', () => {
    const places = new Map(fields.map((field) => [field.place, field]));
    for (const field of places.values()) {
      const value = full();
      holderOf(value, field)['qqqqqq'] = 1;
      expect(said(name, value)).toEqual([`${field.place} has an unknown field qqqqqq`]);
    }
  });

  test('names a field of a wrong type', () => {
    for (const field of fields.filter((each) => each.name !== '$schema')) {
      const value = full();
      holderOf(value, field)[field.name] = [[]];
      const first = said(name, value)[0] ?? 'nothing';
      expect(first.startsWith(`${field.place}.${field.name}`), first).toBe(true);
    }
  });
});

function holderOf(value: unknown, { path }: Field): Record<string, unknown> {
  return path.reduce((each, key) => (each as never)[key], value) as Record<string, unknown>;
}

const FORMS: Readonly<Record<string, (form: unknown) => object>> = {
  Mount: (form) => ({ mounts: [form] }),
  NetworkMode: (networkMode) => ({ networkMode }),
  NamespaceMode: (pidMode) => ({ pidMode }),
};
test.each(Object.entries(FORMS))('every form of %s is accepted', (name, specOf) => {
  const forms = definitions[name]?.oneOf ?? [];
  expect(forms.length).toBeGreaterThan(3);
  for (const form of forms) {
    const spec = specOf(exampleOf(definitions, form, 'full'));
    expect(said('CreateContainer', container(spec))).toEqual([]);
  }
});

const container = (spec: object): unknown => ({ spec: { image: 'b', ...spec } });

type Row = readonly [what: string, document: string, value: unknown, says: readonly string[]];
const ROWS: readonly Row[] = [
  ['no object', 'CreateContainer', [], ['body is not an object']],
  [
    'a misspelled field',
    'CreateContainer',
    container({ hostnmae: 'x' }),
    ['body.spec has an unknown field hostnmae; did you mean hostname?'],
  ],
  [
    'a field named like a method of objects',
    'CreateContainer',
    container({ constructor: 1 }),
    ['body.spec has an unknown field constructor'],
  ],
  [
    'several problems at once',
    'CreateContainer',
    { nmae: 'x', spec: { tty: 'yes', ports: [{ containerPort: '80', protocol: 'tpc' }] } },
    [
      'body has an unknown field nmae; did you mean name?',
      'body.spec.image is missing',
      'body.spec.tty is not true or false',
      'body.spec.ports[0].containerPort is not a whole number from 1 to 65535',
      'body.spec.ports[0].protocol is not one of tcp, udp; did you mean tcp?',
    ],
  ],
  [
    'a number out of its range and broken at once is one problem',
    'CreateContainer',
    container({ oomScoreAdj: 5000.5 }),
    ['body.spec.oomScoreAdj is not a whole number from -1000 to 1000'],
  ],
  [
    'a size below zero',
    'CreateContainer',
    container({ shmSizeBytes: -1 }),
    ['body.spec.shmSizeBytes is not a whole number from 0 up'],
  ],
  [
    'a number beyond whole numbers',
    'CreateContainer',
    container({ shmSizeBytes: 2 ** 53 }),
    ['body.spec.shmSizeBytes is not a whole number from 0 up'],
  ],
  [
    'an infinite number',
    'CreateContainer',
    container({ stopGraceMs: Number.POSITIVE_INFINITY }),
    ['body.spec.stopGraceMs is not a number'],
  ],
  [
    'a NUL',
    'CreateContainer',
    container({ labels: { 'a/b~c': 'x\0' } }),
    ['body.spec.labels.a/b~c is not a string without a NUL byte'],
  ],
  [
    'null where it is allowed, another type where it is not',
    'CreateContainer',
    container({ env: { A: null, B: 1 } }),
    ['body.spec.env.B is not string or null'],
  ],
  [
    'an unknown kind of mount',
    'CreateContainer',
    container({ mounts: [{ type: 'bnd', target: '/' }] }),
    ['body.spec.mounts[0].type is not one of bind, volume, tmpfs, secret, config; did you mean bind?'],
  ],
  [
    'a mount of no kind',
    'CreateContainer',
    container({ mounts: [{ target: '/' }] }),
    ['body.spec.mounts[0].type is missing'],
  ],
  [
    'a field of another kind of mount',
    'CreateContainer',
    container({ mounts: [{ type: 'bind', source: '/', target: '/', nocopy: true }] }),
    ['body.spec.mounts[0] has an unknown field nocopy'],
  ],
  [
    'neither of two forms',
    'PullRequest',
    { reference: 'a', auth: { username: 'u', pass: 'secret' } },
    ['body.auth is none of { username, password }, { token }'],
  ],
];
test.each(ROWS)('%s', (_, document, value, says) => {
  expect(said(document, value)).toEqual(says);
});

test('the first problem is thrown with the others', () => {
  const parse = (): unknown => documents.parseDocument(documents.KillRequest, { sig: 1 }, 'body');
  expect(parse).toThrow(
    expect.objectContaining({
      problem: {
        code: 'input.invalid',
        message: 'body.signal is missing',
        others: [{ code: 'input.invalid', message: 'body has an unknown field sig' }],
      },
    }),
  );
});

test('a body of nothing but mistakes is left early, and its words are cut', () => {
  const rows = Array.from({ length: 100_000 }, () => 1);
  expect(problemsOf('ContextRequest', { key: 'k', files: rows })).toHaveLength(20);
  expect(documents.ContextRequest.errors?.length).toBeLessThan(100);
  const maps = Object.fromEntries(rows.map((_, index) => [`k${index}`, 1]));
  expect(documents.CreateContainer(container({ labels: maps }))).toBe(false);
  expect(documents.CreateContainer.errors?.length).toBeLessThan(100);
  const [problem] = problemsOf('CreateContainer', container({ labels: { ['x'.repeat(10_000)]: 1 } }));
  expect(problem?.message.length).toBeLessThan(300);
});

test('what was refused is not kept', () => {
  documents.ContextRequest({ key: 'k', files: { big: 'x'.repeat(1000) } });
  documents.TagRequest({ target: `${'x'.repeat(1000)}\0` });
  for (const { errors } of [documents.ContextRequest, documents.TagRequest])
    expect(JSON.stringify(errors).length).toBeLessThan(500);
});

/** Values in place of others: of every type, and words that mean something somewhere. */
const STRANGERS: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 60,
  '',
  'x',
  'a\0',
  'bind',
  'host',
  'fixed',
  'no',
  [],
  [1],
  ['x'],
  {},
  { kind: 'host' },
  { type: 'tmpfs', target: '/' },
  { a: 'b' },
  { token: 't' },
];

test('whatever stands wherever, they judge as ajv itself does, and say why', () => {
  const ajv = createAjv({ definitions, checked });
  const cases = checked.flatMap((name) =>
    fieldsOf(definitions, definitions[name] ?? {}, 'body').map((field) => ({ name, field })),
  );
  const check = ({ name, field }: (typeof cases)[number], value: unknown): void => {
    const example = exampleOf(definitions, definitions[name] ?? {}, 'full');
    holderOf(example, field)[field.name] = structuredClone(value);
    const accepted = validatorOf(name)(example);
    expect(accepted).toBe(ajv.getSchema(`orc#/$defs/${name}`)?.(example));
    expect(problemsOf(name, example).length > 0).toBe(!accepted);
  };
  fc.assert(fc.property(fc.constantFrom(...cases), fc.constantFrom(...STRANGERS), check), { numRuns: 2000 });
});
