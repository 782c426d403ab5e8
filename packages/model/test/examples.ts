/** Examples out of a schema: every field there is, or those that must be. */
import type { Schema } from '../../../scripts/schema-types.ts';

export type Definitions = Readonly<Record<string, Schema>>;
export type Extent = 'full' | 'minimal';

/** A union gives its first form. */
export function exampleOf(definitions: Definitions, schema: Schema, extent: Extent): unknown {
  const { $ref, oneOf, type } = schema;
  if ($ref !== undefined) return exampleOf(definitions, named(definitions, $ref), extent);
  if (oneOf?.[0] !== undefined) return exampleOf(definitions, oneOf[0], extent);
  if ('const' in schema) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (type === 'object') return objectOf(definitions, schema, extent);
  if (type === 'array') return extent === 'full' ? [exampleOf(definitions, schema.items ?? {}, extent)] : [];
  if (type === 'boolean') return true;
  return type === 'number' || type === 'integer' ? 1 : textOf(schema);
}

const textOf = ({ description = '' }: Schema): string =>
  /such as (\d\S+\/\d+)/.exec(description)?.[1] ?? 'text';

function objectOf(definitions: Definitions, schema: Schema, extent: Extent): unknown {
  const { properties = {}, required = [], additionalProperties: others } = schema;
  const wanted = Object.entries(properties).filter(([name]) => extent === 'full' || required.includes(name));
  return {
    ...Object.fromEntries(wanted.map(([name, each]) => [name, exampleOf(definitions, each, extent)])),
    ...(typeof others === 'object' && extent === 'full'
      ? { some: exampleOf(definitions, others, extent) }
      : {}),
  };
}

export const named = (definitions: Definitions, ref: string): Schema =>
  definitions[ref.slice(ref.lastIndexOf('/') + 1)] as Schema;

/** A field of an example: where it is, and what holds it. */
export type Field = {
  readonly place: string;
  readonly name: string;
  readonly required: boolean;
  readonly path: readonly (string | number)[];
};

/** Every field of the full example, with its path in it; a union without a tag has none. */
export function fieldsOf(
  definitions: Definitions,
  schema: Schema,
  place: string,
  path: readonly (string | number)[] = [],
): readonly Field[] {
  const { $ref, oneOf, items, properties = {}, required = [] } = schema;
  if ($ref !== undefined) return fieldsOf(definitions, named(definitions, $ref), place, path);
  if (oneOf?.[0] !== undefined)
    return schema.discriminator === undefined ? [] : fieldsOf(definitions, oneOf[0], place, path);
  if (items !== undefined) return fieldsOf(definitions, items, `${place}[0]`, [...path, 0]);
  return Object.entries(properties).flatMap(([name, each]) => [
    { place, name, required: required.includes(name), path },
    ...fieldsOf(definitions, each, `${place}.${name}`, [...path, name]),
  ]);
}
