/** Attributes of a service that say what its processes may do and how much they may take. */
import { readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComposeLab, type LabProject, startComposeLab } from '../../lab/project.ts';

const COMPOSE = `
name: iso
x-idle: &idle
  image: busybox
  init: true
  command: sleep 1000
services:
  plain: *idle
  closed:
    <<: *idle
    read_only: true
    tmpfs:
      - /scratch:size=1m,mode=1750,uid=7
      - /run
    shm_size: 2m
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE]
    ulimits:
      nofile: {soft: 100, hard: 200}
      nproc: 300
      core: 0
    sysctls:
      net.core.somaxconn: 77
      kernel.msgmax: "12345"
    oom_score_adj: 123
  privileged:
    <<: *idle
    privileged: true
  open:
    <<: *idle
    cap_add: [SYS_ADMIN, NET_ADMIN]
    security_opt:
      - seccomp:unconfined
      - no-new-privileges:false
      - systempaths=unconfined
  filtered:
    <<: *idle
    security_opt:
      - seccomp=profile.json
  devices:
    <<: *idle
    devices:
      - /dev/fuse:/dev/myfuse:rw
    device_cgroup_rules: ["c 10:229 rwm"]
  host-ids:
    <<: *idle
    pid: host
    ipc: host
    uts: host
    cgroup: host
    userns_mode: host
  shares:
    <<: *idle
    pid: service:plain
    ipc: service:plain
  limited:
    <<: *idle
    cpus: 0.5
    mem_limit: 64m
    memswap_limit: 96m
    mem_reservation: 32m
    mem_swappiness: 10
    pids_limit: 33
    cpu_shares: 512
    cpuset: "0"
  deployed:
    <<: *idle
    deploy:
      resources:
        limits: {cpus: "0.25", memory: 48M, pids: 44}
        reservations: {memory: 24M}
  quota:
    <<: *idle
    cpu_period: 50000
    cpu_quota: 20000
    oom_kill_disable: true
    mem_limit: 64m
  hog:
    image: busybox
    mem_limit: 16m
    command: sh -c 'tail /dev/zero'
`;

/** Everything is allowed but one call, which says so in a way of its own. */
const PROFILE = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
});

let lab: ComposeLab;
let project: LabProject;
const sh = (service: string, script: string): Promise<string> => project.sh(service, script);
const caps = (service: string): Promise<string> => sh(service, 'grep CapEff /proc/self/status | cut -f2');

beforeAll(async () => {
  lab = await startComposeLab();
  project = lab.project('iso', COMPOSE, { 'profile.json': PROFILE });
  project.ok(['up', '-d']);
});
afterAll(() => lab?.close());

describe('what it may do', () => {
  test('by default: docker’s capabilities, seccomp, no new privileges', async () => {
    expect(await caps('plain')).toBe('00000000a80425fb');
    const status = await sh('plain', "grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status | cut -f2");
    expect(status.split('\n').sort()).toEqual(['1', '2']);
  });

  test('cap_drop and cap_add', async () => {
    expect(await caps('closed')).toBe('0000000000000400');
    expect((BigInt(`0x${await caps('open')}`) >> 21n) & 1n).toBe(1n);
  });

  test('read_only, and what stays writable', async () => {
    expect(await sh('closed', 'touch /x 2>&1 || true')).toContain('Read-only file system');
    expect(await sh('closed', 'touch /run/x && echo yes')).toBe('yes');
  });

  test('privileged: all capabilities, no filter, kernel settings writable, devices of the host', async () => {
    const ours = readFileSync('/proc/self/status', 'utf8').match(/CapBnd:\t(\w+)/)?.[1];
    expect(await caps('privileged')).toBe(ours);
    expect(await sh('privileged', "grep '^Seccomp:' /proc/self/status | cut -f2")).toBe('0');
    expect(await sh('privileged', 'test -w /proc/sys/kernel/msgmax && echo yes')).toBe('yes');
    expect(await sh('privileged', 'test -c /dev/fuse || test -c /dev/kmsg && echo yes')).toBe('yes');
  });

  test('security_opt', async () => {
    const status = await sh('open', "grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status | cut -f2");
    expect(status.split('\n')).toEqual(['0', '0']);
    expect(await sh('open', 'grep -c " /proc/sys " /proc/mounts || true')).toBe('0');
    expect(await sh('plain', 'grep -c " /proc/sys " /proc/mounts')).toBe('1');
    expect(await sh('filtered', 'mkdir /made 2>&1 || true')).toMatch(/not supported/i);
  });

  test('ulimits', async () => {
    expect(await sh('closed', 'ulimit -Sn; ulimit -Hn; ulimit -Su; ulimit -Sc')).toBe('100\n200\n300\n0');
  });

  test('sysctls', async () => {
    const files = '/proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax';
    expect(await sh('closed', `cat ${files}`)).toBe('77\n12345');
    expect(await sh('plain', 'cat /proc/sys/kernel/msgmax')).not.toBe('12345');
  });

  test('devices and device_cgroup_rules', async () => {
    expect(await sh('devices', 'stat -c "%F %t:%T" /dev/myfuse')).toBe('character special file a:e5');
    expect(await sh('devices', 'mknod /tmp-fuse c 10 229 && : < /tmp-fuse && echo opened')).toBe('opened');
    expect(await sh('plain', 'mknod /tmp-fuse c 10 229; (: < /tmp-fuse) 2>&1 || true')).toMatch(
      /Operation not permitted/,
    );
  });

  test('oom_score_adj', async () => {
    expect(await sh('closed', 'cat /proc/1/oom_score_adj')).toBe('123');
    expect(await sh('plain', 'cat /proc/1/oom_score_adj')).toBe('0');
  });
});

