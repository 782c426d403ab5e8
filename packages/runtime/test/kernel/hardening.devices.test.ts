/** The host's device nodes are not the container's: neither by its standard input nor by what masks a path. */
import { randomInt } from 'node:crypto';
import { statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, type Fixture, IDLE, openFixture, runShell, startReady } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

/** A time that nothing has, as a sign that a container could change what is the host's. */
const SIGN = 900_000_000 + randomInt(90_000_000);
const probe = (path: string): string => `touch -c -d @${SIGN} ${path} 2>&1; stat -L -c "%d %i" ${path}`;
const hostNull = (): string => `${statSync('/dev/null').dev} ${statSync('/dev/null').ino}`;
const changed = (): boolean => statSync('/dev/null').mtimeMs === SIGN * 1000;

test('standard input is the null device of the container', async () => {
  const line = `${probe('/proc/self/fd/0')}; stat -c "%d %i" /dev/null; [ -c /dev/stdin ] && echo device`;
  const { out } = await runShell(fixture, line);
  const [input, own, kind] = out.trim().split('\n');
  expect(input).toBe(own);
  expect(input).not.toBe(hostNull());
  expect(kind).toBe('device');
  expect(changed()).toBe(false);
});

test('so it is for an exec', async () => {
  const request = fixture.request(IDLE);
  const running = await startReady(fixture.runtime, request);
  const exec = await running.exec({
    argv: ['stat', '-L', '-c', '%d %i', '/proc/self/fd/0', '/dev/null'],
    tty: false,
    attach: { stdin: false, stdout: true, stderr: true },
  });
  const [input, own] = (await collect(exec.attachment)).out.trim().split('\n');
  expect(input).toBe(own);
  expect(input).not.toBe(hostNull());
});

test('an image or a mount without a null device leaves an input that ends at once', async () => {
  const mounts = [{ type: 'tmpfs', target: '/dev', options: [] }] as const;
  const { code, out } = await runShell(
    fixture,
    'cat; echo end; [ -c /proc/self/fd/0 ] || echo pipe',
    {},
    { mounts },
  );
  expect({ code, out }).toEqual({ code: 0, out: 'end\npipe\n' });
});

test('what masks a file cannot be changed, though its inode is the host’s', async () => {
  const { out } = await runShell(fixture, probe('/proc/keys'));
  expect(out).toContain('Read-only file system');
  expect(out).toContain(hostNull());
  expect(changed()).toBe(false);
});
