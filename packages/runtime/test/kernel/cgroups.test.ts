/** Limits that limit, on this machine's own cgroups. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Resources } from '@orc/model';
import { type CgroupPlace, type Cgroups, detectCgroups, openCgroups } from '../../src/host/cgroups.ts';
import { DEVICE_RULES, PRIVILEGED_DEVICE_RULES } from '../../src/plan/paths.ts';
import { clock } from './fixture.ts';

const { kind, v1 } = detectCgroups();
const reason =
  process.getuid?.() !== 0 ? 'not root' : kind === 'v2' ? 'v2: see the virtual machine’s tests' : '';
if (reason !== '') console.warn(`cgroup tests skipped: ${reason}`);

describe.skipIf(reason !== '')('cgroups of this host', () => {
  const instance = `orc-${randomBytes(3).toString('hex')}`;
  let cgroups: Cgroups;
  let children: ChildProcess[] = [];

  beforeEach(() => {
    cgroups = openCgroups({ instance, emit: () => undefined, clock });
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    await cgroups.removeAll();
    expect(Object.values(v1).filter((root) => existsSync(`${root}/${instance}`))).toEqual([]);
  });

  const shell = (place: CgroupPlace, script: string): ChildProcess => {
    const enter = place.tasksFiles.map((file) => `echo 0 > ${file}`).join(' && ');
    const child = spawn('/bin/sh', ['-c', `${enter} && exec /bin/sh -c "$0"`, script]);
    children.push(child);
    return child;
  };
  const run = async (
    place: CgroupPlace,
    script: string,
  ): Promise<{ code: number | null; signal: string | null; out: string }> => {
    const child = shell(place, script);
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (out += data));
    const [code, signal] = await once(child, 'close');
    return { code, signal, out };
  };
  const started = async (place: CgroupPlace, script: string): Promise<ChildProcess> => {
    const child = shell(place, `echo ready; ${script}`);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return child;
  };
  const create = (resources: Resources = {}, rules = PRIVILEGED_DEVICE_RULES): CgroupPlace =>
    cgroups.create('a', resources, rules);

  test('a memory hog is killed, and counted', async () => {
    const place = create({ memoryBytes: 20 << 20, memorySwapBytes: 20 << 20 });
    const ended = await run(place, 'exec head -c 100m /dev/zero | tail -c 100m > /dev/null');
    expect(readFileSync(place.oomFile as string, 'utf8')).toMatch(/^oom_kill [1-9]/m);
    expect(ended.code).not.toBe(0);
    expect(cgroups.stats('a').memoryLimitBytes).toBe(20 << 20);
  });

  test('within its limit it is not', async () => {
    const place = create({ memoryBytes: 50 << 20 });
    expect(await run(place, 'head -c 4m /dev/zero | tail -c 4m > /dev/null')).toMatchObject({ code: 0 });
    expect(readFileSync(place.oomFile as string, 'utf8')).toMatch(/^oom_kill 0$/m);
  });

  test('pids.max refuses a fork', async () => {
    const { out } = await run(create({ pidsMax: 3 }), 'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait');
    expect(out).toMatch(/fork/i);
  });

  test('only the devices of the rules open', async () => {
    const place = create({}, DEVICE_RULES);
    expect(await run(place, 'echo x > /dev/null && head -c 1 /dev/urandom > /dev/null')).toMatchObject({
      code: 0,
    });
    const { out, code } = await run(place, 'head -c 1 /dev/kmsg');
    expect(out).toMatch(/not permitted/i);
    expect(code).not.toBe(0);
  });

  test('privileged opens them all', async () => {
    expect(await run(create(), 'exec 3</dev/kmsg')).toMatchObject({ code: 0 });
  });

  test('a cpu quota throttles', async () => {
    const place = create({ nanoCpus: 100_000_000 });
    await started(place, 'while :; do :; done');
    const held = (): number =>
      Number(/^nr_throttled (\d+)$/m.exec(readFileSync(`${v1['cpu']}/${instance}/a/cpu.stat`, 'utf8'))?.[1]);
    const before = cgroups.stats('a');
    const from = held();
    await expect.poll(() => held() - from, { timeout: 20_000 }).toBeGreaterThan(7);
    const after = cgroups.stats('a');
    const share = (after.cpuNs - before.cpuNs) / ((after.at - before.at) * 1e6);
    expect(share).toBeGreaterThan(0.01);
    expect(share).toBeLessThan(0.25);
    expect(after.systemCpuNs).toBeGreaterThan(before.systemCpuNs);
    expect(after.pids).toBe(1);
    expect(after.memoryBytes).toBeGreaterThan(0);
  });

  test('cpuset', async () => {
    const { out } = await run(create({ cpusetCpus: '0' }), 'grep Cpus_allowed_list /proc/self/status');
    expect(out.trim()).toBe('Cpus_allowed_list:\t0');
  });

  test('kill ends a tree that forks, ignores signals and left its session', async () => {
    const place = create();
    await started(
      place,
      "trap '' TERM INT; setsid sh -c 'while :; do sleep 0.01; done' & while :; do sleep 0.01 & wait; done",
    );
    await cgroups.kill('a');
    expect(cgroups.pids('a')).toEqual([]);
    await cgroups.remove('a');
    expect(cgroups.list()).toEqual([]);
  });

  test('one that a killed daemon left frozen lets in whoever starts in it', async () => {
    create();
    await cgroups.freeze('a');
    expect(await run(create(), 'echo in')).toMatchObject({ code: 0, out: 'in\n' });
  });

  test('a frozen container stands still, thaws, and is killed while frozen', async () => {
    const child = await started(create(), 'while :; do sleep 0.01; done');
    await started(cgroups.create('b', {}, PRIVILEGED_DEVICE_RULES), 'while :; do :; done');
    await cgroups.freeze('a');
    const used = cgroups.stats('a').cpuNs;
    // As long as another one gets on by this.
    const other = cgroups.stats('b').cpuNs;
    await expect.poll(() => cgroups.stats('b').cpuNs - other, { timeout: 20_000 }).toBeGreaterThan(30e6);
    expect(cgroups.stats('a').cpuNs).toBe(used);
    await cgroups.thaw('a');
    await expect.poll(() => cgroups.stats('a').cpuNs, { timeout: 20_000 }).toBeGreaterThan(used);
    await cgroups.freeze('a');
    const closed = once(child, 'close');
    await cgroups.kill('a');
    expect(await closed).toEqual([null, 'SIGKILL']);
  });

  test('what the kernel refuses leaves nothing behind', () => {
    expect(() => create({ cpusetCpus: '900' })).toThrow('cannot set cpuset.cpus to "900"');
    expect(cgroups.list()).toEqual([]);
  });

  test('a limit without its controller is a problem that names it', () => {
    const { pids: _, ...rest } = v1;
    const without = openCgroups({ instance, emit: () => undefined, clock, mounts: { kind: 'v1', v1: rest } });
    expect(() => without.create('a', { pidsMax: 3 }, PRIVILEGED_DEVICE_RULES)).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ code: 'kernel.missing' }) }),
    );
    expect(() => without.create('a', { pidsMax: 3 }, PRIVILEGED_DEVICE_RULES)).toThrow('pids');
    expect(without.create('a', {}, PRIVILEGED_DEVICE_RULES).tasksFiles.length).toBeGreaterThan(0);
  });

  test('remove is idempotent, waits for the dying and refuses the living', async () => {
    await cgroups.remove('never');
    const child = await started(create(), 'exec sleep 100');
    child.kill('SIGKILL');
    await cgroups.remove('a');
    expect(cgroups.list()).toEqual([]);
  });

  test('the launcher has a leaf of its own', () => {
    const { tasksFiles } = cgroups.launcherDirs();
    expect(tasksFiles.every((file) => existsSync(file) && file.includes(`/${instance}/launcher/`))).toBe(
      true,
    );
    expect(cgroups.list()).toEqual([]);
  });

  test.each(['', '.', '..', '../x', 'a/../b', '/a', 'a/b', 'a b'])('%j is no id', (id) => {
    expect(() => cgroups.create(id, {}, PRIVILEGED_DEVICE_RULES)).toThrow('is an id');
    expect(() => cgroups.remove(id)).toThrow('is an id');
  });
});
