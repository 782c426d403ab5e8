/**
 * Golden scripts: cases of a verb line, a body, `----`, and the expected text, apart by blank lines.
 *
 *     explain privileged=true
 *     image: busybox
 *     ----
 *     0 mount overlay /
 *     1 pivot
 *
 * An expected text that holds blank lines stands between two `----` lines. With ORC_GOLDEN_UPDATE=1 the file is
 * rewritten with what the handler said. A file named `*.must-fail.txt` has to differ: it proves that the suite notices.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

export type GoldenCase = {
  readonly verb: string;
  /** `name=value` words after the verb; a bare word is `true`. */
  readonly args: Readonly<Record<string, string>>;
  readonly body: string;
  readonly expected: string;
  readonly line: number;
  /** Lines that begin with `#` before the verb, kept when the file is rewritten. */
  readonly comments: readonly string[];
};
export type Handler = (each: GoldenCase) => string | Promise<string>;

const SEPARATOR = '----';

export function parseGolden(text: string): readonly GoldenCase[] {
  const lines = text.split('\n');
  const cases: GoldenCase[] = [];
  let comments: string[] = [];
  let at = 0;
  while (at < lines.length) {
    const head = lines[at] as string;
    if (head.trim() === '' || head.startsWith('#')) {
      if (head.startsWith('#')) comments.push(head);
      at += 1;
      continue;
    }
    const start = at;
    const bodyEnd = lines.indexOf(SEPARATOR, start + 1);
    if (bodyEnd === -1) throw new Error(`line ${start + 1}: a case without ${SEPARATOR}`);
    const { expected, next } = readExpected(lines, bodyEnd + 1);
    cases.push({
      ...readHead(head),
      body: lines.slice(start + 1, bodyEnd).join('\n'),
      expected,
      line: start + 1,
      comments,
    });
    comments = [];
    at = next;
  }
  return cases;
}

function readExpected(lines: readonly string[], from: number): { expected: string; next: number } {
  if (lines[from] === SEPARATOR) {
    const end = lines.indexOf(SEPARATOR, from + 1);
    return { expected: lines.slice(from + 1, end).join('\n'), next: end + 1 };
  }
  let end = from;
  while (end < lines.length && lines[end] !== '') end += 1;
  return { expected: lines.slice(from, end).join('\n'), next: end };
}

function readHead(head: string): { verb: string; args: Record<string, string> } {
  const [verb = '', ...words] = head.trim().split(/\s+/);
  return { verb, args: Object.fromEntries(words.map((word) => splitWord(word))) };
}

function splitWord(word: string): [string, string] {
  const at = word.indexOf('=');
  return at === -1 ? [word, 'true'] : [word.slice(0, at), word.slice(at + 1)];
}

function formatCase(each: GoldenCase, actual: string): string {
  const words = Object.entries(each.args).map(([key, value]) => (value === 'true' ? key : `${key}=${value}`));
  const body = each.body === '' ? [] : [each.body];
  const expected =
    /(^|\n)(\n|$)/.test(actual) && actual !== ''
      ? [SEPARATOR, actual, SEPARATOR]
      : actual === ''
        ? []
        : [actual];
  return [...each.comments, [each.verb, ...words].join(' '), ...body, SEPARATOR, ...expected, ''].join('\n');
}

/** One vitest suite per `*.txt` in `folder`. */
export function goldenSuite(folder: string, handlers: Readonly<Record<string, Handler>>): void {
  for (const name of readdirSync(folder)
    .filter((each) => each.endsWith('.txt'))
    .sort()) {
    const file = join(folder, name);
    const cases = parseGolden(readFileSync(file, 'utf8'));
    if (name.endsWith('.must-fail.txt')) mustFail(name, cases, handlers);
    else goldenFile(file, name, cases, handlers);
  }
}

async function run(each: GoldenCase, handlers: Readonly<Record<string, Handler>>): Promise<string> {
  const handler = handlers[each.verb];
  if (handler === undefined) throw new Error(`line ${each.line}: no handler for ${each.verb}`);
  return (await handler(each)).replace(/\n+$/, '');
}

function goldenFile(
  file: string,
  name: string,
  cases: readonly GoldenCase[],
  handlers: Readonly<Record<string, Handler>>,
): void {
  if (process.env['ORC_GOLDEN_UPDATE'] === '1') {
    test(`${name} rewritten`, async () => {
      const texts: string[] = [];
      for (const each of cases) texts.push(formatCase(each, await run(each, handlers)));
      writeFileSync(file, texts.join('\n'));
    });
    return;
  }
  describe(name, () => {
    for (const each of cases) {
      test(`${each.line}: ${each.verb} ${Object.keys(each.args).join(' ')}`, async () => {
        expect(await run(each, handlers)).toBe(each.expected);
      });
    }
  });
}

function mustFail(
  name: string,
  cases: readonly GoldenCase[],
  handlers: Readonly<Record<string, Handler>>,
): void {
  test(`${name} is noticed`, async () => {
    expect(cases.length).toBeGreaterThan(0);
    for (const each of cases) expect(await run(each, handlers)).not.toBe(each.expected);
  });
}
