/** kill -9 of the daemon, the launcher and shims: containers do not notice, and nothing acknowledged is lost. */
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { killAtRandom } from '../lab/crash-rounds.ts';
import { composed, upOf } from '../lab/composed.ts';
import { catchesTerm, ended } from '../lab/ending.ts';
import { bootstrapBusybox, execIn, forever, idle, make, runToEnd, sh, startNew } from '../lab/engine.ts';
import { FEW, idleScript, shell } from '../lab/fleet.ts';
import { type Instance, startInstance, until } from '../lab/instance.ts';
import { counting, gaps } from '../lab/counting.ts';

let instance: Instance;
const client = (): Instance['client'] => instance.client;
beforeEach(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
});
afterEach(() => instance.purge());

const crash = async (): Promise<void> => instance.stop('SIGKILL');
const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
const pidOf = async (id: string): Promise<number> => (await client().getContainer(id)).pid as number;
const shimOf = async (id: string): Promise<number> => parentOf(await pidOf(id));
describe('the daemon', () => {
  test('killed at random instants of work: all are adopted, nothing is lost, nothing is left after rm', async () => {
    const { failures } = await killAtRandom(instance, { seed: 20261122, rounds: 3, size: FEW });
    expect(failures).toEqual([]);
  }, 180_000);

  test('published ports go on, and a running connection does not break', async () => {
    const ports = [{ containerPort: 7, protocol: 'tcp' }] as const;
    const id = await startNew(client(), sh('exec nc -ll -p 7 -e cat', { ports }));
    const port = (await client().getContainer(id)).ports[0]?.hostPort as number;
    await until(() => answers(port), 'it to listen');
    const lasting = await openEcho(port);
    expect(await lasting.say('before')).toBe('before');
    await crash();
    expect(await lasting.say('between')).toBe('between');
    await instance.start();
    expect(await lasting.say('after')).toBe('after');
    lasting.close();
    const fresh = await openEcho(port);
    expect(await fresh.say('fresh')).toBe('fresh');
    fresh.close();
    // It is held again: nobody else on this host gets it.
    await expect(listenOn(port)).rejects.toThrow(/EADDRINUSE/);
  });

  test('an end is told once, by whoever finds it', async () => {
    const { id: before } = await runToEnd(client(), sh('exit 3'));
    const meanwhile = await startNew(client(), counting(4));
    await until(
      () =>
        readFileSync(join(instance.folder, 'root/containers', before, 'state.json'), 'utf8').includes(
          '"exit"',
        ),
      'its end to be settled',
    );
    const pid = await pidOf(meanwhile);
    await crash();
    await until(() => catchesTerm(pid), 'its trap');
    process.kill(pid, 'SIGTERM');
    await until(ended(pid), 'its end');
    await instance.start();
    expect(await deaths()).toEqual([meanwhile]);
    await until(
      () =>
        readFileSync(join(instance.folder, 'root/containers', meanwhile, 'state.json'), 'utf8').includes(
          '"exit"',
        ),
      'that end to be settled too',
    );
    await crash();
    await instance.start();
    expect(await deaths()).toEqual([]);
    expect((await client().getContainer(before)).exit?.code).toBe(3);
    expect((await client().getContainer(meanwhile)).exit?.code).toBe(4);
  });

  test('a start that failed is neither begun again nor taken for one that ran', async () => {
    const id = await make(client(), { image: 'busybox', command: ['/no/such/program'] });
    await expect(client().startContainer(id)).rejects.toThrow();
    await crash();
    await instance.start();
    const { status, attempt, exit, error } = await client().getContainer(id);
    expect({ status, attempt, exit }).toEqual({ status: 'created', attempt: 0, exit: undefined });
    expect(error).toContain('/no/such/program');
  });

  test('a container that ended meanwhile and comes back has its ports again', async () => {
    const restart = { condition: 'always', delay: { kind: 'backoff' } } as const;
    const ports = [{ containerPort: 7, protocol: 'tcp' }] as const;
    const id = await startNew(client(), sh('exec nc -ll -p 7 -e cat', { ports, restart }));
    const pid = await pidOf(id);
    await crash();
    process.kill(pid, 'SIGKILL');
    await until(ended(pid), 'its end');
    await instance.start();
    const again = async (): Promise<boolean> => {
      const { status, attempt } = await client().getContainer(id);
      return status === 'running' && attempt === 2;
    };
    await until(again, 'its next attempt');
    const port = (await client().getContainer(id)).ports[0]?.hostPort as number;
    await until(() => answers(port), 'it to listen');
    const echo = await openEcho(port);
    expect(await echo.say('again')).toBe('again');
    echo.close();
  });

  test('restart policies and health checks go on; what was stopped stays so', async () => {
    const restart = { condition: 'always', delay: { kind: 'backoff' } } as const;
    const comes = await startNew(client(), idle({ restart }));
    const stopped = await startNew(client(), idle({ restart }));
    const paused = await startNew(client(), sh('exit 1', { restart }));
    const given = await startNew(
      client(),
      sh('exit 5', { restart: { ...restart, condition: 'on-failure', maxAttempts: 2 } }),
    );
    const healthcheck = { test: ['CMD', 'test', '-e', '/ok'], intervalMs: 100, retries: 1 };
    const checked = await startNew(client(), idle({ healthcheck }));
    await execIn(client(), checked, ['touch', '/ok']);
    await until(async () => (await client().getContainer(checked)).health === 'healthy', 'health');
    await client().stopContainer(stopped, {});
    await until(async () => (await client().getContainer(paused)).restarts >= 4, 'a long pause');
    await client().stopContainer(paused, {});
    await until(
      async () => (await client().getContainer(given)).status === 'exited',
      'the policy to give up',
    );
    const pid = await pidOf(comes);
    await crash();
    process.kill(pid, 'SIGKILL');
    await until(ended(pid), 'its end');
    await instance.start();
    await until(
      async () => (await client().getContainer(comes)).attempt === 2,
      'the restart of what ended meanwhile',
    );
    await until(async () => (await client().getContainer(checked)).health === 'healthy', 'health again');
    await execIn(client(), checked, ['rm', '/ok']);
    await until(async () => (await client().getContainer(checked)).health === 'unhealthy', 'its loss');
    expect((await client().getContainer(stopped)).status).toBe('exited');
    expect((await client().getContainer(paused)).status).toBe('exited');
    expect(await client().getContainer(given)).toMatchObject({
      status: 'exited',
      attempt: 3,
      exit: { code: 5 },
    });
  });

  test('what was made, ended or failed before is known after', async () => {
    const created = await make(client(), idle(), 'created');
    const { id } = await runToEnd(client(), sh('echo said; exit 3'));
    const gone = await startNew(client(), idle({ autoRemove: true }), 'gone');
    const pid = await pidOf(gone);
    await crash();
    process.kill(pid, 'SIGKILL');
    await until(ended(pid), 'its end');
    await instance.start();
    expect(await client().getContainer(created)).toMatchObject({ status: 'created', name: 'created' });
    expect(await client().getContainer(id)).toMatchObject({
      status: 'exited',
      exit: { code: 3, reason: 'exit' },
    });
    await until(
      async () => (await client().listContainers({ all: true })).length === 2,
      '--rm to take effect',
    );
    await client().startContainer(created);
    await client().startContainer(id);
    expect((await client().waitContainer(id, 'not-running', forever())).code).toBe(3);
  });
});

