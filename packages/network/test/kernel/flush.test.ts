/** While the rules of the host are flushed and loaded again, nothing opens: asked again and again, a packet at a time. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NetworkHost } from '../../src/types.ts';
import { eventually, insideNamespaces } from './inside.ts';
import { type Peer, SILENT } from './peer.ts';
import { begin, end } from './standing.ts';
import { type Box, HOST, type Host, INSTANCE, NEIGHBOUR, sh, startBox, stopBox, udp } from './world.ts';

const ROUNDS = 5;

insideNamespaces(import.meta.filename, () => {
  let host: Host;
  let net: NetworkHost;
  let self: Peer;
  let box: Box;
  beforeAll(async () => {
    ({ host, net, self } = await begin());
    box = await startBox(host, net, ['shop_default']);
    await box.peer.call('serveUdp', { port: 53, say: 'open' });
    await net.publish(box.id, box.endpoints, [{ ...udp(8081, 53), hostIp: '127.0.0.1' }]);
  });
  afterAll(async () => {
    await stopBox(net, box);
    await end({ host, net, self });
  });

  /** What was answered while the rules were flushed again and again. */
  async function answersDuringFlush(
    from: Peer,
    to: { host: string; port: number },
  ): Promise<readonly string[]> {
    const asked: Promise<string>[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      sh('nft flush ruleset');
      for (let at = 0; at < 120; at += 1) {
        asked.push(from.call('askUdp', { ...to, ...SILENT }));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await eventually(() => sh('nft list tables').split('\n').includes(`table inet ${INSTANCE}`));
    }
    return [...new Set(await Promise.all(asked))].toSorted();
  }

  test('CVE-2025-54388: a port of 127.0.0.1 is closed to a neighbour at every instant', async () => {
    const inNeighbour = `nsenter -t ${host.neighbour.pid} -n`;
    expect(await self.call('askUdp', { host: '127.0.0.1', port: 8081 })).toMatch(/^open/);
    expect(await answersDuringFlush(host.neighbour, { host: HOST, port: 8081 })).not.toContainEqual(
      expect.stringMatching(/^open/),
    );
    sh(`${inNeighbour} sysctl -qw net.ipv4.conf.eth0.route_localnet=1`);
    sh(`${inNeighbour} ip addr del 127.0.0.1/8 dev lo`);
    sh(`${inNeighbour} ip route add 127.0.0.0/8 via ${HOST} src ${NEIGHBOUR}`);
    try {
      expect(await answersDuringFlush(host.neighbour, { host: '127.0.0.1', port: 8081 })).toEqual([
        'timeout',
      ]);
    } finally {
      sh(`${inNeighbour} ip route del 127.0.0.0/8 && ${inNeighbour} ip addr add 127.0.0.1/8 dev lo`);
    }
  });

  test('CVE-2025-54410: networks are closed to each other and to neighbours at every instant', async () => {
    const other = await startBox(host, net, ['blog_default']);
    const beside = await startBox(host, net, ['shop_default']);
    const to = { host: box.ip, port: 53 };
    expect(await answersDuringFlush(other.peer, to)).toEqual(['timeout']);
    expect(await answersDuringFlush(host.neighbour, to)).toEqual(['timeout']);
    expect(await beside.peer.call('askUdp', to)).toMatch(/^open/);
    for (const each of [other, beside]) await stopBox(net, each);
  });
});
