/** DECISIONS 4: what comes back after a reboot. Hosts of a test share one boot id, so the marker is changed instead. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootstrapBusybox, idle, startNew } from '../lab/engine.ts';
import { type Instance, startInstance, until } from '../lab/instance.ts';

let instance: Instance;
beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
});
afterAll(() => instance.purge());

const always = idle({ restart: { condition: 'always', delay: { kind: 'backoff' } } });

/** A container's shim dies without a word, and its program with it: nothing is recorded. */
async function pullThePlug(names: readonly string[]): Promise<void> {
  const pids = await Promise.all(
    names.map(async (name) => (await instance.client.getContainer(name)).pid ?? 0),
  );
  await instance.stop('SIGKILL');
  for (const pid of pids) {
    const shim = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    process.kill(shim, 'SIGKILL');
  }
  writeFileSync(join(instance.env['ORC_RUN'] as string, 'boot-id'), 'another boot');
}

test('containers that restart always run again, the others are known to have ended by it', async () => {
  const { client } = instance;
  await startNew(client, always, 'always');
  await startNew(client, idle(), 'once');
  await startNew(client, always, 'stopped');
  await client.stopContainer('stopped', {});
  await pullThePlug(['always', 'once']);
  await instance.start();
  await until(async () => (await client.getContainer('always')).status === 'running', 'the restart');
  expect(await client.getContainer('always')).toMatchObject({ attempt: 2, restarts: 1 });
  expect(await client.getContainer('once')).toMatchObject({ status: 'exited', exit: { reason: 'reboot' } });
  expect(await client.getContainer('stopped')).toMatchObject({ status: 'exited', attempt: 1 });
});
