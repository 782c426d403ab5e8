/**
 * Checks of unknown input, made once at the door. A check says what is wrong and where, or undefined. The type of
 * `shape` makes the compiler refuse a shape that lacks a field of its type or confuses optional with required.
 */
import { fail } from '@orc/model';

export type Check = (value: unknown, at: string) => string | undefined;
export type Optional = { readonly optional: Check };
export type Fields<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional : Check;
};

/** The value as `T`, or an `input.invalid` that names the first wrong place. */
export function parse<T>(check: Check, value: unknown, what = 'body'): T {
  const problem = check(value, what);
  if (problem !== undefined) throw fail('input.invalid', problem);
  return value as T;
}

/** An object of exactly these fields: an unknown one is refused, so that a newer client is never half obeyed. */
export function shape<T>(fields: Fields<T>): Check {
  const rows = Object.entries(fields) as [string, Check | Optional][];
  const known = new Set(rows.map(([name]) => name));
  return (value, at) => {
    if (!isObject(value)) return `${at} is not an object`;
    for (const name of Object.keys(value)) if (!known.has(name)) return `${at} has an unknown field ${name}`;
    for (const [name, row] of rows) {
      const problem = checkField(value[name], `${at}.${name}`, row);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

function checkField(value: unknown, at: string, row: Check | Optional): string | undefined {
  if (typeof row === 'function') return value === undefined ? `${at} is missing` : row(value, at);
  return value === undefined ? undefined : row.optional(value, at);
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const optional = (check: Check): Optional => ({ optional: check });

export const text: Check = (value, at) => {
  if (typeof value !== 'string') return `${at} is not a string`;
  return value.includes('\0') ? `${at} holds a NUL byte` : undefined;
};
export const flag: Check = (value, at) =>
  typeof value === 'boolean' ? undefined : `${at} is not true or false`;
export const number: Check = (value, at) => (Number.isFinite(value) ? undefined : `${at} is not a number`);

export const integer =
  (min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Check =>
  (value, at) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `${at} is not a whole number from ${min} to ${max}`;

export const oneOf =
  (...values: readonly string[]): Check =>
  (value, at) =>
    values.includes(value as string) ? undefined : `${at} is not one of ${values.join(', ')}`;

export const nullable =
  (check: Check): Check =>
  (value, at) =>
    value === null ? undefined : check(value, at);

export const list =
  (each: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return `${at} is not a list`;
    for (const [index, item] of value.entries()) {
      const problem = each(item, `${at}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

export const record =
  (each: Check): Check =>
  (value, at) => {
    if (!isObject(value)) return `${at} is not an object`;
    for (const [name, item] of Object.entries(value)) {
      const problem = each(item, `${at}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

/** A union told apart by the string in field `key`. */
export const tagged =
  (key: string, rows: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    if (!isObject(value)) return `${at} is not an object`;
    const row = Object.hasOwn(rows, String(value[key])) ? rows[String(value[key])] : undefined;
    return row === undefined ? `${at}.${key} is not one of ${Object.keys(rows).join(', ')}` : row(value, at);
  };
