/** Published ports, isolation and sandboxes on the real kernel. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NetworkHost } from '../../src/types.ts';
import { countNft } from './counted.ts';
import { eventually, insideNamespaces, veths } from './inside.ts';
import { openPeer, type Peer, SILENT } from './peer.ts';
import { grown, network } from '../networks.ts';
import { begin, end, standing } from './standing.ts';
import { HOST, INSTANCE, NEIGHBOUR, newId, sh, startBox, stopBox, tcp, udp, type Host } from './world.ts';

insideNamespaces(import.meta.filename, () => {
  let host: Host;
  let net: NetworkHost;
  let self: Peer;
  beforeAll(async () => {
    ({ host, net, self } = await begin());
  });
  afterAll(() => end({ host, net, self }));

  describe('published ports', () => {
    test('TCP answers from outside with the client known, from the host, and from 127.0.0.1', async () => {
      const box = await startBox(host, net, ['bridge']);
      await box.peer.call('serveTcp', { port: 80, say: 'web' });
      expect(await net.publish(box.id, box.endpoints, [tcp(8080, 80)])).toEqual([tcp(8080, 80)]);
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8080 })).toBe('web 192.0.2.2');
      expect(await self.call('askTcp', { host: HOST, port: 8080 })).toBe(`web ${HOST}`);
      expect(await self.call('askTcp', { host: '127.0.0.1', port: 8080 })).toBe(`web ${gateway()}`);
      expect(await self.call('askTcp', { host: '::1', port: 8080 })).toBe(`web ${gateway()}`);
      await stopBox(net, box);
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8080 })).toBe('ECONNREFUSED');
    });

    test('UDP answers from outside and from 127.0.0.1, and a new backend gets the old flow', async () => {
      const first = await startBox(host, net, ['bridge']);
      await first.peer.call('serveUdp', { port: 53, say: 'one' });
      await net.publish(first.id, first.endpoints, [udp(5353, 53)]);
      const flow = { host: HOST, port: 5353, from: 40000 };
      expect(await host.neighbour.call('askUdp', flow)).toBe('one 192.0.2.2');
      expect(await self.call('askUdp', { host: '127.0.0.1', port: 5353 })).toBe(`one ${gateway()}`);
      await stopBox(net, first);
      expect(await host.neighbour.call('askUdp', { ...flow, ...SILENT })).not.toMatch(/^one/);
      const second = await startBox(host, net, ['bridge']);
      await second.peer.call('serveUdp', { port: 53, say: 'two' });
      await net.publish(second.id, second.endpoints, [udp(5353, 53)]);
      expect(await host.neighbour.call('askUdp', flow)).toBe('two 192.0.2.2');
      await stopBox(net, second);
    });

    test('are reachable only as bound: 127.0.0.1 is closed to a neighbour who forges it, and so is the container itself', async () => {
      const box = await startBox(host, net, ['bridge']);
      await box.peer.call('serveTcp', { port: 80, say: 'local' });
      await net.publish(box.id, box.endpoints, [tcp(8081, 80, '127.0.0.1')]);
      expect(await self.call('askTcp', { host: '127.0.0.1', port: 8081 })).toBe(`local ${gateway()}`);
      expect(await self.call('askTcp', { host: HOST, port: 8081 })).toBe('ECONNREFUSED');
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8081 })).toBe('ECONNREFUSED');
      const inNeighbour = `nsenter -t ${host.neighbour.pid} -n`;
      sh(
        `${inNeighbour} sysctl -qw net.ipv4.conf.eth0.route_localnet=1 && ${inNeighbour} ip addr del 127.0.0.1/8 dev lo`,
      );
      sh(`${inNeighbour} ip route add 127.0.0.0/8 via ${HOST} src ${NEIGHBOUR}`);
      expect(await host.neighbour.call('askTcp', { host: '127.0.0.1', port: 8081, ...SILENT })).toBe(
        'timeout',
      );
      sh(`${inNeighbour} ip route del 127.0.0.0/8 && ${inNeighbour} ip addr add 127.0.0.1/8 dev lo`);
      expect(await host.neighbour.call('askTcp', { host: box.ip, port: 80, ...SILENT })).toBe('timeout');
      await stopBox(net, box);
    });

    test('are reachable by the container itself, its neighbours and other networks through the host', async () => {
      const box = await startBox(host, net, ['shop_default']);
      const beside = await startBox(host, net, ['shop_default']);
      const other = await startBox(host, net, ['blog_default']);
      await box.peer.call('serveTcp', { port: 80, say: 'web' });
      await net.publish(box.id, box.endpoints, [tcp(8082, 80)]);
      expect(await box.peer.call('askTcp', { host: HOST, port: 8082 })).toBe('web 10.77.18.1');
      expect(await beside.peer.call('askTcp', { host: HOST, port: 8082 })).toBe('web 10.77.18.1');
      expect(await other.peer.call('askTcp', { host: HOST, port: 8082 })).toBe(`web ${other.ip}`);
      for (const each of [box, beside, other]) await stopBox(net, each);
    });

    test('of a sandbox that is not attached yet refuse at once, and open with it', async () => {
      const id = newId();
      const endpoints = [net.allocate(id, 'bridge')];
      const sandbox = await net.sandbox({ container: id, hostname: 'web', name: 'web', endpoints });
      expect(await net.publish(id, endpoints, [tcp(8083, 80)])).toEqual([tcp(8083, 80)]);
      expect(await self.call('askTcp', { host: HOST, port: 8083 })).toBe('ECONNRESET');
      await host.kernel.run(sandbox.ops);
      await net.attached(id);
      const peer = openPeer(sandbox.namespace);
      await peer.call('serveTcp', { port: 80, say: 'web' });
      expect(await self.call('askTcp', { host: HOST, port: 8083 })).toBe(`web ${HOST}`);
      await peer.close();
      await net.release(id);
    });

    test('of a container that is about to end take nobody new, keep what runs, and open again with its next attempt', async () => {
      const box = await startBox(host, net, ['shop_default']);
      const beside = await startBox(host, net, ['shop_default']);
      await box.peer.call('serveTcp', { port: 80, say: 'web' });
      await box.peer.call('serveUdp', { port: 53, say: 'udp' });
      net.names([{ network: 'shop_default', name: 'web', addresses: [box.ip, '10.77.18.99'] }]);
      net.register(box.id, [{ network: 'shop_default', name: 'box', addresses: [box.ip] }]);
      await net.publish(box.id, box.endpoints, [tcp(8084, 80), udp(8084, 53)]);
      const flow = { host: HOST, port: 8084, from: 40001 };
      const asks = (name: string): Promise<string> => beside.peer.call('dns', { host: '10.77.18.1', name });
      expect(await host.neighbour.call('askUdp', flow)).toBe('udp 192.0.2.2');
      for (const each of [HOST, '::1'])
        expect(await self.call('holdTcp', { host: each, port: 8084, say: `at ${each}` })).toMatch(/^web/);
      expect(await host.neighbour.call('holdTcp', { host: HOST, port: 8084, say: 'out' })).toMatch(/^web/);

      await net.withdraw(box.id);
      await net.withdraw(box.id);
      for (const each of [HOST, '127.0.0.1', '::1'])
        expect(await self.call('askTcp', { host: each, port: 8084 }), each).toBe('ECONNRESET');
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8084 })).toBe('ECONNRESET');
      expect(await host.neighbour.call('askUdp', { ...flow, ...SILENT })).toBe('timeout');
      expect(await self.call('sendHeld', { say: `at ${HOST}`, name: 'still here' })).toBe('still here');
      expect(await self.call('sendHeld', { say: 'at ::1', name: 'and here' })).toBe('and here');
      expect(await host.neighbour.call('sendHeld', { say: 'out', name: 'out here' })).toBe('out here');
      expect(await asks('web')).toBe('NOERROR 10.77.18.99');
      expect(await asks('box')).not.toContain(box.ip);
      expect(await self.call('serveTcp', { port: 8084, say: '' })).toBe('EADDRINUSE');

      await net.attached(box.id);
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8084 })).toBe('web 192.0.2.2');
      expect(await self.call('askTcp', { host: '::1', port: 8084 })).toBe('web 10.77.18.1');
      expect(await host.neighbour.call('askUdp', flow)).toBe('udp 192.0.2.2');
      expect(await asks('box')).toBe(`NOERROR ${box.ip}`);
      net.names([]);
      for (const each of [box, beside]) await stopBox(net, each);
    });

    test('taken by another program, TCP or UDP, on one address or on all, is a conflict that changes nothing', async () => {
      const box = await startBox(host, net, ['bridge']);
      expect(await self.call('serveTcp', { port: 9000, host: '127.0.0.1', say: 'foreign' })).toBe('ok');
      expect(await self.call('serveUdp', { port: 9001, say: 'foreign' })).toBe('ok');
      for (const port of [tcp(9000, 80), tcp(9000, 80, '127.0.0.1'), udp(9001, 80)]) {
        await expect(net.publish(box.id, box.endpoints, [tcp(9002, 80), port])).rejects.toMatchObject({
          problem: { code: 'conflict.port', hint: expect.stringContaining('another program') },
        });
      }
      expect(await self.call('serveTcp', { port: 9002, say: 'free again' })).toBe('ok');
      expect(sh(`nft list table inet ${INSTANCE}`)).not.toMatch(/900[012]/);
      await self.call('closeAll', {});
      await stopBox(net, box);
    });

    test('once published are taken for other programs and for other containers', async () => {
      const [box, other] = [await startBox(host, net, ['bridge']), await startBox(host, net, ['bridge'])];
      await net.publish(box.id, box.endpoints, [tcp(9100, 80), udp(9100, 80)]);
      expect(await self.call('serveTcp', { port: 9100, say: '' })).toBe('EADDRINUSE');
      expect(await self.call('serveUdp', { port: 9100, say: '' })).toBe('EADDRINUSE');
      await expect(net.publish(other.id, other.endpoints, [tcp(9100, 81)])).rejects.toMatchObject({
        problem: {
          message: 'port 9100/tcp is already allocated',
          hint: expect.stringContaining(box.id.slice(0, 12)),
        },
      });
      await net.unpublish(box.id);
      expect(await net.publish(other.id, other.endpoints, [tcp(9100, 81)])).toEqual([tcp(9100, 81)]);
      for (const each of [box, other]) await stopBox(net, each);
    });

    test('without a number get an ephemeral one that works', async () => {
      const box = await startBox(host, net, ['bridge']);
      await box.peer.call('serveTcp', { port: 80, say: 'any' });
      const [port] = await net.publish(box.id, box.endpoints, [tcp(undefined, 80)]);
      expect(port?.hostPort).toBeGreaterThanOrEqual(32768);
      expect(port?.hostPort).toBeLessThanOrEqual(60999);
      expect(await host.neighbour.call('askTcp', { host: HOST, port: port?.hostPort ?? 0 })).toBe(
        'any 192.0.2.2',
      );
      await stopBox(net, box);
    });

    test('of 200 containers at once take few runs of nft, and one takes little with all of them there', async () => {
      const ids = Array.from({ length: 200 }, () => newId());
      const endpoints = ids.map((id) => [net.allocate(id, 'bridge')]);
      const runs = countNft(host.folder, '*');
      const begun = performance.now();
      await Promise.all(ids.map((id, at) => net.publish(id, endpoints[at] ?? [], [tcp(20000 + at, 80)])));
      const all = performance.now() - begun;
      runs.end();
      const single: number[] = [];
      const one = newId();
      for (let turn = 0; turn < 10; turn += 1) {
        const started = performance.now();
        await net.publish(one, [net.allocate(one, 'bridge')], [tcp(21000 + turn, 80)]);
        single.push(performance.now() - started);
        await net.unpublish(one);
      }
      console.log(
        `200 at once: ${all.toFixed(0)} ms; one more: ${single.toSorted((a, b) => a - b)[5]?.toFixed(1)} ms`,
      );
      expect(runs.count()).toBeLessThan(5);
      await Promise.all([...ids, one].map((id) => net.release(id)));
    });
  });

  describe('isolation', () => {
    test('networks reach themselves and the host, not each other; only internal ones have no way out', async () => {
      const a = await startBox(host, net, ['shop_default']);
      const b = await startBox(host, net, ['shop_default']);
      const other = await startBox(host, net, ['blog_default']);
      const shut = await startBox(host, net, ['vault']);
      const shutToo = await startBox(host, net, ['vault']);
      for (const each of [a, b, other, shut, shutToo])
        await each.peer.call('serveTcp', { port: 80, say: 'hi' });
      await host.neighbour.call('serveTcp', { port: 7000, say: 'outside' });
      expect(await a.peer.call('askTcp', { host: b.ip, port: 80 })).toBe(`hi ${a.ip}`);
      expect(await shut.peer.call('askTcp', { host: shutToo.ip, port: 80 })).toBe(`hi ${shut.ip}`);
      expect(await self.call('askTcp', { host: a.ip, port: 80 })).toBe('hi 10.77.18.1');
      expect(await self.call('askTcp', { host: shut.ip, port: 80 })).toBe('hi 10.77.3.1');
      expect(await a.peer.call('askTcp', { host: other.ip, port: 80, ...SILENT })).toBe('timeout');
      expect(await a.peer.call('askTcp', { host: shut.ip, port: 80, ...SILENT })).toBe('timeout');
      expect(await shut.peer.call('askTcp', { host: a.ip, port: 80 })).toMatch(/ENETUNREACH|timeout/);
      expect(await a.peer.call('askTcp', { host: NEIGHBOUR, port: 7000 })).toBe(`outside ${HOST}`);
      expect(await shut.peer.call('askTcp', { host: NEIGHBOUR, port: 7000 })).toBe('ENETUNREACH');
      sh(`nsenter --net=${shut.namespace} ip route add default via 10.77.3.1`);
      expect(await shut.peer.call('askTcp', { host: NEIGHBOUR, port: 7000, ...SILENT })).toBe('timeout');
      expect(await shut.peer.call('askTcp', { host: a.ip, port: 80, ...SILENT })).toBe('timeout');
      await net.publish(a.id, a.endpoints, [tcp(8090, 80)]);
      expect(await shut.peer.call('askTcp', { host: HOST, port: 8090, ...SILENT })).toBe('timeout');
      expect(await net.publish(shut.id, shut.endpoints, [tcp(8091, 80)])).toEqual([]);
      await host.neighbour.call('closeAll', {});
      for (const each of [a, b, other, shut, shutToo]) await stopBox(net, each);
    });

    test('a network of several subnets is one segment, also for who was there before it grew, and over a restart', async () => {
      const early = await startBox(host, net, ['vault']);
      const both = await startBox(host, net, ['shop_default', 'vault']);
      await net.networks(standing.map((each) => (each.name === 'vault' ? grown(each) : each)));
      const late = await startBox(host, net, ['vault'], newId(), ['10.78.3.20']);
      const boxes = [early, both, late];
      const ips = ['10.78.3.20', ...boxes.flatMap((each) => each.endpoints).map(({ ipv4 }) => ipv4 ?? '')];
      for (const each of boxes) await each.peer.call('serveTcp', { port: 80, say: 'hi' });
      const inVault = ips.filter((each) => each.includes('.3.'));
      const allReach = async (): Promise<void> => {
        for (const each of boxes)
          for (const ip of inVault)
            expect(await each.peer.call('askTcp', { host: ip, port: 80 }), `${each.ip} to ${ip}`).toMatch(
              /^hi/,
            );
      };
      await allReach();
      expect(await late.peer.call('askTcp', { host: both.ip, port: 80 })).toBe('ENETUNREACH');
      expect(await late.peer.call('askTcp', { host: NEIGHBOUR, port: 7000 })).toBe('ENETUNREACH');
      for (const each of [early, both]) sh(`nsenter --net=${each.namespace} ip route del 10.78.3.0/24`);
      await net.close();
      net = await host.open();
      await net.recover(boxes.map(({ id, endpoints }) => ({ container: id, endpoints, ports: [] })));
      await allReach();
      for (const each of boxes) await stopBox(net, each);
      await net.networks(standing);
    });

    test('one that overlaps with another is refused alone, and is in the way of nothing', async () => {
      const [first, second] = [network('first', 30), network('second', 31)];
      const twice = { ...network('twice', 32), status: { ...first.status, index: 32 } };
      const all = [...standing, first, twice, second];
      await expect(net.networks(all)).rejects.toThrow(
        'network twice cannot be made on this host: its subnet 10.77.30.0/24 overlaps with that of network first',
      );
      const box = await startBox(host, net, ['second']);
      await box.peer.call('serveTcp', { port: 80, say: 'web' });
      await net.publish(box.id, box.endpoints, [tcp(8090, 80)]);
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8090 })).toBe('web 192.0.2.2');
      expect(() => net.allocate(newId(), 'twice')).toThrow('there is no network twice');
      await stopBox(net, box);
      // Whose containers are there stays; the other has its turn when it has gone.
      await expect(net.networks([...standing, twice, first])).rejects.toThrow(/network twice cannot/);
      await net.networks([...standing, twice]);
      expect(net.allocate(newId(), 'twice').gateway).toBe('10.77.30.1');
      await net.networks(standing);
    });

    test('bridges filter for themselves, whatever the global switch says', () => {
      const links = JSON.parse(sh('ip -j -d link show type bridge')) as {
        linkinfo: { info_data: Record<string, number> };
      }[];
      expect(links).toHaveLength(4);
      for (const each of links)
        expect(each.linkinfo.info_data).toMatchObject({ nf_call_iptables: 1, nf_call_ip6tables: 1 });
    });
  });

  describe('sandboxes', () => {
    test('the host’s ends of cables have no IPv6: they neither answer nor cost the host a route each', async () => {
      const box = await startBox(host, net, ['bridge', 'vault']);
      expect(veths().length).toBeGreaterThan(1);
      // The pool makes others meanwhile.
      await eventually(() => {
        const shown = sh('ip -o -6 addr show; ip -6 route show table all');
        return veths().every((line) => !shown.includes(line.split(/[@ ]/, 1)[0] ?? ''));
      });
      await stopBox(net, box);
    });

    test('have the address, the gateway and the MAC of their endpoint, no IPv6, and the sysctls of docker', async () => {
      const box = await startBox(host, net, ['shop_default']);
      const inside = (command: string): string => sh(`nsenter --net=${box.namespace} ${command}`);
      expect(inside('ip -4 -br addr show eth0')).toMatch(new RegExp(`\\w+ +${box.ip}/24`));
      expect(inside('ip -br link show eth0')).toContain(box.endpoints[0]?.mac ?? '-');
      expect(inside('ip route show default')).toMatch(/^default via 10\.77\.18\.1 dev eth0/);
      expect(inside('ip -6 addr show eth0')).toBe('');
      expect(inside('ip -br link show lo')).toContain('UNKNOWN');
      expect(inside('cat /proc/sys/net/ipv4/ip_unprivileged_port_start')).toBe('0\n');
      expect(box.etc.resolvConf).toContain('nameserver 10.77.18.1\n');
      await stopBox(net, box);
    });

    test('join several networks, of which one gives the default route', async () => {
      const box = await startBox(host, net, ['vault', 'blog_default', 'shop_default']);
      const inside = (command: string): string => sh(`nsenter --net=${box.namespace} ${command}`);
      expect(inside('ip -4 -br addr').match(/eth\d/g)).toEqual(['eth0', 'eth1', 'eth2']);
      expect(inside('ip route show default')).toMatch(/via 10\.77\.2\.1 dev eth1/);
      const again = await net.sandbox({
        container: box.id,
        hostname: 'h',
        name: 'n',
        endpoints: box.endpoints,
      });
      expect(again).toMatchObject({ namespace: box.namespace, ops: [] });
      await stopBox(net, box);
    });

    test('get the interface names asked for, whatever the pooled link was called', async () => {
      const id = newId();
      const names = ['eth1', 'eth0', 'lan7'];
      const endpoints = ['bridge', 'shop_default', 'blog_default'].map((each, at) => ({
        ...net.allocate(id, each),
        interface: names[at] ?? '',
      }));
      for (const wanted of [endpoints, endpoints.slice(2)]) {
        const sandbox = await net.sandbox({ container: id, hostname: 'h', name: 'n', endpoints: wanted });
        await host.kernel.run(sandbox.ops);
        const links = sh(`nsenter --net=${sandbox.namespace} ip -4 -br addr`);
        for (const each of wanted)
          expect(links).toMatch(new RegExp(`${each.interface}@\\S+ +\\w+ +${each.ipv4}/`));
        await net.release(id);
      }
    });

    test('join a further network and leave one while they run', async () => {
      const box = await startBox(host, net, ['shop_default']);
      const more = [...box.endpoints, net.allocate(box.id, 'blog_default')];
      const request = { container: box.id, hostname: 'h', name: 'n' };
      await host.kernel.run((await net.sandbox({ ...request, endpoints: more })).ops);
      expect(sh(`nsenter --net=${box.namespace} ip -4 -br addr show eth1`)).toContain('10.77.2.');
      await host.kernel.run((await net.sandbox({ ...request, endpoints: more.slice(1) })).ops);
      expect(sh(`nsenter --net=${box.namespace} ip -br link`)).not.toContain('eth0');
      await stopBox(net, box);
    });

    test('without a network have lo only', async () => {
      const id = newId();
      const sandbox = await net.sandbox({
        container: id,
        hostname: 'h',
        name: 'n',
        endpoints: [],
        none: true,
      });
      expect(sandbox.ops).toEqual([]);
      expect(sh(`nsenter --net=${sandbox.namespace} ip -br link`).trim().split('\n')).toHaveLength(1);
      await net.release(id);
    });

    test('come out of a pool, and the pool goes some time after the last container', async () => {
      const box = await startBox(host, net, ['bridge']);
      await eventually(() => veths().length > 4);
      await stopBox(net, box);
      await eventually(() => veths().length === 0);
    });

    test('fill a further bridge when the first has no free port', async () => {
      await net.close();
      net = await host.open({ bridgePortsMax: 2 });
      await net.recover([]);
      const boxes = [];
      for (let turn = 0; turn < 5; turn += 1) boxes.push(await startBox(host, net, ['bridge']));
      const [first, last] = [boxes[0], boxes[4]];
      await last?.peer.call('serveTcp', { port: 80, say: 'far' });
      expect(await first?.peer.call('askTcp', { host: last?.ip ?? '', port: 80 })).toBe(`far ${first?.ip}`);
      await net.publish(last?.id ?? newId(), last?.endpoints ?? [], [tcp(8099, 80)]);
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8099 })).toBe('far 192.0.2.2');
      expect(sh('ip -br link show type bridge').match(/orc-3fa9c1x/g)).toHaveLength(2);
      for (const each of boxes) await stopBox(net, each);
      await net.networks(standing);
    });
  });

  const gateway = (): string => net.defaultNetwork.status.subnets[0]?.gateway ?? '';
});
