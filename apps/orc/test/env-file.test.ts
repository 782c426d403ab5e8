/** Variables of docker compose in the project's `.env` say how its verbs talk, as those of the process do. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FIXTURES, type Run, openTerminal } from './cli.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-env-'));
  cpSync(join(FIXTURES, 'shop'), join(folder, 'shop'), { recursive: true });
  mkdirSync(join(folder, 'else'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type More = { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string };
async function said(argv: readonly string[], { cwd = 'shop', ...more }: More = {}): Promise<Run> {
  await using terminal = await openTerminal();
  return await terminal.run(argv, { cwd: join(folder, cwd), ...more });
}
const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);

const WARNING = 'warning: COMPOSE_PARALLEL_LIMIT=2 has no effect';

test('they are those beside the file of -f, or of the folder that is named', async () => {
  write('shop/.env', 'COMPOSE_PARALLEL_LIMIT=2\n');
  expect((await said(['config', '-q'])).stderr).toContain(WARNING);
  expect((await said(['-f', '../shop/compose.yaml', 'config', '-q'], { cwd: 'else' })).stderr).toContain(
    WARNING,
  );
  const argv = ['--project-directory', '../shop', 'config', '-q'];
  expect((await said(argv, { cwd: 'else' })).stderr).toContain(WARNING);
  write('else/.env', 'A=1\n');
  expect((await said(['--env-file', '../else/.env', 'config', '-q'])).stderr).toBe('');
  expect((await said(['config', '-q'], { env: { COMPOSE_DISABLE_ENV_FILE: '1' } })).stderr).toBe('');
  expect((await said(['image', 'ls', '-q'])).stderr).toBe('');
});

test('the process goes before them, and flags before both', async () => {
  write('shop/.env', 'MODE=js\nexport COMPOSE_PROGRESS="${MODE}on"\n');
  expect((await said(['up', '-d'])).stderr).toMatch(/^\{/);
  expect((await said(['up', '-d'], { env: { COMPOSE_PROGRESS: 'quiet' } })).stderr).toBe('');
  expect((await said(['--progress', 'quiet', 'up', '-d'])).stderr).toBe('');
  write('shop/.env', 'COMPOSE_PROGRESS=loud\n');
  expect((await said(['ps'])).stderr).toContain('COMPOSE_PROGRESS cannot be "loud"');
});

test('what says which env files are read does nothing in one, and that is told', async () => {
  write(
    'shop/.env',
    'COMPOSE_ENV_FILES=../else/.env\nCOMPOSE_DISABLE_ENV_FILE=1\nCOMPOSE_PARALLEL_LIMIT=2\n',
  );
  const { code, stderr } = await said(['config', '-q']);
  expect(code).toBe(0);
  expect(stderr).toContain(WARNING);
  expect(stderr).toContain('.env:1:1: warning: COMPOSE_ENV_FILES has no effect in an env file');
  write('else/.env', 'COMPOSE_PARALLEL_LIMIT=\n');
  const env = { COMPOSE_ENV_FILES: '../else/.env' };
  expect((await said(['config', '-q'], { env })).stderr).toBe('');
});

test('profiles of .env are those that check goes through', async () => {
  const services = 'web: {image: "a:1"}, tool: {image: "a:1", profiles: [x], env_file: none.env}';
  write('else/compose.yaml', `name: t\nservices: {${services}}\n`);
  expect((await said(['check'], { cwd: 'else' })).code).toBe(2);
  write('else/.env', 'COMPOSE_PROFILES=y\n');
  expect((await said(['check'], { cwd: 'else' })).code).toBe(0);
});

test('COMPOSE_REMOVE_ORPHANS counts there, for up and for down', async () => {
  await using terminal = await openTerminal();
  const cwd = join(folder, 'shop');
  const put = vi.spyOn(terminal.memory, 'putProject');
  const remove = vi.spyOn(terminal.memory, 'removeProject');
  const asked = async (): Promise<unknown> => {
    await terminal.run(['up', '-d'], { cwd });
    await terminal.run(['down'], { cwd });
    return [put.mock.lastCall?.[1].options.removeOrphans, remove.mock.lastCall?.[1].removeOrphans];
  };
  expect(await asked()).toEqual([undefined, false]);
  write('shop/.env', 'COMPOSE_REMOVE_ORPHANS=1\n');
  expect(await asked()).toEqual([true, true]);
});
