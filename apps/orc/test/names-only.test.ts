/** What only the making of containers needs keeps nobody from what runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Terminal, openTerminal } from './cli.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-names-only-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FILE = `name: shop
services: {web: {image: busybox, env_file: ./web.env, secrets: [s], configs: [c]}}
secrets: {s: {environment: SEC1}}
configs: {c: {environment: CON1}}
`;

/** What runs, of files that miss by now what it was made of. */
async function running(terminal: Terminal): Promise<void> {
  writeFileSync(join(folder, 'compose.yaml'), FILE);
  writeFileSync(join(folder, 'web.env'), 'A=1\n');
  const made = await terminal.run(['up', '-d'], { cwd: folder, env: { SEC1: 'x', CON1: 'y' } });
  expect(made.code).toBe(0);
  rmSync(join(folder, 'web.env'));
}

const NAMED = ['ps', 'logs', 'stop', 'start', 'restart', 'kill', 'rm -f', 'down', 'down web', 'exec web x'];
const READING = ['images', 'port web 80', 'scale web=1', 'config --no-env-resolution -q', 'pull', 'build'];

test.each([...NAMED, ...READING])('%s needs no secret, config or env file', async (line) => {
  await using terminal = await openTerminal();
  await running(terminal);
  const { code, stderr } = await terminal.run(line.split(' '), { cwd: folder });
  expect(stderr).not.toMatch(/SEC1|CON1|web\.env/);
  expect(code).not.toBe(2);
});

test('a name that is none is found without them as well, also when nothing is here', async () => {
  await using terminal = await openTerminal();
  await running(terminal);
  await terminal.run(['down'], { cwd: folder });
  const { code, stderr } = await terminal.run(['down', 'wbe'], { cwd: folder });
  expect([code, stderr]).toEqual([2, expect.stringContaining('there is no service wbe in the project shop')]);
});

test.each(['up -d', 'create', 'run web x'])('%s makes containers, and needs all of them', async (line) => {
  await using terminal = await openTerminal();
  await running(terminal);
  const { code, stderr } = await terminal.run(line.split(' '), { cwd: folder });
  expect(code).toBe(2);
  for (const name of ['SEC1', 'CON1', 'web.env']) expect(stderr).toContain(name);
});
