/** Variables of docker compose that say how its verbs talk. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseArgv } from '../src/cli/build.ts';
import type { Io } from '../src/cli/io.ts';
import { TABLE } from '../src/commands/table.ts';
import { FIXTURES, openTerminal } from './cli.ts';

type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function said(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Said> {
  await using terminal = await openTerminal();
  return await terminal.run(argv, { cwd: join(FIXTURES, 'shop'), env });
}

const UP = ['up', '-d'];
const lines = (text: string): readonly string[] => text.trimEnd().split('\n');

test('COMPOSE_PROGRESS is the form of progress, and --progress goes before it', async () => {
  const json = await said(UP, { COMPOSE_PROGRESS: 'json' });
  expect(json.code).toBe(0);
  expect(lines(json.stderr).every((line) => line.startsWith('{'))).toBe(true);
  expect((await said(UP, { COMPOSE_PROGRESS: 'quiet' })).stderr).toBe('');
  const flag = await said(['--progress', 'quiet', ...UP], { COMPOSE_PROGRESS: 'nothing' });
  expect([flag.code, flag.stderr]).toEqual([0, '']);
});

test('a progress that there is not is refused, where it would be used', async () => {
  const refused = await said(['ps'], { COMPOSE_PROGRESS: 'loud' });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('COMPOSE_PROGRESS cannot be "loud"');
  expect((await said(['container', 'ls'], { COMPOSE_PROGRESS: 'loud' })).stderr).toBe('');
});

test('COMPOSE_STATUS_STDOUT puts progress on standard output', async () => {
  const plain = await said(UP, {});
  const moved = await said(UP, { COMPOSE_STATUS_STDOUT: 'true' });
  expect(plain.stderr).not.toBe('');
  expect([moved.stdout, moved.stderr]).toEqual([plain.stdout + plain.stderr, '']);
});

const WARNED: readonly (readonly [name: string, value: string, warning: string])[] = [
  ['COMPOSE_PARALLEL_LIMIT', '2', 'COMPOSE_PARALLEL_LIMIT=2 has no effect'],
  ['COMPOSE_PARALLEL_LIMIT', '-1', ''],
  ['COMPOSE_COMPATIBILITY', 'true', 'COMPOSE_COMPATIBILITY=true has no effect'],
  ['COMPOSE_COMPATIBILITY', 'false', ''],
  ['COMPOSE_ANSI', 'sometimes', 'COMPOSE_ANSI=sometimes has no effect'],
  ['COMPOSE_ANSI', 'never', ''],
];

test.each(WARNED)('%s=%s', async (name, value, warning) => {
  const { code, stderr } = await said(['config', '-q'], { [name]: value });
  expect([code, stderr.trimEnd().split(':').slice(0, 2).join(':')]).toEqual([
    0,
    warning === '' ? '' : `warning: ${warning}`,
  ]);
  expect((await said(['image', 'ls', '-q'], { [name]: value })).stderr).toBe('');
});

test('COMPOSE_ANSI says when there are colours, and --ansi goes before it', () => {
  const ansi = (argv: readonly string[], value: string): unknown =>
    parseArgv(TABLE, argv, { env: { COMPOSE_ANSI: value } } as unknown as Io)?.globals.ansi;
  expect(ansi(['logs'], 'always')).toBe('always');
  expect(ansi(['logs'], 'never')).toBe('never');
  expect(ansi(['--ansi', 'never', 'logs'], 'always')).toBe('never');
  expect(ansi(['container', 'ls'], 'always')).toBe('auto');
});
