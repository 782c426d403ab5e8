/** A node's own containers on a network that others share: it asks for addresses as it needs them (DECISIONS 26). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ContainerSpec } from '@orc/model';
import { bootstrapBusybox, execIn, idle, make, problemOf } from '../lab/engine.ts';
import { type Instance, startInstance } from '../lab/instance.ts';

let instance: Instance;
beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
});
afterAll(() => instance.purge());

/** More than two blocks of sixteen have. */
const COUNT = 40;
const on = (network: string): ContainerSpec =>
  idle({ networkMode: { kind: 'networks', attachments: [{ network }] } });

test('forty containers that start at once have an address each, and reach each other', async () => {
  const { client } = instance;
  await client.createNetwork('wide', { driver: 'bridge' });
  const names = Array.from({ length: COUNT }, (_, index) => `box-${index}`);
  const ids = await Promise.all(names.map((name) => make(client, on('wide'), name)));
  await Promise.all(ids.map((id) => client.startContainer(id)));
  const containers = await Promise.all(ids.map((id) => client.getContainer(id)));
  const addresses = containers.map(({ endpoints }) => endpoints[0]?.ipv4 as string);
  expect(new Set(addresses).size).toBe(COUNT);
  expect((await client.getNetwork('wide')).status.blocks.length).toBe(3);
  const said = await execIn(client, ids[0] as string, ['ping', '-c1', '-W5', names.at(-1) as string]);
  expect(said.stdout).toContain(addresses.at(-1) as string);
  expect(said.code).toBe(0);
}, 120_000);

test('a network whose user chose its subnet does not grow, and says so', async () => {
  const { client } = instance;
  await client.createNetwork('narrow', { driver: 'bridge', subnets: [{ subnet: '10.251.7.0/29' }] });
  // Five addresses beside the gateway's, which the node gets in blocks as large as fit.
  for (let i = 0; i < 5; i += 1) await client.startContainer(await make(client, on('narrow')));
  const { message } = await problemOf(make(client, on('narrow')).then((id) => client.startContainer(id)));
  expect(message).toBe('network narrow has no addresses left to give to a node');
});
