/** Values of flags. */
import { defined, fail, parseBytes, parseDurationMs } from '@orc/model';
import type { Flags } from '../cli/command.ts';

/** Without the fields that are undefined; the type is said, so that its literals are known. */
export const compact = <T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T =>
  defined(value) as T;

/** Undefined for an object without fields. */
export const some = <T extends object>(value: T): T | undefined =>
  Object.keys(value).length === 0 ? undefined : value;

/** A number of seconds as `timeoutMs`; nothing when the flag is not there. */
export function timeoutOf(flags: Flags, name = 'timeout'): { timeoutMs?: number } {
  const seconds = flags.number(name);
  return seconds === undefined ? {} : { timeoutMs: seconds * 1000 };
}

export function bytesOf(flags: Flags, name: string): number | undefined {
  const value = flags.text(name);
  if (value === undefined) return undefined;
  const bytes = parseBytes(value);
  if (bytes === undefined)
    throw fail('usage.invalid', `--${name} takes a size, not "${value}"`, { hint: 'write 512m or 2g' });
  return bytes;
}

export function durationOf(flags: Flags, name: string): number | undefined {
  const value = flags.text(name);
  if (value === undefined) return undefined;
  const ms = parseDurationMs(value);
  if (ms === undefined || ms < 0)
    throw fail('usage.invalid', `--${name} takes a duration, not "${value}"`, { hint: 'write 30s or 1m30s' });
  return ms;
}

/** `name=value` words; a bare name has an empty value. */
export function pairsOf(flag: string, words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at === 0)
        throw fail('usage.invalid', `--${flag} ${word} has no name`, { hint: 'write name=value' });
      return at === -1 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/** `NAME=value` words of an environment; a name without a value takes over the outer one, or is left out. */
export function valuesOf(
  flag: string,
  words: readonly string[],
  outer: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const pairs = words.map((word): [string, string | undefined] => {
    const at = word.indexOf('=');
    const name = at === -1 ? word : word.slice(0, at);
    if (name === '')
      throw fail('usage.invalid', `--${flag} ${word} has no name`, { hint: 'write NAME=value' });
    return [name, at === -1 ? outer[word] : word.slice(at + 1)];
  });
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** `--filter name=value`, repeated: name to values; `known` names, where it is not the daemon that knows them. */
export function filtersFrom(
  words: readonly string[],
  known?: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  const filters: Record<string, string[]> = {};
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1)
      throw fail('usage.invalid', `--filter ${word} is malformed`, { hint: 'write status=running' });
    const name = word.slice(0, at);
    if (known?.includes(name) === false)
      throw fail('usage.invalid', `--filter ${name} is unknown`, { hint: `known are ${known.join(', ')}` });
    (filters[name] ??= []).push(word.slice(at + 1));
  }
  return filters;
}

/** Of a filter that is true or false, as docker reads it. */
export function booleanOf(name: string, word: string): boolean {
  if (['true', '1', 't'].includes(word.toLowerCase())) return true;
  if (['false', '0', 'f'].includes(word.toLowerCase())) return false;
  throw fail('usage.invalid', `--filter ${name} takes true or false, not "${word}"`);
}

/** A file of `NAME=value` lines, as docker reads it: no quotes, `#` begins a comment line. */
export function parseEnvFile(
  file: string,
  content: string,
  outer: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const pairs: [string, string][] = [];
  for (const [index, raw] of content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    const name = at === -1 ? line.trim() : line.slice(0, at);
    if (name === '' || /\s/.test(name))
      throw fail('input.invalid', `"${name}" is no name of a variable`, {
        hint: 'write NAME=value, one to a line',
        where: { file, line: index + 1, excerpt: raw },
      });
    const value = at === -1 ? outer[name] : line.slice(at + 1);
    if (value !== undefined) pairs.push([name, value]);
  }
  return Object.fromEntries(pairs);
}
