/** Reference/hardening 2.1 as a program inside finds it: options of the kernel's file systems, masked and read-only paths. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MASKED_PATHS, READONLY_PATHS, thermalThrottlePaths } from '../../src/plan/paths.ts';
import { ATTACH_OUT, collect, type Fixture, IDLE, openFixture, runShell, startReady } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

type Mount = { readonly type: string; readonly options: readonly string[] };

/** The uppermost mount of each place. */
async function mountsInside(): Promise<ReadonlyMap<string, Mount>> {
  const { out } = await runShell(fixture, 'cat /proc/self/mounts');
  const rows = out.split('\n').filter((line) => line !== '');
  return new Map(
    rows.map((row) => {
      const [, target = '', type = '', options = ''] = row.split(' ');
      return [target, { type, options: options.split(',') }];
    }),
  );
}

describe('options of the kernel’s file systems', () => {
  const QUIET = ['nosuid', 'nodev', 'noexec'];
  test.each<[target: string, type: string, has: readonly string[], lacks: readonly string[]]>([
    ['/proc', 'proc', ['rw', ...QUIET], []],
    ['/dev', 'tmpfs', ['rw', 'nosuid', 'mode=755', 'size=65536k'], ['nodev', 'relatime', 'noatime']],
    ['/dev/pts', 'devpts', ['rw', 'nosuid', 'noexec', 'gid=5', 'mode=620', 'ptmxmode=666'], ['nodev']],
    ['/dev/mqueue', 'mqueue', ['rw', ...QUIET], []],
    ['/dev/shm', 'tmpfs', ['rw', ...QUIET, 'size=65536k'], []],
    ['/sys', 'sysfs', ['ro', ...QUIET], ['rw']],
  ])('%s is a %s with %j', async (target, type, has, lacks) => {
    const found = (await mountsInside()).get(target);
    expect(found?.type).toBe(type);
    expect(has.filter((option) => !found?.options.includes(option))).toEqual([]);
    expect(lacks.filter((option) => found?.options.includes(option))).toEqual([]);
  });

  test('/dev/shm is everybody’s, and every cgroup hierarchy read-only', async () => {
    expect((await runShell(fixture, 'stat -c %a /dev/shm')).out).toBe('1777\n');
    const groups = [...(await mountsInside())].filter(([target]) => target.startsWith('/sys/fs/cgroup'));
    expect(groups.length).toBeGreaterThan(0);
    for (const [target, { options }] of groups)
      expect([target, ['ro', ...QUIET].filter((each) => !options.includes(each))]).toEqual([target, []]);
  });

  test('a host’s /sys that is writable is not: nothing below it takes a byte', async () => {
    const line =
      'for f in /sys/kernel/mm/ksm/run /sys/power/state; do [ ! -e $f ] || echo 0 > $f; done; true';
    const { err } = await runShell(fixture, line);
    expect(err.split('\n').filter((each) => each !== '' && !/Read-only|denied/.test(each))).toEqual([]);
  });
});

const ALL_MASKED = [...MASKED_PATHS, ...thermalThrottlePaths(readdirSync('/sys/devices/system/cpu'))].filter(
  (path) => existsSync(path),
);

describe('masked', () => {
  test('this host has some of each kind to mask', () => {
    expect(MASKED_PATHS.length).toBe(12);
    expect(ALL_MASKED).toEqual(expect.arrayContaining(['/proc/acpi', '/proc/interrupts', '/sys/firmware']));
  });

  test.each(ALL_MASKED)('%s: an empty folder, or the null device', async (path) => {
    const line = `[ -d ${path} ] && ls -A ${path} | wc -l || stat -c %t:%T ${path}`;
    const { out } = await runShell(fixture, line);
    expect(['0', '1:3']).toContain(out.trim());
    expect((await runShell(fixture, `touch ${path}/x 2>&1 || touch -c -d @1 ${path}`)).code).not.toBe(0);
  });

  test('without the masks they say something', async () => {
    const { out } = await runShell(
      fixture,
      'head -c 1 /proc/interrupts | wc -c; ls -A /sys/firmware | wc -l',
      {
        privileged: true,
      },
    );
    expect(
      out
        .trim()
        .split('\n')
        .map(Number)
        .every((each) => each > 0),
    ).toBe(true);
  });
});

