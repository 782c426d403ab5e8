/** The table of routes beside `schemas/api.schema.json`, and the types of both. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nameOf } from '../../../scripts/schema-types.ts';
import { readDocuments } from '../../../scripts/validators.ts';
import { exampleOf } from '../../model/test/examples.ts';
import type { Backend } from '../src/backend.ts';
import { BODIES } from '../src/bodies.ts';
import type { Input } from '../src/request.ts';
import { NATIVE, type Route } from '../src/routes.ts';
import { AGREED } from './agreement.ts';

type Ref = { readonly $ref?: string; readonly items?: Ref };
type Described = {
  readonly description: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: Ref;
  readonly form: string;
  readonly status?: number;
  readonly answer?: Ref;
};
const file = join(import.meta.dirname, '../../../schemas/api.schema.json');
const { routes } = JSON.parse(readFileSync(file, 'utf8')) as { routes: Record<string, Described> };
const { definitions } = readDocuments();
const keyOf = ({ method, path }: Route): string => `${method} ${NATIVE.prefix}${path}`;
const described = (route: Route): Described => routes[keyOf(route)] as Described;

test('every route is described, and nothing else', () => {
  expect(Object.keys(routes).toSorted()).toEqual(NATIVE.routes.map(keyOf).toSorted());
});

test.each(NATIVE.routes.map((route) => [keyOf(route), route] as const))('%s takes that body', (_, route) => {
  const { body } = described(route);
  expect(body?.$ref === undefined ? undefined : nameOf(body.$ref)).toBe(route.document);
  expect(route.document === undefined).toBe(route.body !== 'json');
});

test('every answer is a document that there is', () => {
  const refs = Object.values(routes).flatMap(({ answer }) => answer?.$ref ?? answer?.items?.$ref ?? []);
  expect(refs.filter((ref) => definitions[nameOf(ref)] === undefined)).toEqual([]);
  expect(refs.length).toBeGreaterThan(20);
});

test('every document that a route takes has a validator', () => {
  const names = NATIVE.routes.flatMap(({ document }) => document ?? []);
  expect(names.filter((name) => typeof BODIES[name] !== 'function')).toEqual([]);
});

/** Answers whatever is asked of it: a route goes on to its end. */
const anything = new Proxy({} as Backend, {
  get: () => () => Promise.resolve({ id: 'x', spec: {}, config: {} }),
});

async function askedOf(route: Route): Promise<readonly string[]> {
  const names = new Set<string>();
  const note = <T>(name: string, value: T): T => {
    names.add(name);
    return value;
  };
  const query = { get: (name: string) => note(name, null), getAll: (name: string) => note(name, []) };
  const schema = definitions[route.document ?? 'Nothing'] ?? {};
  const input: Partial<Record<keyof Input, unknown>> = {
    params: { id: 'text' },
    body: exampleOf(definitions, schema, 'minimal'),
    query,
    signal: new AbortController().signal,
  };
  const ran = (async () => route.run(anything, input as Input))();
  // A terminal needs its size, and says so when it has looked for it.
  await ran.catch((error: Error) => expect(error.message).toContain('a terminal of 0 columns'));
  return [...names].toSorted();
}

test.each(NATIVE.routes.map((route) => [keyOf(route), route] as const))(
  '%s reads that query',
  async (_, route) => {
    expect(await askedOf(route)).toEqual(Object.keys(described(route).query ?? {}).toSorted());
  },
);

/** Their types are those that the schemas give, or parts that their holders name. */
const NOT_COMPARED = [
  'Text',
  'TextOrNull',
  'Texts',
  'TextMap',
  'Size',
  'Limit',
  'Mode',
  'Milliseconds',
  'Time',
  'HostEntry',
  'BootstrapRequest',
  'KillRequest',
  'Nothing',
  'SaveRequest',
  'TagRequest',
  'DaemonConfig',
];

test('the type of every document is compared with that of its schema', () => {
  const compared = [...Object.keys(AGREED), ...NOT_COMPARED].toSorted();
  expect(compared).toEqual(Object.keys(definitions).toSorted());
});
