import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { humanDuration, parseTime } from '../src/format/time.ts';
import { compileTemplate } from '../src/format/template.ts';
import { parseDurationMs } from '@orc/model';
import { render } from '../src/report/block.ts';
import { detachScanner } from '../src/verbs/attach.ts';

const value = {
  Name: 'web',
  State: { Status: 'running', Pid: 7 },
  Labels: { a: 'b', 'x.y': 'z' },
  Ports: [{ Port: 80 }, { Port: 443 }],
  Empty: [],
  None: null,
};

test.each([
  ['{{.Name}}', 'web'],
  ['{{ .Name }} is {{.State.Status}}', 'web is running'],
  ['{{json .State}}', '{"Status":"running","Pid":7}'],
  ['{{.State}}', 'map[Status:running Pid:7]'],
  ['{{.Labels.a}}|{{.Labels.missing}}', 'b|<no value>'],
  ['{{index .Labels "x.y"}}', 'z'],
  ['{{(index .Ports 1).Port}}', undefined],
  ['{{range .Ports}}{{.Port}},{{end}}', '80,443,'],
  ['{{range .Empty}}x{{else}}none{{end}}', 'none'],
  ['{{if .None}}yes{{else}}no{{end}}', 'no'],
  ['{{if eq .Name "web" "api"}}known{{end}}', 'known'],
  ['{{with .State}}{{.Pid}} {{$.Name}}{{end}}', '7 web'],
  ['{{.Name | upper}}', 'WEB'],
  ['{{.Name | printf}}', undefined],
  ['a\\tb', 'a\tb'],
  ['{{- .Name -}}  ', 'web'],
  ['{{.Nope}}', undefined],
  ['{{if .Name}}', undefined],
  ['{{end}}', undefined],
])('template %s', (source, expected) => {
  const run = (): string => compileTemplate(source)(value);
  if (expected === undefined) expect(run).toThrow();
  else expect(run()).toBe(expected);
});

const S = 1000;
test.each([
  [0, 'Less than a second'],
  [S, '1 second'],
  [59 * S, '59 seconds'],
  [60 * S, 'About a minute'],
  [59 * 60 * S, '59 minutes'],
  [3600 * S, 'About an hour'],
  [47 * 3600 * S, '47 hours'],
  [3 * 24 * 3600 * S, '3 days'],
  [21 * 24 * 3600 * S, '3 weeks'],
  [90 * 24 * 3600 * S, '3 months'],
  [3 * 365 * 24 * 3600 * S, '3 years'],
])('%d ms is %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

test('times are absolute, seconds, or so long ago', () => {
  const at = (text: string): number | undefined => parseTime(text, 100_000, parseDurationMs);
  expect([at('10s'), at('50'), at('1970-01-01T00:01:00Z'), at('soon')]).toEqual([
    90_000,
    50_000,
    60_000,
    undefined,
  ]);
});

test('a block never leaves its screen', () => {
  const state = fc.constantFrom('working' as const, 'done' as const, 'error' as const, 'warning' as const);
  const row = fc.record({
    progress: fc.record({ id: fc.string(), text: fc.string(), state, current: fc.nat(), total: fc.nat() }),
    begun: fc.nat(),
    ended: fc.option(fc.nat(), { nil: undefined }),
    lines: fc.array(fc.string(), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 40 }),
      fc.integer({ min: 20, max: 200 }),
      fc.integer({ min: 2, max: 60 }),
      (rows, columns, height) => {
        const lines = render(rows, 1e6, columns, height);
        const plain = lines.map((line) => stripVTControlCharacters(line));
        expect(lines.length).toBeLessThanOrEqual(height);
        expect(Math.max(...plain.map((line) => line.length))).toBeLessThan(columns);
      },
    ),
  );
});

test('detaching takes the whole sequence, however it is cut, and nothing else is lost', () => {
  const type = (keys: string, ...parts: readonly (readonly number[])[]): unknown => {
    const scan = detachScanner(keys);
    const sent: number[] = [];
    for (const part of parts) {
      const { send, found } = scan(Uint8Array.from(part));
      sent.push(...send);
      if (found) return [sent, 'detached'];
    }
    return [sent, 'on'];
  };
  expect(type('ctrl-p,ctrl-q', [97, 16], [17])).toEqual([[97], 'detached']);
  expect(type('ctrl-p,ctrl-q', [16, 98])).toEqual([[16, 98], 'on']);
  expect(type('ctrl-p,ctrl-q', [16, 16, 17])).toEqual([[16], 'detached']);
  expect(type('', [16, 17])).toEqual([[16, 17], 'on']);
  expect(() => detachScanner('ctrl-')).toThrow('ctrl-');
});
