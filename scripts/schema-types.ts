/** The TypeScript types of a schema's definitions, as text. Pure. */

/** What of JSON Schema our documents use. */
export type Schema = {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly oneOf?: readonly Schema[];
  /** Which field tells the forms of `oneOf` apart. */
  readonly discriminator?: { readonly propertyName: string };
  readonly allOf?: readonly Schema[];
};

/** One exported type per definition, with its description. */
export const typesOf = (definitions: Readonly<Record<string, Schema>>): string =>
  Object.entries(definitions)
    .map(([name, schema]) => `${comment(schema)}export type ${name} = ${typeOf(schema)};\n`)
    .join('');

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'boolean',
  number: 'number',
  integer: 'number',
  null: 'null',
};

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.oneOf !== undefined) return `(${schema.oneOf.map(typeOf).join(' | ')})`;
  if (schema.allOf !== undefined) return `(${schema.allOf.map(typeOf).join(' & ')})`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(' | ');
  if (typeof schema.type === 'object') return schema.type.map((each) => typeOf({ type: each })).join(' | ');
  if (schema.type === 'array') return `readonly (${typeOf(schema.items ?? {})})[]`;
  if (schema.type === 'object') return objectOf(schema);
  return SCALARS[schema.type ?? ''] ?? 'unknown';
}

function objectOf({ properties, required = [], additionalProperties: others }: Schema): string {
  const fields = Object.entries(properties ?? {}).map(
    ([name, schema]) =>
      `  ${comment(schema)}  readonly ${name}${required.includes(name) ? '' : '?'}: ${typeOf(schema)};\n`,
  );
  if (others === true) fields.push('  readonly [more: string]: unknown;\n');
  if (typeof others === 'object') return `Readonly<Record<string, ${typeOf(others)}>>`;
  if (fields.length === 0) return others === false ? 'Readonly<Record<string, never>>' : 'object';
  return `{\n${fields.join('')}}`;
}

const comment = ({ description }: Schema): string =>
  description === undefined ? '' : `/** ${description.replaceAll('*/', '* /')} */\n`;

export const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);
