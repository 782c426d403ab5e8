/** Functions of templates: those of Go and those that docker adds; and how values read. */
import { fail } from '@orc/model';

export type Call = (...args: readonly unknown[]) => unknown;

export const truthy = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
};

export function display(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(display).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  return `map[${Object.entries(value)
    .filter(([, each]) => typeof each !== 'function')
    .map(([key, each]) => `${key}:${display(each)}`)
    .join(' ')}]`;
}

const wrong = (name: string, why: string): Error =>
  fail('usage.invalid', `the format calls ${name}, which ${why}`, { hint: 'see what {{json .}} shows' });

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw wrong('len', `takes a list, a map or a text, not ${display(value)}`);
}

function joined(value: unknown, by: unknown): string {
  if (value === undefined || value === null) return '';
  if (!Array.isArray(value)) throw wrong('join', `takes a list, not ${display(value)}`);
  return value.map(display).join(String(by));
}

/** What a list does not have is an error, what a map does not have is nothing: as Go has it. */
function itemOf(value: unknown, key: unknown): unknown {
  if (value === undefined || value === null) throw wrong('index', `finds nothing to look for ${key} in`);
  if (!Array.isArray(value)) return Object.hasOwn(value, String(key)) ? (value as never)[String(key)] : null;
  if (Number(key) in value) return value[Number(key)];
  throw wrong('index', `is given ${key}, where a list has ${value.length}`);
}

function compare(first: unknown, second: unknown): number {
  if (typeof first === 'number' && typeof second === 'number') return first - second;
  return String(first) < String(second) ? -1 : String(first) === String(second) ? 0 : 1;
}

const VERBS: Readonly<Record<string, (value: unknown) => string>> = {
  d: String,
  q: (value) => JSON.stringify(String(value)),
  s: display,
  t: String,
  v: display,
  x: (value) =>
    (typeof value === 'number' ? value : Buffer.from(String(value))).toString(
      (typeof value === 'number' ? 16 : 'hex') as never,
    ),
};

/** `%s`, `%-20s`, `%5d`: with a width. */
function printf(form: unknown, ...values: readonly unknown[]): string {
  if (typeof form !== 'string' || arguments.length === 0) throw wrong('printf', 'takes a format first');
  const rest = [...values];
  return form.replace(/%(-?)(\d*)(%|[a-z])/g, (_, left: string, width: string, verb: string) => {
    if (verb === '%') return '%';
    const write = VERBS[verb];
    if (write === undefined || rest.length === 0) throw wrong('printf', `has no value for %${verb}`);
    const text = write(rest.shift());
    return left === '' ? text.padStart(Number(width)) : text.padEnd(Number(width));
  });
}

export const FUNCTIONS: Readonly<Record<string, Call>> = {
  json: (value) => JSON.stringify(value) ?? 'null',
  lower: (value) => display(value).toLowerCase(),
  upper: (value) => display(value).toUpperCase(),
  title: (value) => display(value).replace(/\b\p{L}/gu, (letter) => letter.toUpperCase()),
  len: lengthOf,
  join: joined,
  split: (value, by) => display(value).split(String(by)),
  slice: (value, from = 0, to) => (value as string | unknown[]).slice(Number(from), to as number | undefined),
  index: (value, ...keys) => keys.reduce(itemOf, value),
  pad: (value, before, after) => `${' '.repeat(Number(before))}${display(value)}${' '.repeat(Number(after))}`,
  truncate: (value, length) => display(value).slice(0, Number(length)),
  print: (...values) => values.map(display).join(''),
  println: (...values) => `${values.map(display).join(' ')}\n`,
  printf,
  not: (value) => !truthy(value),
  and: (...values) => values[values.findIndex((each, at) => at === values.length - 1 || !truthy(each))],
  or: (...values) => values[values.findIndex((each, at) => at === values.length - 1 || truthy(each))],
  eq: (first, ...others) => others.some((each) => compare(first, each) === 0),
  ne: (first, second) => compare(first, second) !== 0,
  lt: (first, second) => compare(first, second) < 0,
  le: (first, second) => compare(first, second) <= 0,
  gt: (first, second) => compare(first, second) > 0,
  ge: (first, second) => compare(first, second) >= 0,
};
