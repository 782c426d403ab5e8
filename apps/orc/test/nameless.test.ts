/** Files that cannot be read do not keep anybody from what runs of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTerminal } from './cli.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-nameless-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FILE = 'name: shop\nservices: {web: {image: busybox}}\n';
const BROKEN = 'name: shop\nservices: [\n';
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const hintOf = (stderr: string): string => /^hint: (.*)$/m.exec(stderr)?.[1] ?? '';

const VERBS = ['down', 'ps', 'logs', 'stop', 'restart', 'rm -f', 'events', 'exec web x'];

test.each(VERBS)('%s says how to do without the file, and so it goes', async (line) => {
  const argv = line.split(' ');
  await using terminal = await openTerminal();
  write('compose.yaml', FILE);
  await terminal.run(['up', '-d'], { cwd: folder });
  write('compose.yaml', BROKEN);
  const { code, stderr } = await terminal.run(argv, { cwd: folder });
  expect([code, hintOf(stderr)]).toEqual([
    2,
    'what runs of it is reached without files by its name: "orc -p shop ps"',
  ]);
  if (argv[0] === 'events') return;
  expect((await terminal.run(['-p', 'shop', ...argv], { cwd: folder })).code).not.toBe(2);
});

test('names are said where it is not known which is meant, and nothing where nothing runs', async () => {
  await using terminal = await openTerminal();
  write('compose.yaml', BROKEN);
  expect(hintOf((await terminal.run(['down'], { cwd: folder })).stderr)).toBe('');
  write('other.yaml', FILE);
  await terminal.run(['-f', 'other.yaml', 'up', '-d'], { cwd: folder });
  const { stderr } = await terminal.run(['down'], { cwd: folder });
  expect(hintOf(stderr)).toContain('"orc -p NAME ps"; "orc ls -a" has the names');
  expect(hintOf((await terminal.run(['config'], { cwd: folder })).stderr)).toBe('');
});

test('a name beside a file with problems is enough without it', async () => {
  await using terminal = await openTerminal();
  write('compose.yaml', FILE);
  await terminal.run(['up', '-d'], { cwd: folder });
  write('compose.yaml', BROKEN);
  const argv = ['-p', 'shop', '-f', 'compose.yaml', 'down'];
  const { code, stderr } = await terminal.run(argv, { cwd: folder });
  expect([code, hintOf(stderr)]).toEqual([
    2,
    'what runs is reached without files: leave out -f, "orc -p shop ps" is enough',
  ]);
  write('.env', 'COMPOSE_PROJECT_NAME=shop\n');
  expect((await terminal.run(['down'], { cwd: folder })).code).toBe(0);
  expect((await terminal.run(['ls', '-a', '-q'], { cwd: folder })).stdout).toBe('');
});
