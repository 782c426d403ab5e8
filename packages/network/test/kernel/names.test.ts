/** DNS on the gateways, asked by containers and by outsiders. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NetworkHost } from '../../src/types.ts';
import { network } from '../networks.ts';
import { insideNamespaces } from './inside.ts';
import { openPeer, type Peer } from './peer.ts';
import {
  HOST,
  INSTANCE,
  makeHost,
  NEIGHBOUR,
  newId,
  sh,
  startBox,
  stopBox,
  udp,
  type Host,
} from './world.ts';

insideNamespaces(import.meta.filename, () => {
  let host: Host;
  let net: NetworkHost;
  let self: Peer;
  const standing = [
    network('shop_default', 18),
    network('blog_default', 2),
    network('vault', 3, { internal: true }),
  ];

  beforeAll(async () => {
    host = makeHost();
    self = openPeer(undefined);
    net = await host.open();
    await net.recover([]);
    await net.networks(standing);
  });
  afterAll(async () => {
    await net.shutdown();
    await self.close();
    await host.close();
  });

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

    test("are nobody else's business: outsiders get no answer, internal askers no foreign name", async () => {
      const shut = await startBox(host, net, ['vault']);
      expect(await shut.peer.call('dns', { host: '10.77.3.1', name: 'example.com' })).toBe('NXDOMAIN');
      expect(await host.neighbour.call('dns', { host: '10.77.18.1', name: 'web' })).toBe('timeout');
      await stopBox(net, shut);
    });

    test('of others go to the resolver that the container asked for', async () => {
      const id = newId();
      const endpoints = [net.allocate(id, 'shop_default')];
      const sandbox = await net.sandbox({
        container: id,
        hostname: 'h',
        name: 'n',
        endpoints,
        dns: [NEIGHBOUR],
      });
      await host.kernel.run(sandbox.ops);
      net.attached(id);
      const peer = openPeer(sandbox.namespace);
      await host.neighbour.call('serveDns', { port: 53, say: '198.51.100.7' });
      expect(await peer.call('dns', { host: '10.77.18.1', name: 'example.com' })).toBe(
        'NOERROR 198.51.100.7',
      );
      await host.neighbour.call('closeAll', {});
      await peer.close();
      await net.release(id);
    });

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
