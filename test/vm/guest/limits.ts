/** Limits that a cgroup v2 host enforces. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Resources } from '@orc/model';
import { execIn, forever, idle, make, problemOf, runToEnd, sh, startNew } from '../../lab/engine.ts';
import { until } from '../../lab/instance.ts';
import { type Case, groupFile, groupOf, keyed } from './case.ts';

const MB = 2 ** 20;

const WRITTEN: readonly (readonly [file: string, value: string, resources: Resources])[] = [
  ['memory.max', String(64 * MB), { memoryBytes: 64 * MB }],
  ['memory.swap.max', String(64 * MB), { memoryBytes: 64 * MB }],
  ['memory.swap.max', String(32 * MB), { memoryBytes: 64 * MB, memorySwapBytes: 96 * MB }],
  ['memory.low', String(16 * MB), { memoryReservationBytes: 16 * MB }],
  ['pids.max', '40', { pidsMax: 40 }],
  ['pids.max', 'max', { pidsMax: -1 }],
  ['cpu.max', '25000 100000', { nanoCpus: 0.25e9 }],
  ['cpu.max', '20000 50000', { cpuQuotaUs: 20_000, cpuPeriodUs: 50_000 }],
  ['cpu.weight', '100', { cpuShares: 1024 }],
  ['cpu.weight', '1', { cpuShares: 2 }],
  ['cpuset.cpus', '1', { cpusetCpus: '1' }],
  ['cpuset.mems', '0', { cpusetMems: '0' }],
  ['io.bfq.weight', 'default 300', { blkioWeight: 300 }],
];

const written = WRITTEN.map(
  ([file, value, resources]): Case => ({
    name: `${JSON.stringify(resources)} is ${file} ${value}`,
    run: async (instance) => {
      const id = await startNew(instance.client, idle({ resources }));
      assert.equal(groupFile(instance, id, file), value);
    },
  }),
);

export const LIMITS: readonly Case[] = [
  {
    name: 'the host is one of pure cgroup v2',
    run: async ({ client }) => {
      const { cgroup, missing } = await client.info();
      assert.equal(cgroup, 'v2');
      assert.deepEqual(
        missing.filter((each) => each !== 'apparmor'),
        [],
      );
    },
  },
  {
    name: 'every controller reaches a container',
    run: async (instance) => {
      const id = await startNew(instance.client, idle());
      const controllers = groupFile(instance, id, 'cgroup.controllers').split(' ');
      for (const each of ['cpu', 'cpuset', 'io', 'memory', 'pids'])
        assert.ok(controllers.includes(each), `${each} in ${controllers.join(' ')}`);
    },
  },
  ...written,
  {
    name: 'more memory than allowed ends with 137, and says so',
    run: async ({ client }) => {
      const { exit } = await runToEnd(client, {
        ...sh('exec tail /dev/zero'),
        resources: { memoryBytes: 24 * MB },
      });
      assert.deepEqual(
        { code: exit.code, oomKilled: exit.oomKilled, reason: exit.reason },
        { code: 137, oomKilled: true, reason: 'oom' },
      );
    },
  },
  {
    name: 'a child that is killed for memory is told, and leaves the container alone',
    run: async ({ client }) => {
      const resources = { memoryBytes: 24 * MB };
      const { exit, stdout } = await runToEnd(client, sh('tail /dev/zero; echo $?', { resources }));
      assert.deepEqual([stdout, exit.code, exit.oomKilled], ['137\n', 0, true]);
    },
  },
  {
    name: 'a container that stays below its limit is not said to be out of memory',
    run: async ({ client }) => {
      const id = await startNew(client, idle({ resources: { memoryBytes: 24 * MB } }));
      await client.killContainer(id, 'KILL');
      const exit = await client.waitContainer(id, 'not-running', forever());
      assert.deepEqual([exit.code, exit.oomKilled, exit.reason], [137, false, 'signal']);
    },
  },
  {
    name: 'the launcher and its shims live in a leaf of their own and are not charged to containers',
    run: async (instance) => {
      const id = await startNew(instance.client, idle({ command: ['sleep', '1000'] }));
      assert.equal(groupFile(instance, id, 'pids.current'), '1');
      assert.ok(groupFile(instance, 'launcher', 'cgroup.procs').split('\n').length >= 2);
    },
  },
  {
    name: 'a fork beyond the number of processes is refused',
    run: async (instance) => {
      const script = 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; echo all';
      const { stderr, stdout } = await runToEnd(instance.client, sh(script, { resources: { pidsMax: 6 } }));
      assert.match(stderr, /can't fork: Resource temporarily unavailable/);
      assert.equal(stdout, '');
    },
  },
  {
    name: 'a busy loop is held to its share of a processor',
    run: async (instance) => {
      const spec = sh('while :; do :; done', { resources: { nanoCpus: 0.1e9 } });
      const id = await startNew(instance.client, spec);
      const throttled = (): number => keyed(groupFile(instance, id, 'cpu.stat'), 'nr_throttled');
      await until(() => throttled() >= 3, 'the loop to be throttled');
    },
  },
  {
    name: 'a set of processors is what a program sees',
    run: async ({ client }) => {
      const { stdout } = await runToEnd(
        client,
        sh('grep Cpus_allowed_list /proc/self/status; nproc', { resources: { cpusetCpus: '1' } }),
      );
      assert.equal(stdout, 'Cpus_allowed_list:\t1\n1\n');
    },
  },
  {
    name: 'a processor that the host does not have is refused, and leaves no cgroup',
    run: async (instance) => {
      const { client } = instance;
      const id = await make(client, idle({ resources: { cpusetCpus: '0-9' } }));
      assert.match((await problemOf(client.startContainer(id))).message, /cpuset\.cpus/);
      assert.equal(existsSync(groupOf(instance, id)), false);
    },
  },
  {
    name: 'a container reads its own limits below /sys/fs/cgroup, and changes nothing there',
    run: async ({ client }) => {
      const resources = { memoryBytes: 64 * MB };
      const id = await startNew(client, idle({ resources }));
      const read = await execIn(client, id, ['cat', '/sys/fs/cgroup/memory.max', '/proc/1/cgroup']);
      assert.equal(read.stdout, `${64 * MB}\n0::/\n`);
      assert.notEqual((await execIn(client, id, ['mkdir', '/sys/fs/cgroup/own'])).code, 0);
      const write = await execIn(client, id, ['sh', '-c', 'echo max > /sys/fs/cgroup/memory.max']);
      assert.match(write.stderr, /Read-only file system/);
    },
  },
  {
    name: 'limits that only v1 has are passed over',
    run: async (instance) => {
      const resources = { memoryBytes: 64 * MB, memorySwappiness: 10, oomKillDisable: true };
      const id = await startNew(instance.client, idle({ resources }));
      assert.equal(groupFile(instance, id, 'memory.max'), String(64 * MB));
    },
  },
  {
    name: 'limits hold again after a restart',
    run: async (instance) => {
      const id = await startNew(instance.client, idle({ resources: { pidsMax: 33 } }));
      await instance.client.restartContainer(id, { timeoutMs: 2000 });
      assert.equal(groupFile(instance, id, 'pids.max'), '33');
    },
  },
  {
    name: 'the cgroup of a container that has ended is empty, and goes with it',
    run: async (instance) => {
      const { id } = await runToEnd(instance.client, sh('true'));
      assert.equal(groupFile(instance, id, 'cgroup.procs'), '');
      await instance.client.removeContainer(id, {});
      await until(() => !existsSync(groupOf(instance, id)), 'its cgroup to go');
    },
  },
];
