/** What a program in a container cannot do: reference/hardening 2.1, and a row per hole that other runtimes had. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerSpec } from '@orc/model';
import { type Fixture, openFixture, runShell } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => {
  await fixture?.close();
});

const status = async (field: string, spec: Partial<ContainerSpec> = {}): Promise<string> => {
  const { out } = await runShell(fixture, `grep ^${field}: /proc/self/status`, spec);
  return out.split(':')[1]?.trim() ?? '';
};
const NONE = '0000000000000000';
const DEFAULTS = '00000000a80425fb';
const WEAK: Partial<ContainerSpec> = { privileged: true };

describe('identity', () => {
  test.each([{}, { user: 'app' }, { user: 'app', capAdd: ['ALL'] }, { privileged: true }, { init: true }])(
    'CVE-2022-24769 and kin: no inheritable or ambient capability with %j',
    async (spec) => {
      expect(await status('CapInh', spec)).toBe(NONE);
      expect(await status('CapAmb', spec)).toBe(NONE);
    },
  );

  test('fourteen capabilities, none of them for another user', async () => {
    expect(await status('CapEff')).toBe(DEFAULTS);
    expect(await status('CapBnd')).toBe(DEFAULTS);
    for (const set of ['CapPrm', 'CapEff']) expect(await status(set, { user: 'app' })).toBe(NONE);
    expect(await status('CapBnd', { user: 'app' })).toBe(DEFAULTS);
    expect(await status('CapBnd', { capDrop: ['ALL'] })).toBe(NONE);
  });

  test('a filter, and no new privileges unless asked for', async () => {
    expect(await status('Seccomp')).toBe('2');
    expect(await status('NoNewPrivs')).toBe('1');
    expect(await status('NoNewPrivs', { security: { noNewPrivileges: false } })).toBe('0');
    expect(await status('Seccomp', { security: { noNewPrivileges: false } })).toBe('2');
    expect(await status('Seccomp', { security: { seccomp: 'unconfined' } })).toBe('0');
  });

  test.each([
    ['', '0:0'],
    ['app', '1000:1001'],
    ['1000', '1000:1001'],
    ['1000:', '1000:1001'],
    ['app:more', '1000:2000'],
    ['4321', '4321:0'],
    ['4321:99', '4321:99'],
  ])('CVE-2026-30892: user %j is %s', async (user, expected) => {
    const { out } = await runShell(fixture, 'echo $(id -u):$(id -g)', { user });
    expect(out.trim()).toBe(expected);
  });

  test.each(['0x1', '-1', '99999999999', 'nobody-here', ':1000', 'app:nope'])(
    'CVE-2026-30892: user %j is refused',
    async (user) => {
      await expect(runShell(fixture, 'id', { user })).rejects.toMatchObject({
        problem: { code: 'input.invalid' },
      });
    },
  );
});

describe('descriptors and files of the kernel', () => {
  test('CVE-2024-21626: only stdio is open', async () => {
    const { out } = await runShell(fixture, 'ls /proc/self/fd; ls -l /proc/1/fd');
    expect(out.split('\n').filter((line) => /^\d+$/.test(line))).toEqual(['0', '1', '2', '3']);
    expect(out).not.toMatch(/ -> \/(?!null$|dev\/(null|pts)|proc)/m);
  });

  test.each([3, 4, 5, 6, 7, 8, 9, 10, 20])(
    'CVE-2024-21626: no working folder /proc/self/fd/%i',
    async (fd) => {
      const workingDir = `/proc/self/fd/${fd}`;
      await expect(runShell(fixture, 'pwd', { workingDir })).rejects.toMatchObject({
        problem: { code: expect.stringMatching(/^(start|input)\./) },
      });
    },
  );

  test.each([
    '/proc/sysrq-trigger',
    '/proc/sys/kernel/core_pattern',
    '/proc/sys/kernel/hostname',
    '/proc/irq/default_smp_affinity',
    '/sys/kernel/profiling',
    '/sys/fs/cgroup/x',
    '/sys/kernel/uevent_helper',
  ])('CVE-2025-52881: %s cannot be written', async (path) => {
    const { code } = await runShell(fixture, `echo x > ${path}`);
    expect(code).not.toBe(0);
  });

  test('masked: empty, or not there', async () => {
    const paths = [
      '/proc/kcore',
      '/proc/keys',
      '/proc/timer_list',
      '/proc/interrupts',
      '/sys/firmware',
      '/proc/scsi',
    ];
    const line = paths
      .map((path) => `cat ${path} 2>&- | head -c 1 | wc -c; ls ${path} 2>&- | grep -v ^/ | wc -l`)
      .join(';');
    const { out } = await runShell(fixture, line);
    expect(out.trim().split(/\s+/)).toEqual(paths.flatMap(() => ['0', '0']));
    expect((await runShell(fixture, 'head -c 1 /proc/interrupts | wc -c', WEAK)).out.trim()).toBe('1');
  });

  test('CVE-2022-0492: no new namespace and no mount, even as root with a user namespace', async () => {
    for (const line of ['unshare -m true', 'unshare -U true', 'unshare -Ur true', 'mount -t tmpfs x /tmp']) {
      const { code, err } = await runShell(fixture, line);
      expect([line, code === 0]).toEqual([line, false]);
      expect(err).toMatch(/not permitted|denied/i);
    }
    expect((await runShell(fixture, 'mount -t tmpfs x /tmp', WEAK)).code).toBe(0);
  });

  test('a device node may be made, and not opened', async () => {
    const { out, err } = await runShell(fixture, 'mknod /tmp/kmsg c 1 11 && echo made; : < /tmp/kmsg');
    expect(out).toBe('made\n');
    expect(err).toMatch(/not permitted/i);
    expect((await runShell(fixture, 'mknod /tmp/kmsg c 1 11 && : < /tmp/kmsg', WEAK)).code).toBe(0);
  });

  test('the default devices work', async () => {
    const line =
      'echo x > /dev/null && head -c 1 /dev/zero /dev/urandom /dev/full > /dev/null && ls /dev/fd/ /dev/ptmx';
    expect(await runShell(fixture, line)).toMatchObject({ code: 0 });
  });
});

describe('towards the host', () => {
  test('CVE-2020-15257: no abstract socket of ours, with the host’s network', async () => {
    const { out } = await runShell(fixture, 'cat /proc/net/unix', {}, { networkNamespace: 'host' });
    expect(out).toContain('Num');
    expect(out.split('\n').filter((line) => /@.*(orc|shim|launch)/i.test(line))).toEqual([]);
  });

  test('its root is nowhere in the host’s mounts', async () => {
    const request = fixture.request({ command: ['sleep', '100'] });
    const running = await fixture.runtime.start(request);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(request.id);
    await running.kill();
    expect(await running.exited).toMatchObject({ code: 137 });
  });

  test('the init is not readable, nor is what runs it', async () => {
    const { out } = await runShell(fixture, 'readlink /proc/1/exe; cat /proc/1/exe 2>&- | wc -c', {
      init: true,
    });
    expect(out.trim().split('\n').at(-1)).toBe('0');
  });

  test('sysctls outside of its namespaces are refused', async () => {
    const sysctls = { 'kernel.core_pattern': '|/tmp/x' };
    await expect(runShell(fixture, 'true', { sysctls })).rejects.toMatchObject({
      problem: { code: 'input.invalid' },
    });
    const { out } = await runShell(fixture, 'cat /proc/sys/net/core/somaxconn', {
      sysctls: { 'net.core.somaxconn': '77' },
    });
    expect(out.trim()).toBe('77');
  });
});
