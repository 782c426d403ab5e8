import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDotenv, parseRawEnv } from '../src/plan/1-read/dotenv.ts';
import { splitWords } from '../src/plan/5-canonical/command.ts';
import { expand, variablesOf } from '../src/plan/3-interpolate/template.ts';

const values: Record<string, string> = { A: 'a', EMPTY: '', PATH_LIKE: '/x:/y' };
const lookup = (name: string): string | undefined => values[name];

describe('templates', () => {
  test.each([
    ['$A', 'a'],
    ['${A}b', 'ab'],
    ['${B:-${A}${EMPTY:-e}}', 'ae'],
    ['${A:+${B-x}}', 'x'],
    ['${EMPTY+set}', 'set'],
    ['$$A $', '$A $'],
    ['${B:-{"k":{}}}', '{"k":{}}'],
    ['${B--1}', '-1'],
    ['${PATH_LIKE}', '/x:/y'],
  ])('%s is %s', (template, text) => {
    expect(expand(template, lookup)).toEqual({ text, errors: [], unset: [] });
  });

  test.each([
    ['${}', 0],
    ['x${A', 1],
    ['${A!}', 0],
    ['${1}', 0],
    ['${B:-${A }}', 5],
  ])('%s is refused at %i', (template, at) => {
    expect(expand(template, lookup).errors).toMatchObject([{ kind: 'invalid', at }]);
  });

  test('a required variable says why, with variables in the reason', () => {
    expect(expand('${B:?no $A}', lookup).errors).toMatchObject([
      { kind: 'required', name: 'B', message: 'no a' },
    ]);
  });

  test('nested names are all asked for', () => {
    expect(variablesOf('${A:-${B:?$C}} $D').map((each) => each.name)).toEqual(['A', 'B', 'C', 'D']);
  });

  test('nesting without end is refused', () => {
    const deep = '${B:-'.repeat(100) + '}'.repeat(100);
    expect(expand(deep, lookup).errors).toMatchObject([{ kind: 'toolarge' }]);
  });

  test('a text whose dollars are doubled stays itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(expand(text.replaceAll('$', '$$$$'), lookup).text).toBe(text);
      }),
    );
  });
});

describe('env files', () => {
  test('a quoted value of any text is that text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const quoted = `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '\\$')}"`;
        const { values: found, errors } = parseDotenv(`K=${quoted}\nL=1`, () => undefined);
        expect(errors).toEqual([]);
        expect(found).toEqual(
          new Map([
            ['K', text.replaceAll('\r\n', '\n')],
            ['L', '1'],
          ]),
        );
      }),
    );
  });

  test('a bare name takes the value of the environment, or nothing', () => {
    const { values: found } = parseDotenv('A\nNOPE\nexport C=1\nD: x\n', lookup);
    expect(Object.fromEntries(found)).toEqual({ A: 'a', C: '1', D: 'x' });
  });

  test('raw lines are taken as they stand', () => {
    const { values: found } = parseRawEnv('# c\nA="x" $Y # z\nB=\n', lookup);
    expect(Object.fromEntries(found)).toEqual({ A: '"x" $Y # z', B: '' });
  });

  test('every problem is found, and what is good is kept', () => {
    const { values: found, errors } = parseDotenv('A B=1\nC=2\n=x\nD="open', lookup);
    expect(Object.fromEntries(found)).toEqual({ C: '2' });
    expect(errors.map((each) => each.at)).toEqual([0, 10, 15]);
  });
});

describe('words', () => {
  test('a line of quoted words is split into them', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join('  ');
        expect(splitWords(line)?.map((each) => each.text)).toEqual(words);
      }),
    );
  });

  test('an open quote is no line', () => {
    expect(splitWords(`echo "a`)).toBeUndefined();
  });
});
