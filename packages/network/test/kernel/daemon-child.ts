/** A daemon that starts one container and then never rests, to be killed at any instant; see restart.test.ts. */
import { network } from '../networks.ts';
import { daemonOptions, newId, tcp } from './world.ts';
import { startKernel } from './kernel-standin.ts';
import { openNetwork } from '../../src/index.ts';

const folder = process.argv[2] ?? '';
const kernel = startKernel();
const net = await openNetwork(daemonOptions(folder, kernel, []));
await net.networks([network('shop_default', 18)]);

const start = async (port: number): Promise<object> => {
  const container = newId();
  const endpoints = [net.allocate(container, 'shop_default')];
  const { ops, namespace } = await net.sandbox({ container, hostname: 'h', name: 'n', endpoints });
  await kernel.run(ops);
  await net.attached(container);
  const ports = await net.publish(container, endpoints, [tcp(port, 80)]);
  return { container, endpoints, ports, namespace };
};

process.stdout.write(`${JSON.stringify(await start(8050))}\n`);
for (let turn = 0; ; turn += 1) {
  const { container } = (await start(8051)) as { container: ReturnType<typeof newId> };
  if (turn % 2 === 0) await net.networks([network('shop_default', 18), network('blog_default', 2)]);
  else await net.networks([network('shop_default', 18)]);
  await net.release(container);
}
