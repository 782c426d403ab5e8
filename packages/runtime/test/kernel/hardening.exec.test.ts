/** The rows of what once went wrong in other runtimes' exec, and that nothing of ours is left in reach of it. */
import { closeSync, openSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Running } from '../../src/index.ts';
import { ATTACH_OUT, collect, type Fixture, openFixture, shell } from './fixture.ts';

let fixture: Fixture;
let running: Running;
beforeAll(async () => {
  fixture = await openFixture();
  running = await fixture.runtime.start(fixture.request(shell('while :; do sleep 1; done')));
});
afterAll(async () => {
  await running?.kill();
  await fixture?.close();
});

async function exec(argv: readonly string[], more = {}): Promise<string> {
  const each = await running.exec({ argv, tty: false, attach: ATTACH_OUT, ...more });
  const { out } = await collect(each.attachment);
  await each.exited;
  return out;
}
const status = async (more = {}): Promise<Record<string, string>> => {
  const out = await exec(['cat', '/proc/self/status'], more);
  return Object.fromEntries(out.split('\n').map((line) => line.split(/:\s*/) as [string, string]));
};

test('CVE-2022-29162: the same capabilities as the container, none inheritable, filtered', async () => {
  expect(await status()).toMatchObject({
    CapInh: '0000000000000000',
    CapEff: '00000000a80425fb',
    CapBnd: '00000000a80425fb',
    CapAmb: '0000000000000000',
    Seccomp: '2',
    NoNewPrivs: '1',
  });
  expect(await status({ user: 'app' })).toMatchObject({
    CapEff: '0000000000000000',
    CapPrm: '0000000000000000',
  });
});

test('CVE-2024-21626: no descriptor but stdio, also when the daemon leaks one', async () => {
  const leaked = openSync('/', 'r');
  try {
    expect((await exec(['ls', '/proc/self/fd'])).trim().split('\n')).toEqual(['0', '1', '2', '3']);
  } finally {
    closeSync(leaked);
  }
});

test('CVE-2024-21626: a folder behind a descriptor is refused', async () => {
  for (let fd = 3; fd <= 40; fd += 1) {
    await expect(exec(['pwd'], { workingDir: `/proc/self/fd/${fd}` })).rejects.toThrow(/directory/);
  }
});

test('CVE-2026-30892: a user is exactly what was written, or an error', async () => {
  expect(await exec(['id', '-u'], { user: '1000' })).toBe('1000\n');
  expect(await exec(['id', '-u'], { user: '5:6' })).toBe('5\n');
  for (const user of ['0x1', '-1', 'nobody-here', '99999999999', ':5']) {
    await expect(exec(['id', '-u'], { user })).rejects.toMatchObject({ problem: { code: 'input.invalid' } });
  }
});

test('CVE-2016-9962: while execs begin nobody inside reads or traces them', async () => {
  const spy = await running.exec({
    argv: [
      'sh',
      '-c',
      'while [ ! -e /stop ]; do for p in /proc/[0-9]*; do for l in $p/exe $p/cwd $p/root $p/fd/*; do readlink $l 2>/dev/null; done; done; done | sort -u',
    ],
    tty: false,
    attach: ATTACH_OUT,
  });
  const seen = collect(spy.attachment);
  for (let i = 0; i < 100; i += 1) await exec(['true']);
  await exec(['touch', '/stop']);
  const lines = (await seen).out.split('\n');
  expect(lines).toContain('/bin/busybox');
  expect(lines.filter((line) => /memfd|orc|shim|launch|sys\/fs\/cgroup/.test(line))).toEqual([]);
});

test('CVE-2019-5736: what an exec runs from cannot be written', async () => {
  const out = await exec([
    'sh',
    '-c',
    'for p in /proc/[0-9]*; do (echo x >> $p/exe) 2>/dev/null && echo wrote $p; done',
  ]);
  expect(out).toBe('');
});

test('two hundred failing execs leave nothing', async () => {
  const { readdirSync, readFileSync } = await import('node:fs');
  const shim = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8'))?.[1]);
  const count = (): number => readdirSync(`/proc/${shim}/fd`).length;
  const before = count();
  for (let i = 0; i < 200; i += 1) await expect(exec(['nowhere'])).rejects.toThrow('cannot execute');
  await expect.poll(count).toBe(before);
  const children = (): readonly string[] =>
    readFileSync(`/proc/${shim}/task/${shim}/children`, 'utf8').trim().split(' ');
  await expect.poll(children).toEqual([String(running.pid)]);
});