describe('read-only', () => {
  test.each(READONLY_PATHS.filter((path) => existsSync(path)))('%s', async (path) => {
    expect((await mountsInside()).get(path)?.options).toContain('ro');
  });

  test.each(['/proc/bus', '/proc/fs'])('nothing below %s is opened for writing', async (path) => {
    const line = `n=0; for f in $(find ${path} -type f); do n=$((n+1)); (: >> $f) 2>&- && echo wrote $f; done; echo $n`;
    expect((await runShell(fixture, line)).out).toMatch(/^\d+\n$/);
  });
});

/** Calls of the 32-bit table from a 64-bit program: what they answer, a line each. */
const OLD_CALLS = `
#include <stdio.h>
#include <errno.h>
static unsigned args[3];
static int call(int number, unsigned a, unsigned b, unsigned c) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return result;
}
static int socketcall(unsigned family, unsigned type) {
  args[0] = family, args[1] = type, args[2] = 0;
  return call(102, 1, (unsigned)(unsigned long)args, 0);
}
int main(void) {
  printf("mount %d\\n", call(21, 0, 0, 0));
  printf("socket %d\\n", call(359, 38, 5, 0));
  printf("socketcall %d\\n", socketcall(2, 1) >= 0);
  printf("unknown %d\\n", socketcall(2, 99) < 0);
  return 0;
}
`;

test.skipIf(process.arch !== 'x64')(
  '32-bit calls are filtered by their own numbers; socketcall gives sockets',
  async () => {
    const source = join(fixture.folder, 'old.c');
    writeFileSync(source, OLD_CALLS);
    execFileSync('cc', ['-static', '-no-pie', '-O1', '-o', join(fixture.layer, 'bin/old'), source]);
    const EPERM = 1;
    const lines = `mount -${EPERM}\nsocket -${EPERM}\nsocketcall 1\nunknown 1\n`;
    expect(await runShell(fixture, 'old')).toMatchObject({ code: 0, out: lines });
  },
);

test('CVE-2022-24769 for health checks: what runs under a time limit inherits no capability', async () => {
  const running = await startReady(fixture.runtime, fixture.request(IDLE));
  const argv = ['sh', '-c', 'grep -E "^Cap(Inh|Amb|Eff)" /proc/self/status'];
  const exec = await running.exec({ argv, tty: false, attach: ATTACH_OUT, timeoutMs: 10_000 });
  const none = '0000000000000000';
  expect((await collect(exec.attachment)).out).toBe(
    `CapInh:\t${none}\nCapEff:\t00000000a80425fb\nCapAmb:\t${none}\n`,
  );
  await running.kill();
  await running.exited;
});

describe('CVE-2021-43784: what is too long is an error, or arrives whole', () => {
  test.each([65_000, 65_536, 70_000, 120_000])(
    'an environment of %i bytes in one variable',
    async (length) => {
      const { code, out } = await runShell(fixture, 'echo ${#BIG}; env | grep -c ^PATH=', {
        env: { BIG: 'x'.repeat(length), CAPS: '0' },
      });
      expect({ code, out }).toEqual({ code: 0, out: `${length}\n1\n` });
    },
  );

  test('a variable longer than the kernel takes ends the start', async () => {
    const env = { BIG: 'x'.repeat(200_000) };
    await expect(runShell(fixture, 'true', { env })).rejects.toMatchObject({
      problem: { code: expect.stringMatching(/^start/) },
    });
  });

  test.each([4_100, 65_537])('a namespace’s path of %i bytes', async (length) => {
    const networkNamespace = `/proc/${'x'.repeat(length)}`;
    await expect(runShell(fixture, 'true', {}, { networkNamespace })).rejects.toThrow('ENAMETOOLONG');
  });
});
