/** What somebody ended or removed by hand stays so: beside restart policies, and over a crash. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composed, upOf } from '../lab/composed.ts';
import { bootstrapBusybox, execIn, idle, startNew } from '../lab/engine.ts';
import { type Instance, startInstance, until } from '../lab/instance.ts';

let instance: Instance;
const client = (): Instance['client'] => instance.client;
beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
});
afterAll(() => instance.purge());

const always = { condition: 'always', delay: { kind: 'fixed', ms: 0 } } as const;
const statusOf = async (id: string): Promise<unknown> => {
  const { status, attempt } = await client().getContainer(id);
  return { status, attempt };
};
const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));

test('a task that is killed stays down, also under another daemon, until it is started', async () => {
  const text = 'services: { web: { image: busybox, init: true, command: sleep 1000, restart: always } }\n';
  await upOf(client(), await composed('killed', text));
  const find = async (): Promise<string | undefined> =>
    (await client().listContainers({ all: true })).find((each) => each.name === 'killed-web-1')?.id;
  await until(
    async () => (await client().listContainers({ all: false })).some((each) => each.name === 'killed-web-1'),
    'it',
  );
  const id = (await find()) as string;
  await client().killContainer(id, 'SIGKILL');
  await moment();
  expect(await statusOf(id)).toEqual({ status: 'exited', attempt: 1 });
  await instance.stop('SIGKILL');
  await instance.start();
  await moment();
  expect(await statusOf(id)).toEqual({ status: 'exited', attempt: 1 });
  await client().startContainer(id);
  expect(await statusOf(id)).toEqual({ status: 'running', attempt: 2 });
  await client().removeProject('killed', { timeoutMs: 0 });
});

test.each(['SIGKILL', 'SIGTERM'])('so does a container by %s', async (signal) => {
  const id = await startNew(client(), idle({ restart: always, init: true }));
  await client().killContainer(id, signal);
  await until(async () => (await client().getContainer(id)).status === 'exited', 'its end');
  await moment();
  expect(await statusOf(id)).toEqual({ status: 'exited', attempt: 1 });
  await client().removeContainer(id, {});
});

test('a volume that was removed when the daemon died has nothing of its data when it is made anew', async () => {
  const mounts = [{ type: 'volume', source: 'box', target: '/data' }] as const;
  const writer = await startNew(client(), idle({ mounts }));
  await execIn(client(), writer, ['touch', '/data/old']);
  await client().removeContainer(writer, { force: true });
  await instance.stop('SIGKILL');
  await instance.start({ ORC_FAILPOINT: 'orcd.volume.removed' });
  await expect(client().removeVolume('box', {})).rejects.toThrow();
  await instance.ended();
  await instance.start();
  const reader = await startNew(client(), idle({ mounts }));
  expect((await execIn(client(), reader, ['ls', '/data'])).stdout).toBe('');
  await client().removeContainer(reader, { force: true });
});
