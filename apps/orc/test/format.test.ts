import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostAddress } from '../src/format/container.ts';
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
  Bound: { '80/tcp': [{ HostPort: '8080' }], '443/tcp': [{ HostPort: '8443' }] },
  Networks: { shop: { IPAddress: '10.0.0.2' } },
  Label: (name: string) => ({ a: 'b' })[name] ?? '',
};

test.each([
  ['{{.Name}}', 'web'],
  ['{{ .Name }} is {{.State.Status}}', 'web is running'],
  ['{{json .State}}', '{"Status":"running","Pid":7}'],
  ['{{.State}}', 'map[Status:running Pid:7]'],
  ['{{.Labels.a}}|{{.Labels.missing}}', 'b|<no value>'],
  ['{{index .Labels "x.y"}}', 'z'],
  ['{{(index .Ports 1).Port}}', '443'],
  ['{{(index (index .Bound "80/tcp") 0).HostPort}}', '8080'],
  [
    '{{range $p, $conf := .Bound}} {{$p}} -> {{(index $conf 0).HostPort}} {{end}}',
    ' 443/tcp -> 8443  80/tcp -> 8080 ',
  ],
  ['{{range $i, $e := .Ports}}{{if $i}}, {{end}}{{$i}}={{$e.Port}}{{end}}', '0=80, 1=443'],
  ['{{range $e := .Ports}}{{$e.Port}} {{$.Name}};{{end}}', '80 web;443 web;'],
  ['{{range .Networks}}{{.IPAddress}}{{end}}', '10.0.0.2'],
  ['{{with $s := .State}}{{$s.Pid}}{{end}}', '7'],
  ['{{$n := .Name}}{{range .Ports}}{{$n}}{{end}}', 'webweb'],
  ['{{$n := "a"}}{{range .Ports}}{{$n = .Port}}{{end}}{{$n}}', '443'],
  ['{{if eq .Name "db"}}a{{else if .None}}b{{else}}c{{end}}', 'c'],
  ['{{if and .Name (not .None)}}yes{{end}}', 'yes'],
  ['{{or .None .Name}}|{{and .Name .None}}', 'web|<no value>'],
  ['{{ne .Name "a"}} {{lt 1 2}} {{ge .State.Pid 7}}', 'true true true'],
  ['{{join (split "a:b:c" ":") "-"}}', 'a-b-c'],
  ['{{title "ab cd"}} {{upper "a"}} {{lower "B"}} {{len .Ports}} {{len .Name}}', 'Ab Cd A b 2 3'],
  ['{{.Name | printf "%s-%s" "x"}}', 'x-web'],
  ['{{printf "%-5s|%3d" .Name .State.Pid}}', 'web  |  7'],
  ['{{println .Name}}', 'web\n'],
  ['{{.Label "a"}} {{.Label "none"}}.', 'b .'],
  ['{{json .None}}', 'null'],
  ['{{/* nothing */}}{{"}}"}}{{`a"b`}}', '}}a"b'],
  ['{{index .Ports 9}}', undefined],
  ['{{index .None "a"}}', undefined],
  ['{{.Name', undefined],
  ['{{.Name}} {{', undefined],
  ['{{nosuch .Name}}', undefined],
  ['{{$x}}', undefined],
  ['{{(.Name}}', undefined],
  ['{{.Name "a"}}', undefined],
  ['{{else}}', undefined],
  ['{{}}', undefined],
  ['{{range .Ports}}{{.Port}},{{end}}', '80,443,'],
  ['{{range .Empty}}x{{else}}none{{end}}', 'none'],
  ['{{if .None}}yes{{else}}no{{end}}', 'no'],
  ['{{if eq .Name "web" "api"}}known{{end}}', 'known'],
  ['{{with .State}}{{.Pid}} {{$.Name}}{{end}}', '7 web'],
  ['{{.Name | upper}}', 'WEB'],
  ['{{.Name | printf}}', 'web'],
  ['{{printf "%d"}}', undefined],
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

test.each([
  [undefined, '0.0.0.0:8000'],
  ['127.0.0.1', '127.0.0.1:8000'],
  ['::1', '[::1]:8000'],
  ['::', '[::]:8000'],
])('a port published at %s is shown as %s', (hostIp, shown) => {
  expect(hostAddress(hostIp, 8000)).toBe(shown);
});
