import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parseDocument } from 'yaml';
import { describe, expect, test } from 'vitest';
import { ROOT, type RowNode, below } from '../src/plan/attributes/table.ts';
import { type Schema, composeSchema, formsOf } from '../src/plan/4-validate/schema.ts';
import { corpusFolder, loadFiles } from './support.ts';

const file = fileURLToPath(new URL('../../../schemas/compose.schema.json', import.meta.url));
const document = JSON.parse(readFileSync(file, 'utf8')) as object;

describe('the schema', () => {
  test('is a valid JSON schema', () => {
    expect(new Ajv({ strict: false }).validateSchema(document)).toBe(true);
  });

  test('is the one that the room carries', () => {
    expect(composeSchema, 'run node packages/compose/scripts/generate-schema.ts').toEqual(document);
  });

  test('describes every attribute', () => {
    const bare: string[] = [];
    visit(composeSchema, [], (schema, path) => {
      for (const [key, member] of Object.entries(schema.properties ?? {})) {
        const isDescribed =
          member.description !== undefined || formsOf(member).some((each) => each.description);
        const referenced = member.$ref === undefined ? undefined : definition(member.$ref).description;
        if (!isDescribed && referenced === undefined) bare.push([...path, key].join('.'));
      }
    });
    expect(bare).toEqual([]);
  });

  test('has a row for every attribute in the table, or for what holds it', () => {
    const missing: string[] = [];
    visit(composeSchema, [], (schema, path) => {
      for (const key of Object.keys(schema.properties ?? {})) {
        if (!isCovered([...path, key])) missing.push([...path, key].join('.'));
      }
    });
    expect(missing).toEqual([]);
  });
});

const definition = (ref: string): Schema =>
  (document as { definitions: Record<string, Schema> }).definitions[
    ref.replace('#/definitions/', '')
  ] as Schema;

function visit(
  schema: Schema,
  path: readonly string[],
  see: (schema: Schema, path: readonly string[]) => void,
): void {
  for (const form of formsOf(schema)) {
    see(form, path);
    for (const [key, member] of Object.entries(form.properties ?? {})) visit(member, [...path, key], see);
    for (const [pattern, member] of Object.entries(form.patternProperties ?? {})) {
      if (pattern !== '^x-') visit(member, [...path, '*'], see);
    }
    if (form.items !== undefined) visit(form.items, [...path, '*'], see);
  }
}

/** What is refused whole, or has no effect, needs no rows for what lies below it. */
const WHOLE = new Set(['no', 'noeffect']);
function isCovered(path: readonly string[]): boolean {
  let node: RowNode | undefined = ROOT;
  let covered = false;
  for (const step of path) {
    node = below(node, step);
    if (node === undefined) return covered;
    if (node.row !== undefined) covered = WHOLE.has(node.row.honour.kind);
  }
  return covered || node?.row !== undefined || (node?.children.size ?? 0) > 0;
}

const real = corpusFolder('compose-real');

describe.skipIf(real === undefined)('another validator of the same schema', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, verbose: true });
  const validate = ajv.compile(document);
  for (const name of real === undefined ? [] : readdirSync(real)) {
    const source = join(real as string, name, 'SOURCE');
    if (!existsSync(source)) continue;
    // What is not interpolated yet is not judged.
    test(`agrees on ${name}`, () => {
      const main = /^main: (.*)$/m.exec(readFileSync(source, 'utf8'))?.[1] ?? '';
      const path = join(dirname(source), 'files', main);
      const text = readFileSync(path, 'utf8');
      const data: unknown = parseDocument(text, { merge: true, logLevel: 'silent' }).toJS({
        maxAliasCount: -1,
      });
      validate(withoutNulls(data));
      const theirs = (validate.errors ?? []).every(
        (each) => typeof each.data === 'string' && each.data.includes('$'),
      );
      const { problems } = loadFiles({ 'compose.yaml': text }, { options: { interpolate: false } });
      const ours = problems.filter(
        (each) => each.code === 'compose.schema' && /unknown attribute|must be/.test(each.message),
      );
      expect(
        ours.map((each) => each.message).filter((each) => !/cannot|neither|one of/.test(each)).length === 0,
      ).toBe(theirs);
    });
  }
});

/** A key without a value says nothing in compose files; JSON Schema has no words for that. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([key, each]) => each !== null && !key.startsWith('x-'));
  return Object.fromEntries(entries.map(([key, each]) => [key, withoutNulls(each)]));
}
