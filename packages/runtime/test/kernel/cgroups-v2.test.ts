/**
 * The v2 driver on a hierarchy that may have no controllers (a hybrid host's): folders, killing, freezing and devices.
 * Limits of v2 need a host of its own.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import koffi from 'koffi';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CgroupPlace, type Cgroups, detectCgroups, openCgroups } from '../../src/host/cgroups.ts';
import { DEVICE_RULES, PRIVILEGED_DEVICE_RULES } from '../../src/plan/paths.ts';
import { clock } from './fixture.ts';

const { v2 } = detectCgroups();
const reason = process.getuid?.() !== 0 ? 'not root' : v2 === undefined ? 'no cgroup2 is mounted' : '';
if (reason !== '') console.warn(`cgroup v2 tests skipped: ${reason}`);

describe.skipIf(reason !== '')('cgroup v2', () => {
  const instance = `orc-${randomBytes(3).toString('hex')}`;
  const root = v2 ?? '';
  let cgroups: Cgroups;
  let children: ChildProcess[] = [];

  beforeEach(() => {
    cgroups = openCgroups({
      instance,
      emit: () => undefined,
      clock,
      mounts: { kind: 'v2', v1: {}, v2: root },
    });
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    await cgroups.removeAll();
    expect(existsSync(`${root}/${instance}`)).toBe(false);
  });

  const started = async (place: CgroupPlace, script: string): Promise<ChildProcess> => {
    const enter = `echo 0 > ${place.v2Dir}/cgroup.procs && echo ready && exec /bin/sh -c "$0"`;
    const child = spawn('/bin/sh', ['-c', enter, script]);
    children.push(child);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return child;
  };

  test('a tree that forks is killed whole', async () => {
    const place = cgroups.create('a', {}, PRIVILEGED_DEVICE_RULES);
    expect(place).toMatchObject({ tasksFiles: [], v2Dir: `${root}/${instance}/a` });
    await started(
      place,
      "trap '' TERM; setsid sh -c 'while :; do sleep 0.01; done' & while :; do sleep 0.01 & wait; done",
    );
    expect(cgroups.pids('a').length).toBeGreaterThan(0);
    await cgroups.kill('a');
    expect(cgroups.pids('a')).toEqual([]);
    await cgroups.remove('a');
    expect(cgroups.list()).toEqual([]);
  });

  test('frozen, thawed, and killed while frozen', async () => {
    const child = await started(cgroups.create('a', {}, PRIVILEGED_DEVICE_RULES), 'exec sleep 100');
    await cgroups.freeze('a');
    const frozen = (): string => readFileSync(`${root}/${instance}/a/cgroup.events`, 'utf8');
    expect(frozen()).toMatch(/^frozen 1$/m);
    await cgroups.thaw('a');
    expect(frozen()).toMatch(/^frozen 0$/m);
    await cgroups.freeze('a');
    const closed = once(child, 'close');
    await cgroups.kill('a');
    expect(await closed).toEqual([null, 'SIGKILL']);
  });

  test('the launcher has a leaf of its own', () => {
    expect(cgroups.launcherDirs()).toMatchObject({ tasksFiles: [], v2Dir: `${root}/${instance}/launcher` });
    expect(cgroups.list()).toEqual([]);
  });

  test('a limit without its controller is a problem, and leaves nothing', () => {
    const controllers = readFileSync(`${root}/cgroup.controllers`, 'utf8');
    if (controllers.includes('pids'))
      return void cgroups.create('a', { pidsMax: 5 }, PRIVILEGED_DEVICE_RULES);
    expect(() => cgroups.create('a', { pidsMax: 5 }, PRIVILEGED_DEVICE_RULES)).toThrow(
      'no cgroup controller pids',
    );
    expect(cgroups.list()).toEqual([]);
  });

  test('the kernel verifies the device program, and it refuses what the rules do', async () => {
    const { deviceProgram, v2Dir } = cgroups.create('a', {}, DEVICE_RULES);
    attach(deviceProgram as Uint8Array, v2Dir as string);
    const script = 'for d in null zero full random urandom kmsg; do (: < /dev/$d) 2>&- && echo $d; done';
    const enter = `echo 0 > ${v2Dir}/cgroup.procs && exec /bin/sh -c "$0"`;
    const free = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
    const held = spawnSync('/bin/sh', ['-c', enter, script], { encoding: 'utf8' });
    expect(free.stdout.split('\n')).toContain('kmsg');
    expect(held.stdout).toBe('null\nzero\nfull\nrandom\nurandom\n');
  });
});

/** bpf(2): BPF_PROG_LOAD of a BPF_PROG_TYPE_CGROUP_DEVICE, then BPF_PROG_ATTACH as BPF_CGROUP_DEVICE. */
function attach(program: Uint8Array, folder: string): void {
  const call = koffi.load(null).func('long syscall(long, long, void *, long)');
  const bpf = (command: number, attributes: Buffer): number => {
    const result = Number(call(process.arch === 'x64' ? 321 : 280, command, attributes, attributes.length));
    if (result < 0)
      throw new Error(`bpf ${command}: errno ${koffi.errno()}: ${log.toString('latin1').split('\0')[0]}`);
    return result;
  };
  const log = Buffer.alloc(65536);
  const license = Buffer.from('Apache-2.0\0');
  const load = Buffer.alloc(48);
  load.writeUInt32LE(15, 0);
  load.writeUInt32LE(program.length / 8, 4);
  load.writeBigUInt64LE(koffi.address(program) as bigint, 8);
  load.writeBigUInt64LE(koffi.address(license) as bigint, 16);
  load.writeUInt32LE(1, 24);
  load.writeUInt32LE(log.length, 28);
  load.writeBigUInt64LE(koffi.address(log) as bigint, 32);
  const loaded = bpf(5, load);
  const target = openSync(folder, 'r');
  const attachment = Buffer.alloc(16);
  [target, loaded, 6, 0].forEach((each, at) => attachment.writeUInt32LE(each, at * 4));
  try {
    bpf(8, attachment);
  } finally {
    closeSync(target);
    closeSync(loaded);
  }
}
