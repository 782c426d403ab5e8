import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandWord, expandWords } from '../../src/build/plan/shell.ts';
import { corpus, tableOf } from './corpus.ts';

const ENV = {
  PWD: '/home',
  SHELL: 'bash',
  KOREAN: '한국어',
  NULL: '',
  path: '/usr/local/bin:/usr/bin',
  dots: 'a.b.c',
};
const word = (text: string, escape: '\\' | '`' = '\\'): string => {
  const found = expandWord(text, { escape, env: ENV });
  return 'error' in found ? 'error' : found.value;
};

type Row = { readonly input: string; readonly expected: string };

const words = (): readonly (Row & { readonly env: Record<string, string> })[] => {
  const env: Record<string, string> = {};
  return tableOf('wordsTest').flatMap((line) => {
    const at = line.indexOf('=');
    if (line.startsWith('ENV ')) env[line.slice(4, at)] = line.slice(at + 1);
    if (line === '' || line.startsWith('#') || line.startsWith('ENV ')) return [];
    const [input = '', expected = ''] = line.split(/ \| ?/);
    return [{ input: input.trimEnd(), expected, env: { ...env } }];
  });
};

const variables = (): readonly Row[] =>
  tableOf('envVarTest').flatMap((line) => {
    const match = /^[AU]\|(.*?)\s*\|(.*)$/.exec(line);
    return match === null ? [] : [{ input: match[1] as string, expected: (match[2] as string).trim() }];
  });

describe.skipIf(corpus === undefined)('docker’s tables', () => {
  test.each(words())('$input', ({ input, expected, env }) => {
    const found = expandWords(input, { escape: '\\', env });
    const list = 'error' in found ? 'error' : found.value.join(',');
    expect([expected, expected.trim()]).toContain(list);
  });
  test.each(variables())('$input', ({ input, expected }) => {
    expect(word(input)).toBe(expected);
  });
});

test.each([
  ['plain', 'plain'],
  ['$PWD/x', '/home/x'],
  ['${PWD}x', '/homex'],
  ["'$PWD'", '$PWD'],
  ['"$PWD"', '/home'],
  ['\\$PWD', '$PWD'],
  ['${NONE:-a}${NULL:-b}${NULL-c}', 'ab'],
  ['${PWD:+set}${NULL:+set}${NULL+set}', 'setset'],
  ['${NONE?}', 'error'],
  ['${path#*/}', 'usr/local/bin:/usr/bin'],
  ['${path##*/}', 'bin'],
  ['${path%/*}', '/usr/local/bin:/usr'],
  ['${path%%/*}', ''],
  ['${dots#?}', '.b.c'],
  ['${dots%.?}', 'a.b'],
  ['${dots#a\\.}', 'b.c'],
  ['${path/usr/opt}', '/opt/local/bin:/usr/bin'],
  ['${path//usr/opt}', '/opt/local/bin:/opt/bin'],
  ['${path//:*/}', '/usr/local/bin'],
  ['${dots/$/x}', 'a.b.c'],
  ['${dots:#a}', 'error'],
  ['${dots/a', 'error'],
  ['${NONE:-${NONE2:-deep}}', 'deep'],
])('%s', (input, expected) => {
  expect(word(input)).toBe(expected);
});

test('the escape character is the one of the file', () => {
  expect(word('a`$PWD\\b', '`')).toBe('a$PWD\\b');
});

test('what holds none of the special characters stays as it is', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/[\\'"$]/.test(text));
      expect(word(text)).toBe(text);
    }),
  );
});

test('a value never counts as syntax', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const options = { escape: '\\', env: { V: value } } as const;
      expect(expandWord('"$V"', options)).toEqual({ value });
      expect(expandWord('${V:-x}', options)).toEqual({ value: value || 'x' });
    }),
  );
});
