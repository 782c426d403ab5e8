/**
 * Compiles `schemas/` ahead: `node scripts/validators.ts` writes `packages/model/src/generated/`. ajv is needed here
 * and in tests only; what it writes imports nothing. The result is committed, and a test says when it is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { type Schema, nameOf, typesOf } from './schema-types.ts';

export const GENERATED = join(import.meta.dirname, '../packages/model/src/generated');
const NOTE = '/* Made by scripts/validators.ts out of schemas/: change those. */\n/* eslint-disable */\n';
/** A hostile body must not fill memory with errors: a list or map is left at so many. */
const ERRORS_MAX = 64;

type Document = { readonly $defs: Readonly<Record<string, Schema>>; readonly routes?: Routes };
type Routes = Readonly<Record<string, { readonly body?: Schema }>>;

export type Documents = {
  /** Of all schemas, in one space of names. */
  readonly definitions: Readonly<Record<string, Schema>>;
  /** Those that come from outside, and so have a validator. */
  readonly checked: readonly string[];
};

/** File name to text. */
export function generate(): Readonly<Record<string, string>> {
  const documents = readDocuments();
  const declared = documents.checked.map((name) => `export declare const ${name}: Validator<${name}>;\n`);
  const head = "import type { Validator } from '../documents.ts';\n";
  return {
    'documents.js': `${NOTE}${PRELUDE}${compact(compile(documents))}`,
    'documents.d.ts': `${NOTE}${head}${typesOf(documents.definitions)}${declared.join('')}`,
  };
}

export function readDocuments(): Documents {
  const [objects, api, orcd] = ['objects', 'api', 'orcd'].map(readSchema) as [Document, Document, Document];
  const bodies = Object.values(api.routes ?? {}).flatMap(({ body }) =>
    body?.$ref ? [nameOf(body.$ref)] : [],
  );
  return {
    definitions: joined([objects.$defs, api.$defs, orcd.$defs]),
    checked: [...new Set(bodies), ...Object.keys(orcd.$defs)].toSorted(),
  };
}

/** Names that `documents.ts` gives to types of its own. */
const TAKEN = ['Validator', 'ErrorObject'];

function joined(all: readonly Documents['definitions'][]): Documents['definitions'] {
  const names = [...TAKEN, ...all.flatMap((each) => Object.keys(each))];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`${twice} is defined twice`);
  return Object.assign({}, ...all) as Documents['definitions'];
}

const readSchema = (name: string): Document => {
  const text = readFileSync(join(import.meta.dirname, `../schemas/${name}.schema.json`), 'utf8');
  return JSON.parse(text.replaceAll('objects.schema.json#', '#')) as Document;
};

/** One root for all: from several, ajv compiles what they share once for each. */
export function createAjv({ definitions }: Documents): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    // Errors carry the schema that refused: it knows the fields that there are.
    verbose: true,
    messages: false,
    inlineRefs: false,
    discriminator: true,
    strictTypes: false,
    loopRequired: 1,
    code: { source: true, esm: true, lines: true },
  });
  return ajv.addSchema({ $id: 'orc', $defs: bare(definitions) });
}

/** Without descriptions, but for those of patterns, which errors quote. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(
    ([name, each]) => name !== 'description' || typeof each !== 'string' || 'pattern' in value,
  );
  return Object.fromEntries(fields.map(([name, each]) => [name, bare(each)]));
}

const compile = (documents: Documents): string =>
  // The module is CommonJS: its default export is a field of what Node imports.
  (standalone as unknown as { default: (ajv: Ajv, refs: object) => string }).default(
    createAjv(documents),
    Object.fromEntries(documents.checked.map((name) => [name, `orc#/$defs/${name}`])),
  );

/** A validator keeps its last errors: they hold no more of a refused body than a word that may be a misspelled one. */
const PRELUDE = `
const refusal = (instancePath, keyword, params, parentSchema, data) =>
  ({ instancePath, keyword, params, parentSchema, word: isWord(data) ? data : undefined });
const isWord = (data) => typeof data === "string" && data.length <= 64;
const joined = (errors, { errors: more }) => errors === null ? more : errors.concat(more);
`;

type Rewrite = readonly [RegExp, (...parts: (string | undefined)[]) => string];
/** What ajv writes for every error and call, said shorter (a third less); and a bound for its loops. */
const REWRITES: readonly Rewrite[] = [
  [
    /if\(vErrors === null\)\{\nvErrors = \[err\d+\];\n\}\nelse \{\nvErrors\.push\(err\d+\);\n\}\nerrors\+\+;\n/g,
    () => '',
  ],
  [
    /const err\d+ = \{instancePath(?::(.+))?,schemaPath:.+,keyword:("\w+"),params:(\{.*\}),schema:.+,parentSchema:(.+),data(?::(\w+))?\};/g,
    (_, at = 'instancePath', keyword, params, schema, data = 'data') =>
      `errors = (vErrors ??= []).push(refusal(${at},${keyword},${params},${schema},${data}));`,
  ],
  [
    /\{instancePath(?::([^{}]+))?,parentData(?::\w+)?,parentDataProperty(?::[^{}]+)?,rootData\}/g,
    (_, at = 'instancePath') => at,
  ],
  [/\{instancePath="", parentData, parentDataProperty, rootData=data\}=\{\}/g, () => 'instancePath=""'],
  [
    /vErrors = vErrors === null \? (\w+)\.errors : vErrors\.concat\(\w+\.errors\);\nerrors = vErrors\.length;/g,
    (_, called) => `errors = (vErrors = joined(vErrors, ${called})).length;`,
  ],
  [/for\(let i\d+=0; i\d+<len\d+;/g, (loop) => `${loop?.slice(0, -1)} && errors < ${ERRORS_MAX};`],
  [/for\(const key\d+ in data\d*\)\{/g, (loop) => `${loop}\nif(errors >= ${ERRORS_MAX}) break;`],
];

/** Names that a rewrite must leave none of: what it took away is nowhere used. */
const GONE = /instancePath:|\berr\d|parentData|rootData|schemaPath|,schema:|\bimport\b|\brequire\(/;

function compact(code: string): string {
  const short = rewrite(code);
  const left = GONE.exec(short)?.[0];
  if (left !== undefined) throw new Error(`ajv writes ${left} where it is not expected`);
  return short;
}

function rewrite(code: string): string {
  return REWRITES.reduce((text, [pattern, shorter]) => {
    if (text.search(pattern) < 0) throw new Error(`ajv writes nothing like ${pattern.source} any more`);
    return text.replaceAll(pattern, shorter);
  }, code);
}

if (import.meta.main) {
  mkdirSync(GENERATED, { recursive: true });
  for (const [name, text] of Object.entries(generate())) writeFileSync(join(GENERATED, name), text);
}
