/** DNS on the gateways, asked by containers and by outsiders. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NameRecord } from '@orc/model';
import type { NetworkHost } from '../../src/types.ts';
import { network } from '../networks.ts';
import { eventually, insideNamespaces } from './inside.ts';
import { openPeer, type Peer, SILENT } from './peer.ts';
import { begin, end, standing } from './standing.ts';
import {
  HOST,
  INSTANCE,
  NEIGHBOUR,
  newId,
  sh,
  startBox,
  stopBox,
  udp,
  type Box,
  type Host,
} from './world.ts';

const answerOf = (name: string): NameRecord => ({ network: name, name: 'web', addresses: ['192.0.2.77'] });
const askWeb = (box: Box): Promise<string> =>
  box.peer.call('dns', { host: box.ip.replace(/\d+$/, '1'), name: 'web' });
/** Of this process: each port with the number of its sockets, which are as many of UDP as of TCP. */
const listeners = (): string[] => {
  const of = (kind: string): string[] =>
    sh(`ss -Hnlp${kind} | grep 'pid=${process.pid},' | awk '{print $4}' | sed 's/.*://' | sort | uniq -c`)
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.trim().split(/ +/).toReversed().join(' '));
  expect(of('u')).toEqual(of('t'));
  return of('u');
};

insideNamespaces(import.meta.filename, () => {
  let host: Host;
  let net: NetworkHost;
  let self: Peer;
  beforeAll(async () => {
    ({ host, net, self } = await begin());
  });
  afterAll(() => end({ host, net, self }));

  describe('names', () => {
    test('answer services, containers and aliases of the networks that the asker is on', async () => {
      const box = await startBox(host, net, ['shop_default', 'vault']);
      const other = await startBox(host, net, ['blog_default']);
      net.names([
        { network: 'shop_default', name: 'web', addresses: ['10.77.18.20', '10.77.18.21'] },
        { network: 'vault', name: 'db', addresses: ['10.77.3.9'] },
        { network: 'blog_default', name: 'secret', addresses: ['10.77.2.9'] },
      ]);
      net.register(other.id, [{ network: 'blog_default', name: 'alias', addresses: [other.ip] }]);
      const ask = (name: string, more: Record<string, string> = {}): Promise<string> =>
        box.peer.call('dns', { host: '10.77.18.1', name, ...more });
      const turns = new Set([await ask('web'), await ask('web')]);
      expect(turns).toEqual(new Set(['NOERROR 10.77.18.20 10.77.18.21', 'NOERROR 10.77.18.21 10.77.18.20']));
      expect(await ask('tasks.WEB')).toMatch(/^NOERROR 10/);
      expect(await ask('web.shop_default')).toMatch(/^NOERROR 10/);
      expect(await ask('db')).toBe('NOERROR 10.77.3.9');
      expect(await ask('web', { type: 'AAAA' })).toBe('NOERROR');
      expect(await ask('20.18.77.10.in-addr.arpa', { type: 'PTR' })).toBe('NOERROR web.shop_default');
      expect(await box.peer.call('dnsTcp', { host: '10.77.3.1', name: 'db' })).toBe('NOERROR 10.77.3.9');
      expect(await other.peer.call('dns', { host: '10.77.2.1', name: 'alias' })).toBe(`NOERROR ${other.ip}`);
      await net.release(other.id);
      expect(await ask('secret')).not.toContain('10.77');
      for (const each of [box, other]) await stopBox(net, each);
    });

    test('are answered on each gateway when networks come in several calls at once', async () => {
      const more = [40, 41, 42].map((index) => network(`more-${index}`, index));
      await Promise.all(more.map(() => net.networks([...standing, ...more])));
      for (const { name } of [...standing, ...more]) {
        const box = await startBox(host, net, [name]);
        net.names([{ network: name, name: 'web', addresses: ['192.0.2.77'] }]);
        const gateway = box.ip.replace(/\d+$/, '1');
        expect(await box.peer.call('dns', { host: gateway, name: 'web' })).toBe('NOERROR 192.0.2.77');
        await stopBox(net, box);
      }
      const ports = sh("ss -lun | awk '$4 ~ /:6[0-9]+$/ {print $4}'").trim().split('\n');
      expect(new Set(ports.map((each) => each.split(':')[1])).size).toBe(1);
      await net.networks(standing);
    });

    test("are nobody else's business: outsiders get no answer, internal askers no foreign name (CVE-2024-29018)", async () => {
      const shut = await startBox(host, net, ['vault']);
      expect(await shut.peer.call('dns', { host: '10.77.3.1', name: 'example.com' })).toBe('NXDOMAIN');
      expect(await host.neighbour.call('dns', { host: '10.77.18.1', name: 'web', ...SILENT })).toBe(
        'timeout',
      );
      await stopBox(net, shut);
    });

    test.each([
      // Its resolver does not listen on TCP.
      ['shop_default', '10.77.18.1', 'NOERROR 198.51.100.7', 'SERVFAIL'],
      ['vault', '10.77.3.1', 'NXDOMAIN', 'NXDOMAIN'],
    ])(
      'of others go to the resolver that the container asked for, not from an internal network (CVE-2024-29018): %s',
      async (name, gateway, said, byTcp) => {
        const id = newId();
        const endpoints = [net.allocate(id, name)];
        const sandbox = await net.sandbox({
          container: id,
          hostname: 'h',
          name: 'n',
          endpoints,
          dns: [NEIGHBOUR],
        });
        await host.kernel.run(sandbox.ops);
        await net.attached(id);
        const peer = openPeer(sandbox.namespace);
        await host.neighbour.call('serveDns', { port: 53, say: '198.51.100.7' });
        expect(await peer.call('dns', { host: gateway, name: 'example.com' })).toBe(said);
        expect(await peer.call('dnsTcp', { host: gateway, name: 'example.com' })).toBe(byTcp);
        await host.neighbour.call('closeAll', {});
        await peer.close();
        await net.release(id);
      },
    );

    test('leave port 53 to a container that publishes it, and are not taken over by it', async () => {
      const box = await startBox(host, net, ['shop_default']);
      await box.peer.call('serveDns', { port: 53, say: '198.51.100.8' });
      net.names([{ network: 'shop_default', name: 'web', addresses: ['10.77.18.20'] }]);
      expect(await net.publish(box.id, box.endpoints, [udp(53, 53)])).toEqual([udp(53, 53)]);
      expect(await host.neighbour.call('dns', { host: HOST, name: 'web' })).toBe('NOERROR 198.51.100.8');
      expect(await box.peer.call('dns', { host: '10.77.18.1', name: 'web' })).toBe('NOERROR 10.77.18.20');
      await stopBox(net, box);
    });

    test('are answered also where another program has the port', async () => {
      const box = await startBox(host, net, ['shop_default']);
      await net.close();
      expect(await self.call('serveUdp', { port: 61053, say: '' })).toBe('ok');
      net = await host.open();
      await net.recover([{ container: box.id, endpoints: box.endpoints, ports: [] }]);
      net.names([{ network: 'shop_default', name: 'web', addresses: ['10.77.18.20'] }]);
      expect(await box.peer.call('dns', { host: '10.77.18.1', name: 'web' })).toBe('NOERROR 10.77.18.20');
      expect(sh(`nft list table inet ${INSTANCE}`)).toContain('redirect to :61054');
      await self.call('closeAll', {});
      await stopBox(net, box);
    });

    test('are answered on every gateway when another program has the port on one of them', async () => {
      const boxes = [
        await startBox(host, net, ['shop_default']),
        await startBox(host, net, ['blog_default']),
      ];
      await net.close();
      expect(await self.call('serveUdp', { host: '10.77.2.1', port: 61053, say: '' })).toBe('ok');
      net = await host.open();
      await net.recover(boxes.map(({ id, endpoints }) => ({ container: id, endpoints, ports: [] })));
      await net.networks(standing);
      net.names(['shop_default', 'blog_default'].map(answerOf));
      for (const box of boxes) expect(await askWeb(box)).toBe('NOERROR 192.0.2.77');
      expect(listeners()).toEqual(['61054 4']);
      await self.call('closeAll', {});
      for (const box of boxes) await stopBox(net, box);
    });

    test('follow the port into a firewall that drops by default', async () => {
      sh(
        `nft 'add table inet strict; add chain inet strict input { type filter hook input priority 0; policy drop; }'`,
      );
      const rules = (): string => sh('nft list table inet strict');
      await eventually(() => rules().includes('61054'));
      expect(await self.call('serveUdp', { host: '10.77.50.1', port: 61054, say: '' })).toBe('EADDRNOTAVAIL');
      sh('ip addr add 10.77.50.1/32 dev lo');
      expect(await self.call('serveUdp', { host: '10.77.50.1', port: 61054, say: '' })).toBe('ok');
      await net.networks([...standing, network('late', 50)]);
      await eventually(() => rules().includes('61055') && !rules().includes('61054'));
      const box = await startBox(host, net, ['late']);
      net.names([answerOf('late')]);
      expect(await askWeb(box)).toBe('NOERROR 192.0.2.77');
      await self.call('closeAll', {});
      await stopBox(net, box);
      sh('nft delete table inet strict; ip addr del 10.77.50.1/32 dev lo');
      await net.networks(standing);
    });

    test('are answered on the other bridges when one cannot be made', async () => {
      const box = await startBox(host, net, ['shop_default']);
      const broken = network('broken', 51);
      sh('ip link add orc-3fa9c1-33 type veth peer name taken');
      const made = net.networks([...standing, broken]).then(
        () => 'made',
        () => 'failed',
      );
      expect(await made).toBe('failed');
      net.names([answerOf('shop_default')]);
      expect(await askWeb(box)).toBe('NOERROR 192.0.2.77');
      sh('ip link del orc-3fa9c1-33');
      await stopBox(net, box);
      await net.networks(standing);
    });

    test('have one listener on each gateway, however often networks come and go, and none at the end', async () => {
      const more = [60, 61, 62].map((index) => network(`again-${index}`, index));
      for (let turn = 0; turn < 5; turn += 1)
        await Promise.all([
          net.networks([...standing, ...more.slice(turn % 3)]),
          net.networks(standing),
          net.networks([...standing, ...more]),
        ]);
      const [port = ''] = listeners().map((each) => each.split(' ')[0]);
      expect(listeners()).toEqual([`${port} 7`]);
      await net.networks(standing);
      expect(listeners()).toEqual([`${port} 4`]);
      await net.close();
      expect(listeners()).toEqual([]);
      net = await host.open();
      await net.recover([]);
      await net.networks(standing);
    });

    test('too many for UDP are cut, and whole by TCP', async () => {
      const box = await startBox(host, net, ['shop_default']);
      const addresses = Array.from({ length: 60 }, (_, at) => `10.77.18.${100 + at}`);
      net.names([{ network: 'shop_default', name: 'many', addresses }]);
      expect(await box.peer.call('dns', { host: '10.77.18.1', name: 'many' })).toMatch(
        /^NOERROR truncated 10/,
      );
      expect((await box.peer.call('dnsTcp', { host: '10.77.18.1', name: 'many' })).split(' ')).toHaveLength(
        61,
      );
      await stopBox(net, box);
    });
  });
});
