/** The rows of what once went wrong in other runtimes' exec, and that nothing of ours is left in reach of it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('CVE-2024-21626: no descriptor but stdio, also when the daemon was started with another', () => {
  const script = join(import.meta.dirname, 'leaky-daemon.ts');
  const line = `exec 9</; ls -l /proc/self/fd/9 >&2; exec "${process.execPath}" "${script}"`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', line], { encoding: 'utf8', timeout: 60_000 });
  // The control: without close-on-exec it comes along into whatever the daemon starts.
  expect(stderr).toMatch(/\/proc\/self\/fd\/9 -> \//);
  expect({ status, said: JSON.parse(stdout) }).toEqual({
    status: 0,
    said: { daemon: true, launcher: false, run: '0 1 2 3', exec: '0 1 2 3', folder: 'refused' },
  });
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

/** Attaches to whatever it can, and says what that runs; prints `traced` for each of what is no program of the image. */
const SPY = `
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
static void look(pid_t pid) {
  char path[64], text[512];
  int status;
  if (ptrace(PTRACE_SEIZE, pid, 0, 0)) return;
  if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) || waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) return;
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  ssize_t n = readlink(path, text, sizeof text - 1);
  text[n < 0 ? 0 : n] = 0;
  printf("%s %s\\n", n >= 0 && !strncmp(text, "/bin/", 5) ? "own" : "traced", text);
  fflush(stdout);
  ptrace(PTRACE_DETACH, pid, 0, 0);
}
int main(void) {
  while (access("/tmp/stop", F_OK)) {
    DIR *list = opendir("/proc");
    for (struct dirent *e; list && (e = readdir(list));) {
      int pid = atoi(e->d_name);
      if (pid > 1 && pid != getpid()) look(pid);
    }
    if (list) closedir(list);
    usleep(500);
  }
  return 0;
}
`;

test('CVE-2016-9962: while execs begin nobody inside reads or traces them', async () => {
  const source = join(fixture.folder, 'spy.c');
  writeFileSync(source, SPY);
  execFileSync('cc', ['-static', '-O2', '-o', join(fixture.layer, 'bin/spy'), source]);
  const start = (argv: readonly string[], user: string) =>
    running.exec({ argv, tty: false, attach: ATTACH_OUT, user });
  const read =
    'while [ ! -e /tmp/stop ]; do for p in /proc/[0-9]*; do for l in $p/exe $p/cwd $p/root $p/fd/*; do readlink $l 2>/dev/null; done; done; done | sort -u';
  const spies = [
    await start(['sh', '-c', read], '0'),
    await start(['spy'], '0'),
    await start(['spy'], '1000:1001'),
  ];
  const seen = spies.map((spy) => collect(spy.attachment));
  for (let i = 0; i < 500; i += 1) await exec(['true'], { user: i % 2 === 0 ? '0' : '1000:1001' });
  await exec(['touch', '/tmp/stop']);
  const [names = '', ...traces] = (await Promise.all(seen)).map(({ out }) => out);
  expect(names.split('\n')).toContain('/bin/busybox');
  expect(names.split('\n').filter((line) => /memfd|orc|shim|launch|sys\/fs\/cgroup/.test(line))).toEqual([]);
  for (const trace of traces) {
    // Programs of the image were caught at their beginning, so what came before them was tried too.
    expect(trace).toContain('own /bin/busybox');
    expect(trace.split('\n').filter((line) => line.startsWith('traced'))).toEqual([]);
  }
}, 120_000);

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
