/**
 * Documents from outside: bodies of the API, the daemon's configuration. `generated/` holds their validators, compiled
 * ahead out of `schemas/`; here what those refuse becomes `Problem`s, all at once. Only who takes such documents
 * imports this (`@orc/model/documents`): it is no part of the room's index.
 */
import { LIMITS } from './limits.ts';
import { nearestWord } from './nearest.ts';
import { OrcError, type Problem } from './problem.ts';

export * from './generated/documents.js';

/** A schema as errors carry it; descriptions only beside patterns. */
type Schema = {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly oneOf?: readonly Schema[];
};

/** What a validator refuses, nearly in ajv's form. */
export type ErrorObject = {
  /** JSON pointer. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parentSchema: Schema;
  /** What was refused, when it is a short string. */
  readonly word?: string | undefined;
};

export type Validator<T> = {
  (value: unknown): value is T;
  readonly errors?: readonly ErrorObject[] | null;
};

/** The value as `T`, or an `input.invalid` with every wrong place of it. */
export function parseDocument<T>(validate: Validator<T>, value: unknown, root: string): T {
  if (validate(value)) return value;
  const [first, ...others] = problemsOf(validate.errors ?? [], root);
  throw new OrcError({ ...(first as Problem), ...(others.length === 0 ? {} : { others }) });
}

/** One problem per place. `root` is what the whole document is called. */
export function problemsOf(errors: readonly ErrorObject[], root: string): readonly Problem[] {
  const byPlace = new Map<string, Problem>();
  for (const error of withoutForms(errors)) {
    const { at, says, hint } = told(error, placeOf(root, error.instancePath));
    if (byPlace.size === LIMITS.problemsMax) break;
    if (!byPlace.has(at)) byPlace.set(at, { code: 'input.invalid', message: says, ...hint });
  }
  return [...byPlace.values()];
}

/** Of a value that fits none of several forms, what each of them refuses is noise. A wrong tag is told as an enum. */
function withoutForms(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const places = errors.flatMap((each) => (each.keyword === 'oneOf' ? [each.instancePath] : []));
  const isNoise = ({ keyword, instancePath: at }: ErrorObject): boolean =>
    keyword === 'discriminator' ||
    (keyword !== 'oneOf' && places.some((place) => at === place || at.startsWith(`${place}/`)));
  return errors.filter((each) => !isNoise(each));
}

/** `/spec/ports/0/hostIp` to `body.spec.ports[0].hostIp`. */
function placeOf(root: string, pointer: string): string {
  const segments = pointer.split('/').slice(1);
  const words = segments.map((each) =>
    /^\d+$/.test(each) ? `[${each}]` : `.${each.replaceAll('~1', '/').replaceAll('~0', '~')}`,
  );
  return short(`${root}${words.join('')}`);
}

const short = (text: string): string =>
  text.length > LIMITS.placeLengthMax ? `${text.slice(0, LIMITS.placeLengthMax)}…` : text;

type Told = { readonly at: string; readonly says: string; readonly hint?: { readonly hint: string } };

function told(error: ErrorObject, at: string): Told {
  const { keyword, params, parentSchema, word } = error;
  if (keyword === 'required') {
    const missing = `${at}.${params['missingProperty']}`;
    return { at: missing, says: `${missing} is missing` };
  }
  if (keyword === 'additionalProperties') {
    const name = String(params['additionalProperty']);
    const hint = meant(name, Object.keys(parentSchema.properties ?? {}));
    return { at: `${at}.${name}`, says: `${at} has an unknown field ${short(name)}`, ...hint };
  }
  const says = `${at} is ${expected(error)}`;
  return keyword === 'enum' ? { at, says, ...meant(word, words(params['allowedValues'])) } : { at, says };
}

function meant(
  word: string | undefined,
  known: readonly string[],
): { readonly hint?: { readonly hint: string } } {
  const nearest = word === undefined ? undefined : nearestWord(word, known);
  return nearest === undefined ? {} : { hint: { hint: `did you mean ${nearest}?` } };
}

const words = (values: unknown): readonly string[] => (values as readonly unknown[]).map(String);

const NOT_OF_TYPE: Readonly<Record<string, string>> = {
  object: 'not an object',
  array: 'not a list',
  string: 'not a string',
  boolean: 'not true or false',
  number: 'not a number',
};

function expected({ keyword, params, parentSchema }: ErrorObject): string {
  if (keyword === 'enum') return `not one of ${words(params['allowedValues']).join(', ')}`;
  if (keyword === 'const') return `not ${String(params['allowedValue'])}`;
  if (keyword === 'pattern') return `not ${sentenceOf(parentSchema.description ?? 'of its form')}`;
  if (keyword === 'oneOf') return `none of ${(parentSchema.oneOf ?? []).map(formOf).join(', ')}`;
  if (parentSchema.minimum !== undefined) return `not a whole number ${rangeOf(parentSchema)}`;
  const type = params['type'];
  if (typeof type === 'object') return `not ${words(type).join(' or ')}`;
  return NOT_OF_TYPE[String(type)] ?? `not valid (${keyword})`;
}

/** `A subnet such as 10.0.0.0/8.` to what follows "is not". */
const sentenceOf = (description: string): string =>
  `${description.charAt(0).toLowerCase()}${description.slice(1)}`.replace(/\.$/, '');

const formOf = ({ required = [] }: Schema): string => `{ ${required.join(', ')} }`;

const rangeOf = ({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema): string =>
  maximum === Number.MAX_SAFE_INTEGER && minimum > -maximum
    ? `from ${minimum} up`
    : `from ${minimum} to ${maximum}`;
