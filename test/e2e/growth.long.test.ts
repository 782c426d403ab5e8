/** More containers than a /24 has addresses: the network gets a further subnet, and all of them are on one segment. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composed, upOf } from '../lab/composed.ts';
import { bootstrapBusybox, execIn } from '../lab/engine.ts';
import { type Instance, startInstance, until } from '../lab/instance.ts';

let instance: Instance;
beforeAll(async () => {
  instance = await startInstance();
  await bootstrapBusybox(instance);
});
afterAll(() => instance.purge(), 120_000);

const COUNT = 300;

test('three hundred containers of a service', async () => {
  const { client } = instance;
  const text = `services: { web: { image: busybox, init: true, command: sleep 1000000, scale: ${COUNT}, networks: [wide] } }\nnetworks: { wide: {} }\n`;
  await upOf(client, await composed('crowd', text));
  const running = async (): Promise<readonly string[]> =>
    (await client.listContainers({ all: true }))
      .filter(({ status }) => status === 'running')
      .map(({ id }) => id);
  await until(async () => (await running()).length === COUNT, 'all of them to run', undefined, 240_000);
  const { status } = await client.getNetwork('crowd_wide');
  expect(status.subnets.length).toBe(2);
  const containers = await Promise.all((await running()).map((id) => client.getContainer(id)));
  const ends = [0, 1].map((index) =>
    containers.find(({ endpoints }) => endpoints[0]?.gateway === status.subnets[index]?.gateway),
  );
  expect(new Set(containers.map(({ endpoints }) => endpoints[0]?.ipv4)).size).toBe(COUNT);
  for (const [from, to] of [ends, ends.toReversed()]) {
    const { code } = await execIn(client, from?.id as string, ['ping', '-c1', '-W5', to?.name as string]);
    expect(code).toBe(0);
  }
}, 300_000);
