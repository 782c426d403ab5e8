/** Ends, execs, and a daemon that dies. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { execIn, forever, idle, logsOf, runToEnd, sh, startNew } from '../../lab/engine.ts';
import { until } from '../../lab/instance.ts';
import { type Case, groupFile, groupOf, revive } from './case.ts';

const MB = 2 ** 20;
const FORKS = 'trap "" TERM; for i in 1 2 3 4 5; do setsid sh -c "while :; do sleep 0.01; done" & done; wait';

/** As systemd does in a container: its own cgroup must be empty before it can hand controllers on. */
const NESTS = `cd /sys/fs/cgroup && mkdir inner && echo 1 > inner/cgroup.procs &&
  echo +pids > cgroup.subtree_control && while :; do sleep 1; done`;

const pidsIn = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

export const LIFE: readonly Case[] = [
  {
    name: 'removal by force kills a tree that forks, and its cgroup goes',
    run: async (instance) => {
      const { client } = instance;
      const id = await startNew(client, sh(FORKS));
      await until(() => pidsIn(groupFile(instance, id, 'cgroup.procs')).length > 5, 'the tree');
      const pids = pidsIn(groupFile(instance, id, 'cgroup.procs'));
      await client.removeContainer(id, { force: true });
      assert.deepEqual(
        pids.filter((pid) => existsSync(`/proc/${pid}`)),
        [],
      );
      await until(() => !existsSync(groupOf(instance, id)), 'its cgroup to go');
    },
  },
  {
    name: 'the end of the first process ends all others',
    run: async (instance) => {
      const { client } = instance;
      const { id } = await runToEnd(client, sh('setsid sleep 1000 & setsid sleep 1000 & exit 3'));
      assert.equal(groupFile(instance, id, 'cgroup.procs'), '');
      assert.equal((await client.getContainer(id)).exit?.code, 3);
    },
  },
  {
    name: 'exec starts its program in the container’s cgroup',
    run: async (instance) => {
      const { client, name } = instance;
      const id = await startNew(client, idle());
      const exec = await client.createExec(id, { argv: ['sleep', '1000'], tty: false, stdin: false });
      const duplex = await client.startExec(exec.id);
      const { pid } = await client.getExec(exec.id);
      assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), new RegExp(`^0::/${name}/${id}`));
      assert.equal((await execIn(client, id, ['cat', '/proc/self/cgroup'])).stdout.slice(0, 4), '0::/');
      duplex.close();
    },
  },
  {
    name: 'memory that an exec takes counts against the container',
    run: async (instance) => {
      const { client } = instance;
      const id = await startNew(client, idle({ resources: { memoryBytes: 24 * MB } }));
      assert.equal((await execIn(client, id, ['tail', '/dev/zero'])).code, 137);
      assert.equal((await client.getContainer(id)).status, 'running');
    },
  },
  {
    name: 'a health probe that takes too long is killed with all that it started',
    run: async (instance) => {
      const { client } = instance;
      const probe = 'setsid sleep 777 & sleep 778';
      const healthcheck = { test: ['CMD-SHELL', probe], intervalMs: 200, timeoutMs: 500, retries: 1 };
      const id = await startNew(client, idle({ healthcheck }));
      const health = async (): Promise<string> => (await client.getContainer(id)).health;
      await until(async () => (await health()) === 'unhealthy', 'the probe to fail');
      const { stdout } = await execIn(client, id, ['ps']);
      assert.ok(stdout.split('\n').filter((line) => line.includes('sleep 777')).length <= 1, stdout);
      await client.stopContainer(id, { timeoutMs: 2000 });
      await client.removeContainer(id, {});
      await until(() => !existsSync(groupOf(instance, id)), 'its cgroup to go, with those below it');
    },
  },
  {
    name: 'with the host’s cgroup namespace a container sees where it is',
    run: async ({ client, name }) => {
      const { id, stdout } = await runToEnd(
        client,
        sh('cat /proc/self/cgroup', { cgroupnsMode: { kind: 'host' } }),
      );
      assert.equal(stdout, `0::/${name}/${id}\n`);
    },
  },
  {
    name: 'a privileged container makes cgroups of its own, is entered by exec, and goes with all of them',
    run: async (instance) => {
      const { client } = instance;
      const id = await startNew(client, idle({ privileged: true, command: ['sh', '-c', NESTS] }));
      await until(() => groupFile(instance, id, 'inner/pids.current') !== '', 'its own cgroups');
      assert.equal((await execIn(client, id, ['echo', 'inside'])).stdout, 'inside\n');
      await client.removeContainer(id, { force: true });
      await until(() => !existsSync(groupOf(instance, id)), 'its cgroup to go, with those below it');
    },
  },
  {
    name: 'a stopped container gets its signal, then dies after the grace time',
    run: async ({ client }) => {
      const kind = await startNew(client, idle());
      await client.stopContainer(kind, { timeoutMs: 20_000 });
      assert.equal((await client.getContainer(kind)).exit?.code, 0);
      const deaf = await startNew(client, sh('trap "" TERM; while :; do sleep 0.1; done'));
      await client.stopContainer(deaf, { timeoutMs: 300 });
      assert.equal((await client.getContainer(deaf)).exit?.code, 137);
    },
  },
  {
    name: 'a daemon that is killed finds its containers again, with their limits',
    run: async (instance) => {
      const { client } = instance;
      const id = await startNew(client, idle({ resources: { memoryBytes: 24 * MB } }));
      const { pid } = await client.getContainer(id);
      await instance.stop('SIGKILL');
      assert.ok(existsSync(`/proc/${pid}`));
      await revive(instance);
      const found = await client.getContainer(id);
      assert.deepEqual([found.status, found.pid, found.attempt], ['running', pid, 1]);
      assert.equal((await execIn(client, id, ['tail', '/dev/zero'])).code, 137);
      await client.stopContainer(id, { timeoutMs: 5000 });
      assert.equal((await client.getContainer(id)).exit?.oomKilled, true);
    },
  },
  {
    name: 'what happened while no daemon lived is known to the next: output, code, want of memory',
    run: async (instance) => {
      const { client } = instance;
      const plain = await startNew(client, sh('sleep 0.5; echo late; exit 7'));
      const greedy = await startNew(
        client,
        sh('sleep 0.5; exec tail /dev/zero', { resources: { memoryBytes: 24 * MB } }),
      );
      await instance.stop('SIGKILL');
      const gone = (id: string): boolean => groupFile(instance, id, 'cgroup.procs') === '';
      await until(() => gone(plain) && gone(greedy), 'both to end');
      await revive(instance);
      const ended = (id: string) => client.waitContainer(id, 'not-running', forever());
      assert.equal((await ended(plain)).code, 7);
      assert.equal((await logsOf(client, plain)).stdout, 'late\n');
      const { code, oomKilled } = await ended(greedy);
      assert.deepEqual([code, oomKilled], [137, true]);
    },
  },
  {
    name: 'sixteen containers at once, each with a limit of its own',
    run: async (instance) => {
      const { client } = instance;
      const limits = Array.from({ length: 16 }, (_, at) => 20 + at);
      const ids = await Promise.all(
        limits.map((pidsMax) => startNew(client, idle({ resources: { pidsMax } }))),
      );
      assert.deepEqual(
        ids.map((id) => groupFile(instance, id, 'pids.max')),
        limits.map(String),
      );
    },
  },
];
