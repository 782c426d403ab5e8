import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readInstructions } from '../../src/build/plan/instruction.ts';
import { parseNodes } from '../../src/build/plan/nodes.ts';
import { casesOf, corpus, snippets } from './corpus.ts';
import { dump } from './dump.ts';

const messages = (text: string): readonly string[] =>
  parseNodes('Dockerfile', text).problems.map(({ message }) => message);

/** Snippets that are no whole Dockerfiles, or wrong on purpose; every other one parses. */
const BROKEN = new Set([
  'testWarningsBeforeError',
  'testCopyChownExistingDir',
  'testPlatformWithOSVersion',
  'testTargetsList',
  'TestDetectSyntaxBOM',
  'TestParseExtractsHeredoc',
]);

describe.skipIf(corpus === undefined)('docker’s own cases', () => {
  test.each(casesOf('parse__'))('$name', ({ text, result }) => {
    const { file, problems } = parseNodes('Dockerfile', text);
    expect(problems).toEqual([]);
    expect(file.nodes.map(dump).join('\n')).toBe(result);
  });
  test.each(casesOf('parse-bad__'))('$name is refused', ({ text }) => {
    expect(messages(text)).not.toEqual([]);
  });
  test.each(casesOf('real__'))('$name', ({ text }) => {
    expect(messages(text)).toEqual([]);
  });
  test.each(snippets().filter(({ func }) => !BROKEN.has(func)))('$func', ({ dockerfile }) => {
    expect(messages(dockerfile)).toEqual([]);
  });
});

describe('laws', () => {
  const anyText = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'RUN COPY <<EOF\n\\"\'$ {}[]#=-') }),
  );
  test('no text makes the parser throw, and every problem has a place in it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { file, problems } = parseNodes('Dockerfile', text);
        const meaning = readInstructions(file);
        for (const { where } of [...problems, ...meaning.problems]) {
          expect(where?.line).toBeGreaterThan(0);
          expect(where?.line).toBeLessThanOrEqual(file.source.lines.length);
          expect(where?.column).toBeGreaterThan(0);
        }
      }),
    );
  });
  test('where lines are broken does not matter', () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.boolean()),
        (words, breaks) => {
          const broken = words
            .map((each) => each + (breaks.next().value ? ' \\\n# comment\n' : ' '))
            .join('');
          const [joined] = parseNodes('D', `RUN ${broken}end`).file.nodes;
          expect(joined?.args.join(' ')).toBe(`${words.join(' ')} end`);
        },
      ),
    );
  });
});
