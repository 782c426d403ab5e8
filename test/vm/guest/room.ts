/** What only the runtime offers: pausing, counters, a child cgroup for an exec with a time limit. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, ContainerId, ContainerSpec, Digest } from '@orc/model';
import { openRuntime, type Running, type Runtime, type StartRequest } from '@orc/runtime';
import { sh } from '../../lab/engine.ts';
import { until } from '../../lab/instance.ts';
import { type Case, keyed } from './case.ts';

const MB = 2 ** 20;
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

type Room = { readonly runtime: Runtime; readonly folder: string; readonly instance: string };

/** A runtime of its own, gone with its containers at the end. */
async function withRoom(
  spec: ContainerSpec,
  work: (runtime: Runtime, request: StartRequest, group: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-room-'));
  const instance = `orc-${randomBytes(3).toString('hex')}`;
  const [root, run] = [join(folder, 'root'), join(folder, 'run')];
  const runtime = await openRuntime({ root, run, instance, emit: () => undefined, clock });
  const request = await requestOf({ runtime, folder, instance }, spec);
  try {
    await work(runtime, request, join('/sys/fs/cgroup', instance, request.id));
  } finally {
    await runtime.remove(request.id, request.folder);
    await runtime.shutdown();
    rmSync(folder, { recursive: true, force: true });
  }
  assert.equal(existsSync(join('/sys/fs/cgroup', instance)), false);
}

const inRoom = (
  spec: ContainerSpec,
  work: (running: Running, group: string) => Promise<void>,
): Promise<void> =>
  withRoom(spec, async (runtime, request, group) => {
    const running = await runtime.start(request);
    await work(running, group);
    await running.kill().catch(() => undefined);
    await running.exited;
  });

async function requestOf({ folder }: Room, spec: ContainerSpec): Promise<StartRequest> {
  const id = randomBytes(32).toString('hex') as ContainerId;
  const layer = join(folder, 'layer');
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp'])
    await mkdir(join(layer, name), { recursive: true });
  await cp('/bin/busybox', join(layer, 'bin/busybox'));
  for (const name of ['sh', 'sleep', 'dd', 'ps', 'echo', 'tail', 'setsid', 'sync'])
    await symlink('busybox', join(layer, 'bin', name));
  await writeFile(join(layer, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  return {
    id,
    folder: join(folder, 'root/containers', id),
    attempt: 1,
    spec,
    image: { id: `sha256:${'0'.repeat(64)}` as Digest, config: {}, layers: [layer] },
    hostname: 'room',
    mounts: [],
    etc: { hosts: '', hostname: 'room\n', resolvConf: '' },
  };
}

const file = (group: string, name: string): string => readFileSync(join(group, name), 'utf8');
const usedUs = (group: string): number => keyed(file(group, 'cpu.stat'), 'usage_usec');

export const ROOM: readonly Case[] = [
  {
    name: 'a paused container gets no processor until it goes on',
    run: () =>
      inRoom(sh('while :; do :; done'), async (running, group) => {
        await running.pause();
        assert.equal(keyed(file(group, 'cgroup.events'), 'frozen'), 1);
        const before = usedUs(group);
        await clock.sleep(200);
        assert.equal(usedUs(group), before);
        await running.unpause();
        assert.equal(keyed(file(group, 'cgroup.events'), 'frozen'), 0);
        await until(() => usedUs(group) > before, 'the loop to go on');
      }),
  },
  {
    name: 'a paused container is killed',
    run: () =>
      inRoom(sh('while :; do sleep 1; done'), async (running) => {
        await running.pause();
        await running.kill();
        assert.equal((await running.exited).code, 137);
      }),
  },
  {
    name: 'a container starts in place seventy times, its devices ruled as the first time',
    run: () =>
      withRoom(sh('echo x > /dev/null && exit 3'), async (runtime, request) => {
        for (let attempt = 1; attempt <= 70; attempt += 1) {
          const running = await runtime.start({ ...request, attempt });
          assert.equal((await running.exited).code, 3, `attempt ${attempt}`);
        }
      }),
  },
  {
    name: 'counters of processor, memory, processes and disk',
    run: () => {
      const script = 'dd if=/dev/zero of=/big bs=1M count=8 conv=fsync 2>/dev/null; while :; do :; done';
      const resources = { memoryBytes: 64 * MB };
      return inRoom(sh(script, { resources }), async (running) => {
        await until(
          async () => (await running.stats()).blockWriteBytes >= 8 * MB,
          'what is written to count',
        );
        await until(async () => (await running.stats()).pids === 1, 'the shell alone to be counted');
        const [first, second] = [await running.stats(), await later(running)];
        assert.equal(first.memoryLimitBytes, 64 * MB);
        assert.ok(first.memoryBytes > 0 && first.memoryBytes < 64 * MB, `${first.memoryBytes} bytes`);
        assert.ok(second.cpuNs > first.cpuNs && second.systemCpuNs > first.systemCpuNs);
      });
    },
  },
  {
    name: 'an exec with a time limit is killed whole in a cgroup of its own, and alone',
    run: () =>
      inRoom(sh('while :; do sleep 1; done'), async (running) => {
        const exec = await running.exec({
          argv: ['sh', '-c', 'setsid sleep 777 & sleep 777'],
          tty: false,
          attach: { stdin: false, stdout: true, stderr: true },
          timeoutMs: 500,
        });
        const place = readFileSync(`/proc/${exec.pid}/cgroup`, 'utf8').trim();
        assert.match(place, new RegExp(`^0::.*/${running.id}/.+`));
        assert.deepEqual(await exec.exited, { code: 137, timedOut: true });
        await until(() => !existsSync(join('/sys/fs/cgroup', place.slice(3))), 'the child cgroup to go');
        assert.ok(existsSync(`/proc/${running.pid}`));
      }),
  },
];

async function later(running: Running): Promise<Awaited<ReturnType<Running['stats']>>> {
  await clock.sleep(100);
  return running.stats();
}
