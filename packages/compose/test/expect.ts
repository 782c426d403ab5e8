/** The matchers of the corpus's expectations; its README describes them. */
import { parseBytes, parseDurationMs } from '@orc/model';

type Json = unknown;
export type Expectation = Readonly<Record<string, Json>>;

/** What differs, one line per pointer; empty when all holds. */
export function differences(model: Json, expectation: Expectation, folder: string): readonly string[] {
  return Object.entries(expectation).flatMap(([pointer, wanted]) => {
    const found = valueAt(model, pointer);
    return matches(found, withFolder(wanted, folder))
      ? []
      : [`${pointer}: ${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`];
  });
}

const withFolder = (value: Json, folder: string): Json =>
  JSON.parse(JSON.stringify(value).replaceAll('$DIR', folder)) as Json;

const MISSING = Symbol('missing');

function valueAt(model: Json, pointer: string): Json {
  let current = model;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, key)) return MISSING;
    current = (current as Record<string, Json>)[key];
  }
  return current;
}

function matches(found: Json, wanted: Json): boolean {
  const matcher = matcherOf(wanted);
  if (matcher !== undefined) return MATCHERS[matcher[0]]?.(found, matcher[1]) ?? false;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((each, index) => matches(found[index], each))
    );
  }
  if (wanted !== null && typeof wanted === 'object') return sameMap(found, wanted as Record<string, Json>);
  return wanted === null
    ? found === null
    : found !== null && found !== MISSING && String(found) === String(wanted);
}

function matcherOf(wanted: Json): [string, Json] | undefined {
  if (wanted === null || typeof wanted !== 'object' || Array.isArray(wanted)) return undefined;
  const entries = Object.entries(wanted);
  return entries.length === 1 && entries[0]?.[0].startsWith('$') ? entries[0] : undefined;
}

function sameMap(found: Json, wanted: Record<string, Json>): boolean {
  if (found === null || typeof found !== 'object' || Array.isArray(found)) return false;
  const keys = Object.keys(found);
  return (
    keys.length === Object.keys(wanted).length &&
    keys.every(
      (key) => Object.hasOwn(wanted, key) && matches((found as Record<string, Json>)[key], wanted[key]),
    )
  );
}

const isEmpty = (found: Json): boolean =>
  found === MISSING ||
  found === null ||
  found === false ||
  found === '' ||
  (typeof found === 'object' && Object.keys(found).length === 0);

const keysOf = (found: Json): readonly string[] =>
  found !== null && typeof found === 'object' ? Object.keys(found).sort() : [];

const MATCHERS: Readonly<Record<string, (found: Json, operand: Json) => boolean>> = {
  $absent: (found) => found === MISSING,
  $empty: (found) => isEmpty(found),
  $falsy: (found) => found === MISSING || found === null || found === false,
  $len: (found, count) => (Array.isArray(found) ? found.length : keysOf(found).length) === count,
  $keys: (found, keys) => keysOf(found).join() === [...(keys as string[])].sort().join(),
  $superset: (found, keys) => (keys as string[]).every((key) => keysOf(found).includes(key)),
  $set: (found, elements) =>
    Array.isArray(found) &&
    found.length === (elements as Json[]).length &&
    (elements as Json[]).every((each) => found.some((candidate) => matches(candidate, each))),
  $bytes: (found, count) => parseBytes(String(found)) === count,
  $seconds: (found, seconds) =>
    Math.abs((parseDurationMs(String(found)) ?? Number.NaN) / 1000 - (seconds as number)) < 1e-9,
  $oneOf: (found, values) => (values as Json[]).some((each) => matches(found, each)),
};