/** Containers that this daemon says to have died. */
async function deaths(): Promise<readonly string[]> {
  const ids: string[] = [];
  const query = { sinceMs: 0, untilMs: Date.now(), filters: { type: ['container'], event: ['die'] } };
  for await (const { actor } of client().events(query, forever())) ids.push(actor.id);
  return ids;
}

const UP = `
services:
  stays: { image: busybox, command: ${shell(idleScript)} }
  comes: { image: busybox, command: ${shell(idleScript)}, restart: on-failure }
`;

/** Ids of the two tasks. */
async function startTasks(): Promise<readonly [string, string]> {
  await upOf(client(), await composed('both', UP));
  const isUp = async (): Promise<boolean> => {
    const { tasks } = await client().getProject('both');
    return tasks.length === 2 && tasks.every(({ status }) => status.phase === 'running');
  };
  await until(isUp, 'the project to run');
  return [(await client().getContainer('both-stays-1')).id, (await client().getContainer('both-comes-1')).id];
}

describe('launcher and shims', () => {
  test('kill -9 of the launcher: containers run on, and the next start has a new one', async () => {
    const id = await startNew(client(), counting(0));
    const launcher = parentOf(await shimOf(id));
    expect(readFileSync(`/proc/${launcher}/cmdline`, 'latin1')).toContain('serve');
    process.kill(launcher, 'SIGKILL');
    const other = await startNew(client(), idle());
    expect((await execIn(client(), id, ['echo', 'alive'])).stdout).toBe('alive\n');
    expect(parentOf(await shimOf(other))).not.toBe(launcher);
    await client().stopContainer(id, {});
    expect((await client().getContainer(id)).exit?.code).toBe(0);
    expect(await gaps(client(), id)).toEqual([]);
  });

  test('kill -9 of a shim: its container is killed and failed, and the policy applies', async () => {
    const plain = await startNew(client(), idle());
    const restart = { condition: 'on-failure', delay: { kind: 'backoff' } } as const;
    const policy = await startNew(client(), idle({ restart }));
    const pids = [await pidOf(plain), await pidOf(policy)];
    for (const id of [plain, policy]) process.kill(await shimOf(id), 'SIGKILL');
    await until(async () => (await client().getContainer(plain)).status === 'exited', 'the loss to be seen');
    expect((await client().getContainer(plain)).exit).toMatchObject({ code: 137, reason: 'shim lost' });
    await until(async () => (await client().getContainer(policy)).attempt === 2, 'the restart');
    await until(() => pids.every((pid) => ended(pid)()), 'their processes to end');
    await client().startContainer(plain);
    expect((await execIn(client(), plain, ['echo', 'again'])).stdout).toBe('again\n');
  });

  test('kill -9 of the launcher and of shims: tasks are treated alike', async () => {
    const [stays, comes] = await startTasks();
    const pids = [await pidOf(stays), await pidOf(comes)];
    process.kill(parentOf(await shimOf(stays)), 'SIGKILL');
    expect((await execIn(client(), comes, ['echo', 'alive'])).stdout).toBe('alive\n');
    for (const id of [stays, comes]) process.kill(await shimOf(id), 'SIGKILL');
    await until(async () => (await client().getContainer(comes)).attempt === 2, 'the restart');
    await until(async () => (await client().getContainer(stays)).status === 'exited', 'the loss to be seen');
    const { tasks } = await client().getProject('both');
    expect(tasks.find(({ spec }) => spec.service === 'stays')?.status).toMatchObject({
      phase: 'exited',
      exit: { code: 137, reason: 'shim lost' },
    });
    await until(() => pids.every((pid) => ended(pid)()), 'their processes to end');
    await client().actProject('both', { kind: 'start', services: ['stays'] });
    await until(async () => (await client().getContainer(stays)).status === 'running', 'the start by hand');
  });

  test('a task whose shim was killed while the daemon was down is found, and its policy applies', async () => {
    const [stays, comes] = await startTasks();
    const shims = [await shimOf(stays), await shimOf(comes)];
    await crash();
    for (const shim of shims) process.kill(shim, 'SIGKILL');
    await until(() => shims.every((shim) => ended(shim)()), 'the shims to end');
    await instance.start();
    await until(async () => (await client().getContainer(comes)).attempt === 2, 'the restart');
    expect(await client().getContainer(stays)).toMatchObject({
      status: 'exited',
      exit: { code: 137, reason: 'shim lost' },
    });
    await crash();
    await instance.start();
    expect(await client().getContainer(stays)).toMatchObject({ status: 'exited', attempt: 1 });
  });

  test('a shim that was killed while the daemon was down is found', async () => {
    const id = await startNew(client(), idle());
    const pid = await pidOf(id);
    const shim = await shimOf(id);
    await crash();
    process.kill(shim, 'SIGKILL');
    await until(ended(shim), 'the shim to end');
    await instance.start();
    expect((await client().getContainer(id)).exit).toMatchObject({ code: 137, reason: 'shim lost' });
    await until(ended(pid), 'its program to end');
    await client().startContainer(id);
    expect((await client().getContainer(id)).status).toBe('running');
  });
});

const answers = (port: number): Promise<boolean> =>
  openEcho(port).then(
    (echo) => {
      echo.close();
      return true;
    },
    () => false,
  );

async function openEcho(port: number): Promise<{ say(text: string): Promise<string>; close(): void }> {
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return {
    say: (text) =>
      new Promise((resolve, reject) => {
        socket.once('data', (data) => resolve(data.toString('utf8')));
        socket.once('close', () => reject(new Error('the connection broke')));
        socket.write(text);
      }),
    close: () => socket.destroy(),
  };
}

function listenOn(port: number): Promise<void> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '0.0.0.0', () => server.close(() => resolve()));
  });
}
