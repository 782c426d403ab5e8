/** What most files here begin and end with: a host, a network on it with three segments, and a peer of the host's own. */
import type { NetworkHost } from '../../src/types.ts';
import { network } from '../networks.ts';
import { openPeer, type Peer } from './peer.ts';
import { makeHost, type Host } from './world.ts';

export type Standing = { readonly host: Host; readonly net: NetworkHost; readonly self: Peer };

export const standing = [
  network('shop_default', 18),
  network('blog_default', 2),
  network('vault', 3, { internal: true }),
];

/** `bridgeNetfilter`: see `makeHost`. */
export async function begin(bridgeNetfilter: 0 | 1 = 0): Promise<Standing> {
  const host = makeHost(bridgeNetfilter);
  const self = openPeer(undefined);
  const net = await host.open();
  await net.recover([]);
  await net.networks(standing);
  return { host, net, self };
}

export async function end({ host, net, self }: Standing): Promise<void> {
  await net.shutdown();
  await self.close();
  await host.close();
}
