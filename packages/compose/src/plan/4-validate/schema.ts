/**
 * The JSON Schema as the validator walks it. `schemas/compose.schema.json` is the only description of the format; the
 * file imported here is its copy, made by `scripts/generate-schema.ts`.
 */
import document from '../../generated/compose-schema.json' with { type: 'json' };

export type Schema = {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
};

const root = document as unknown as Schema & { readonly definitions: Readonly<Record<string, Schema>> };

export const composeSchema: Schema = root;

const PREFIX = '#/definitions/';

/** The schema itself, or what its `$ref` names. */
export function resolve(schema: Schema): Schema {
  let current = schema;
  while (current.$ref !== undefined) current = root.definitions[current.$ref.slice(PREFIX.length)] as Schema;
  return current;
}

/** The forms that a value may have: the flattened `oneOf`, or the schema alone. */
export function formsOf(schema: Schema): readonly Schema[] {
  const known = flattened.get(schema);
  if (known !== undefined) return known;
  const own = resolve(schema);
  const forms = own.oneOf === undefined ? [own] : own.oneOf.flatMap((each) => formsOf(each));
  flattened.set(schema, forms);
  return forms;
}

const flattened = new WeakMap<Schema, readonly Schema[]>();
const patterns = new Map<string, RegExp>();

export function patternOf(text: string): RegExp {
  const known = patterns.get(text) ?? new RegExp(text);
  patterns.set(text, known);
  return known;
}

export const typesOf = (schema: Schema): readonly string[] =>
  schema.type === undefined ? [] : typeof schema.type === 'string' ? [schema.type] : schema.type;

/** The schema of a key of a map, by name, then by pattern. */
export function memberOf(schema: Schema, key: string): Schema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  for (const [pattern, member] of Object.entries(schema.patternProperties ?? {})) {
    if (patternOf(pattern).test(key)) return member;
  }
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