describe('mounts of its own', () => {
  test('tmpfs with its options', async () => {
    expect(await sh('closed', 'stat -c "%a %u" /scratch')).toBe('1750 7');
    expect(await sh('closed', "df -k /scratch | tail -1 | awk '{print $2}'")).toBe('1024');
    expect(await sh('closed', 'grep " /scratch " /proc/mounts')).toMatch(/tmpfs.*nosuid,nodev,noexec/);
  });

  test('shm_size', async () => {
    expect(await sh('closed', "df -k /dev/shm | tail -1 | awk '{print $2}'")).toBe('2048');
    expect(await sh('plain', "df -k /dev/shm | tail -1 | awk '{print $2}'")).toBe('65536');
  });
});

describe('namespaces', () => {
  const inside = (service: string, kind: string): Promise<string> =>
    sh(service, `readlink /proc/self/ns/${kind}`);

  test.each(['pid', 'ipc', 'uts', 'cgroup'])('%s: host or its own', async (kind) => {
    const own = await sh('host-ids', `readlink /proc/self/ns/${kind}`);
    expect(await inside('plain', kind)).not.toBe(own);
    expect(readlinkSync(`/proc/self/ns/${kind}`)).toBe(own);
  });

  test.each(['pid', 'ipc'])('%s: service:plain', async (kind) => {
    expect(await inside('shares', kind)).toBe(await inside('plain', kind));
  });
});

describe('limits', () => {
  /** Of the container's own cgroup, whichever version the controller is on. */
  const limit = (service: string, v1: string, v2: string): Promise<string> =>
    sh(service, `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`);
  const cpu = async (service: string): Promise<number> => {
    const [quota = '', period = ''] = (
      await sh(
        service,
        'cd /sys/fs/cgroup; if [ -d cpu ]; then cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us; else cat cpu.max; fi',
      )
    ).split(/\s+/);
    return Number(quota) / Number(period);
  };

  test('mem_limit, pids_limit, cpus', async () => {
    expect(await limit('limited', 'memory/memory.limit_in_bytes', 'memory.max')).toBe(`${64 * 2 ** 20}`);
    expect(await limit('limited', 'memory/memory.soft_limit_in_bytes', 'memory.low')).toBe(`${32 * 2 ** 20}`);
    expect(await limit('limited', 'pids/pids.max', 'pids.max')).toBe('33');
    expect(await cpu('limited')).toBe(0.5);
  });

  test('cpu_shares, cpuset, cpu_quota and cpu_period', async () => {
    expect(['512', '59']).toContain(await limit('limited', 'cpu/cpu.shares', 'cpu.weight'));
    expect(await sh('limited', 'grep Cpus_allowed_list /proc/self/status | cut -f2')).toBe('0');
    expect(await cpu('quota')).toBe(0.4);
  });

  test('deploy.resources', async () => {
    expect(await limit('deployed', 'memory/memory.limit_in_bytes', 'memory.max')).toBe(`${48 * 2 ** 20}`);
    expect(await limit('deployed', 'memory/memory.soft_limit_in_bytes', 'memory.low')).toBe(
      `${24 * 2 ** 20}`,
    );
    expect(await limit('deployed', 'pids/pids.max', 'pids.max')).toBe('44');
    expect(await cpu('deployed')).toBe(0.25);
  });

  test('one that takes more memory ends with 137, and is said to be out of memory', async () => {
    const ended = async (): Promise<unknown> => (await project.container('hog')).exit;
    await expect.poll(ended, { timeout: 20_000 }).toMatchObject({ code: 137, oomKilled: true });
  });
});
