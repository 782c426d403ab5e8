/** What a container is inside, as docker has it by default, seen by the container itself. */
import { mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerSpec } from '@orc/model';
import {
  bootstrapBusybox,
  execIn,
  idle,
  logsOf,
  make,
  problemOf,
  runToEnd,
  sh,
  startNew,
} from '../lab/engine.ts';
import { type Instance, startInstance, until } from '../lab/instance.ts';

let instance: Instance;
const client = (): Instance['client'] => instance.client;
const said = async (script: string, more: Partial<ContainerSpec> = {}): Promise<string> => {
  const { stdout } = await runToEnd(client(), sh(`exec 2>&1; ${script}`, more));
  return stdout.trim();
};

beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
});
afterAll(() => instance.purge());

describe('a default container', () => {
  test('has docker’s capabilities, no inheritable ones, and a seccomp filter', async () => {
    const text = await said('cat /proc/self/status');
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}:\\s+(\\S+)$`, 'm').exec(text)?.[1];
    expect({
      effective: field('CapEff'),
      bounding: field('CapBnd'),
      inheritable: field('CapInh'),
      ambient: field('CapAmb'),
      seccomp: field('Seccomp'),
    }).toEqual({
      effective: '00000000a80425fb',
      bounding: '00000000a80425fb',
      inheritable: '0000000000000000',
      ambient: '0000000000000000',
      seccomp: '2',
    });
  });

  test('is in namespaces of its own, as pid 1, with its id as its name', async () => {
    const { id, stdout } = await runToEnd(client(), sh('readlink /proc/self/ns/*; echo $$; hostname'));
    const lines = stdout.trim().split('\n');
    const host = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'].map((name) => namespaceOf(name));
    expect(lines.filter((line) => host.includes(line))).toEqual([]);
    expect(lines.slice(-2)).toEqual(['1', id.slice(0, 12)]);
  });

  test.each([
    ['reads nothing of /proc/kcore', 'head -c 16 /proc/kcore 2>/dev/null | wc -c', '0'],
    ['sees masked folders empty', 'ls /proc/acpi /sys/firmware 2>/dev/null | grep -v : | grep -c .', '0'],
    ['cannot write to /proc/sys', 'echo 1 > /proc/sys/kernel/panic; echo $?', /Read-only file system[^]*1$/],
    ['cannot write to /sys', 'mkdir /sys/fs/cgroup/x; echo $?', /1$/],
    ['is refused mount(2)', 'mount -t tmpfs none /tmp; echo $?', /(denied|permitted)[^]*[1-9]/],
    ['is refused unshare(2) of users', 'unshare -U true; echo $?', /[1-9]\d*$/],
    ['inherits stdin, stdout and stderr only', 'ls /proc/self/fd | grep -v 3 | tr "\\n" " "', '0 1 2'],
    ['has a writable root', 'echo x > /new && cat /new', 'x'],
    ['has /dev/shm of 64 MB', 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2', '65536'],
    ['has the devices it needs', 'echo x > /dev/null && head -c 3 /dev/zero | wc -c', '3'],
    ['has no others', 'ls /dev | grep -cE "^(sd|vd|nvme|kmsg|mem|kvm)"', '0'],
    ['cannot make device nodes that work', 'mknod /tmp/mem c 1 1 && cat /tmp/mem | wc -c', /0$/],
  ])('%s', async (_, script, expected) => {
    const text = await said(script);
    if (typeof expected === 'string') expect(text).toBe(expected);
    else expect(text).toMatch(expected);
  });

  test('an exec in it has no more', async () => {
    const id = await startNew(client(), idle());
    const { stdout } = await execIn(client(), id, ['grep', '-E', 'CapEff|Seccomp:', '/proc/self/status']);
    expect(stdout.replace(/\s+/g, ' ')).toBe('CapEff: 00000000a80425fb Seccomp: 2 ');
    expect((await execIn(client(), id, ['mount', '-t', 'tmpfs', 'none', '/tmp'])).code).not.toBe(0);
  });

  test('a memory hog ends with 137 and OOM', async () => {
    const hog = sh('exec tail -c 300m /dev/zero', {
      resources: { memoryBytes: 32 * 1024 * 1024, memorySwapBytes: 32 * 1024 * 1024 },
    });
    const { exit } = await runToEnd(client(), hog);
    expect(exit).toMatchObject({ code: 137, oomKilled: true, reason: 'oom' });
  });

  test('pids are limited', async () => {
    const text = await said('for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait', {
      resources: { pidsMax: 5 },
    });
    expect(text).toMatch(/can't fork|Resource temporarily unavailable/);
  });
});

const namespaceOf = (name: string): string => readlinkSync(`/proc/self/ns/${name}`);

describe('what a spec changes', () => {
  test.each<[string, Partial<ContainerSpec>, string, string]>([
    ['hostname', { hostname: 'web' }, 'hostname; cat /etc/hostname', 'web\nweb'],
    ['user by number', { user: '1000:1001' }, 'id -u; id -g', '1000\n1001'],
    ['user by name', { user: 'root' }, 'id -u', '0'],
    ['groups', { user: '1000', groupAdd: ['7'] }, 'id -G', '0 7'],
    [
      'a user has no capabilities',
      { user: '1000' },
      'grep CapEff /proc/self/status | cut -f2',
      '0000000000000000',
    ],
    ['folder', { workingDir: '/made/for/it' }, 'pwd', '/made/for/it'],
    ['environment', { env: { A: 'b c', HOME: '/x' } }, 'echo "$A" $HOME', 'b c /x'],
    [
      'a file limit',
      { ulimits: [{ name: 'nofile', soft: 100, hard: 200 }] },
      'ulimit -Sn; ulimit -Hn',
      '100\n200',
    ],
    [
      'a sysctl of the net',
      { sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' } },
      'cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
      '80',
    ],
    ['a sysctl of ipc', { sysctls: { 'kernel.msgmax': '4096' } }, 'cat /proc/sys/kernel/msgmax', '4096'],
    ['init is pid 1', { init: true }, 'test $$ -ne 1 && echo child', 'child'],
    [
      'a capability more',
      { capAdd: ['NET_ADMIN'] },
      'ip link add d0 type dummy 2>/dev/null; grep CapEff /proc/self/status | cut -f2',
      '00000000a80435fb',
    ],
    [
      'all capabilities dropped',
      { capDrop: ['ALL'] },
      'grep CapEff /proc/self/status | cut -f2',
      '0000000000000000',
    ],
    [
      'a size of /dev/shm',
      { shmSizeBytes: 1024 * 1024 },
      'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2',
      '1024',
    ],
    [
      'a name for an address',
      { extraHosts: [{ name: 'db', address: '10.1.2.3' }] },
      'grep -w db /etc/hosts',
      '10.1.2.3\tdb',
    ],
    [
      'no new privileges',
      { security: { noNewPrivileges: true } },
      'grep NoNewPrivs /proc/self/status | cut -f2',
      '1',
    ],
    ['no seccomp', { security: { seccomp: 'unconfined' } }, 'grep Seccomp: /proc/self/status | cut -f2', '0'],
  ])('%s', async (_, spec, script, expected) => {
    expect(await said(script, spec)).toBe(expected);
  });

  test('a privileged one has all that the host can give', async () => {
    const host = /^CapBnd:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    const [effective, mounted] = (
      await said('grep CapEff /proc/self/status | cut -f2; mount -t tmpfs none /tmp && echo mounted', {
        privileged: true,
      })
    ).split('\n');
    expect(effective).toBe(host);
    expect(mounted).toBe('mounted');
  });

  test('orphans are reaped under init, and the signal reaches the program', async () => {
    const script = 'trap "exit 11" TERM; (sleep 0.05 &); echo ready; while :; do sleep 0.05; done';
    const id = await startNew(client(), sh(script, { init: true }));
    await until(async () => (await logsOf(client(), id)).stdout === 'ready\n', 'its trap');
    await client().stopContainer(id, {});
    expect((await client().getContainer(id)).exit?.code).toBe(11);
  });

  test('pid, ipc and uts of another container', async () => {
    const first = await startNew(client(), idle({ hostname: 'first' }), 'first');
    const mode = { kind: 'container', container: 'first' } as const;
    const text = await said('ps | grep -c "sleep 1000"; hostname', {
      pidMode: mode,
      utsMode: mode,
      ipcMode: mode,
    });
    expect(Number(text.split('\n')[0])).toBeGreaterThan(0);
    expect(text.split('\n')[1]).toBe('first');
    await client().removeContainer(first, { force: true });
    expect((await problemOf(startNew(client(), idle({ pidMode: mode })))).code).toMatch(
      /^(conflict|notfound)/,
    );
  });
});

describe('files', () => {
  test('a read-only root, with a tmpfs in it', async () => {
    const mounts = [{ type: 'tmpfs', target: '/run/it', sizeBytes: 65536, mode: 0o1777 }] as const;
    const text = await said(
      'touch /x; echo y > /run/it/y && cat /run/it/y; df -k /run/it | tail -1 | tr -s " " | cut -d" " -f2',
      {
        readOnlyRoot: true,
        mounts,
      },
    );
    expect(text).toContain('Read-only file system');
    expect(text).toContain('y\n64');
  });

  test('a named volume is filled once from the image, shared, and kept', async () => {
    const mounts = [{ type: 'volume', source: 'etc', target: '/etc' }] as const;
    expect(await said('rm /etc/passwd; echo mine > /etc/mine; ls /etc', { mounts })).toContain('mine');
    const other = [{ type: 'volume', source: 'etc', target: '/data', readOnly: true }] as const;
    const text = await said('ls /data; touch /data/x', { mounts: other });
    expect(text).toContain('mine');
    expect(text).not.toContain('passwd');
    expect(text).toContain('Read-only file system');
    expect((await problemOf(client().removeVolume('etc', {}))).code).toBe('conflict.inuse');
  });

  test('anonymous volumes go with rm -v, and stay without', async () => {
    const mounts = [{ type: 'volume', target: '/data' }] as const;
    const folder = join(instance.folder, 'root/volumes');
    const before = readdirSync(folder).length;
    const one = await startNew(client(), idle({ mounts }));
    expect(readdirSync(folder)).toHaveLength(before + 1);
    await client().restartContainer(one, { timeoutMs: 0 });
    expect(readdirSync(folder)).toHaveLength(before + 1);
    await client().removeContainer(one, { force: true, volumes: true });
    expect(readdirSync(folder)).toHaveLength(before);
    const kept = await startNew(client(), idle({ mounts }));
    await client().removeContainer(kept, { force: true });
    expect(readdirSync(folder)).toHaveLength(before + 1);
  });

  test('binds: both ways, read-only, a single file, a missing source', async () => {
    const source = join(instance.folder, 'bound');
    mkdirSync(source);
    writeFileSync(join(source, 'in'), 'from the host');
    const bind = { type: 'bind', source, target: '/b' } as const;
    expect(await said('cat /b/in; echo back > /b/out', { mounts: [bind] })).toBe('from the host');
    expect(readFileSync(join(source, 'out'), 'utf8')).toBe('back\n');
    expect(await said('touch /b/x', { mounts: [{ ...bind, readOnly: true }] })).toContain('Read-only');
    const file = { ...bind, source: join(source, 'in'), target: '/etc/one' };
    expect(await said('cat /etc/one', { mounts: [file] })).toBe('from the host');
    const missing = { ...bind, source: join(source, 'none') };
    const problem = await problemOf(startNew(client(), idle({ mounts: [missing] })));
    expect(problem.message).toContain(missing.source);
    expect(await said('ls -d /b', { mounts: [{ ...missing, createHostPath: true }] })).toBe('/b');
  });

  test('a container that mounts over a link does not leave its root', async () => {
    const mounts = [{ type: 'tmpfs', target: '/link/deep' }] as const;
    const id = await make(client(), sh('ls -la /link; exec sleep 1000', { mounts }));
    await client().startContainer(id);
    expect((await execIn(client(), id, ['mount'])).stdout).toContain(' on /link/deep type tmpfs');
    await client().removeContainer(id, { force: true });
  });
});
