/** The real kernel, in a network namespace of its own: no packet leaves the machine. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Attached, NetworkHost } from '../../src/types.ts';
import { network } from '../networks.ts';
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
  tcp,
  udp,
  type Host,
} from './world.ts';

const INSIDE = 'ORC_NETWORK_INSIDE';

if (process.env[INSIDE] === '1') inside();
else {
  test('in namespaces of its own', { timeout: 300_000 }, () => {
    const vitest = ['node_modules/.bin/vitest', 'run', import.meta.filename, '--reporter=verbose'];
    const ran = spawnSync('unshare', ['-n', '-m', '--propagation', 'private', ...vitest], {
      env: { ...process.env, [INSIDE]: '1', FORCE_COLOR: '0', NO_COLOR: '1' },
      encoding: 'utf8',
      cwd: `${import.meta.dirname}/../../../..`,
    });
    process.stdout.write(ran.stdout.replace(/^/gm, '    '));
    expect(ran.status, `${ran.stdout}\n${ran.stderr}`).toBe(0);
    expect(ran.stdout).toMatch(/Tests +\d+ passed/);
  });
}

function inside(): void {
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
      expect(await host.neighbour.call('askUdp', flow)).not.toMatch(/^one/);
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
      expect(await host.neighbour.call('askTcp', { host: '127.0.0.1', port: 8081 })).toBe('timeout');
      sh(`${inNeighbour} ip route del 127.0.0.0/8 && ${inNeighbour} ip addr add 127.0.0.1/8 dev lo`);
      expect(await host.neighbour.call('askTcp', { host: box.ip, port: 80 })).toBe('timeout');
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
      const begun = performance.now();
      await Promise.all(ids.map((id, at) => net.publish(id, endpoints[at] ?? [], [tcp(20000 + at, 80)])));
      const all = performance.now() - begun;
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
      expect(all).toBeLessThan(2000);
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
      expect(await a.peer.call('askTcp', { host: other.ip, port: 80 })).toBe('timeout');
      expect(await a.peer.call('askTcp', { host: shut.ip, port: 80 })).toBe('timeout');
      expect(await shut.peer.call('askTcp', { host: a.ip, port: 80 })).toMatch(/ENETUNREACH|timeout/);
      expect(await a.peer.call('askTcp', { host: NEIGHBOUR, port: 7000 })).toBe(`outside ${HOST}`);
      expect(await shut.peer.call('askTcp', { host: NEIGHBOUR, port: 7000 })).toBe('ENETUNREACH');
      sh(`nsenter --net=${shut.namespace} ip route add default via 10.77.3.1`);
      expect(await shut.peer.call('askTcp', { host: NEIGHBOUR, port: 7000 })).toBe('timeout');
      expect(await shut.peer.call('askTcp', { host: a.ip, port: 80 })).toBe('timeout');
      await net.publish(a.id, a.endpoints, [tcp(8090, 80)]);
      expect(await shut.peer.call('askTcp', { host: HOST, port: 8090 })).toBe('timeout');
      expect(await net.publish(shut.id, shut.endpoints, [tcp(8091, 80)])).toEqual([]);
      await host.neighbour.call('closeAll', {});
      for (const each of [a, b, other, shut, shutToo]) await stopBox(net, each);
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
    test('have the address, the gateway and the MAC of their endpoint, no IPv6, and the sysctls of docker', async () => {
      const box = await startBox(host, net, ['shop_default']);
      const inside = (command: string): string => sh(`nsenter --net=${box.namespace} ${command}`);
      expect(inside('ip -4 -br addr show eth0')).toMatch(new RegExp(`UP +${box.ip}/24`));
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
          expect(links).toMatch(new RegExp(`${each.interface}@\\S+ +UP +${each.ipv4}/`));
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
      await eventually(() => veths().length === 0, 8000);
    }, 20_000);

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

  describe('a restarted daemon', () => {
    test('takes sandboxes, ports and names over; a connection through it never notices', async () => {
      await net.close();
      net = await host.open();
      await net.recover([]);
      const box = await startBox(host, net, ['shop_default']);
      const gone = await startBox(host, net, ['shop_default']);
      await box.peer.call('serveTcp', { port: 80, say: 'web' });
      const ports = await net.publish(box.id, box.endpoints, [tcp(8070, 80)]);
      await net.publish(gone.id, gone.endpoints, [tcp(8071, 80)]);
      expect(await host.neighbour.call('holdTcp', { host: HOST, port: 8070, say: 'line' })).toBe(
        'web 192.0.2.2',
      );
      const before = sh(`nft list table inet ${INSTANCE}`);
      await net.close();
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8070 })).toBe('web 192.0.2.2');
      const begun = performance.now();
      net = await host.open();
      await net.recover([
        { container: box.id, endpoints: box.endpoints, ports },
        { container: gone.id, endpoints: gone.endpoints, ports: [tcp(8071, 80)] },
      ]);
      console.log(`recovered in ${(performance.now() - begun).toFixed(0)} ms`);
      expect(sh(`nft list table inet ${INSTANCE}`)).toBe(before);
      expect(await host.neighbour.call('sendHeld', { say: 'line', name: 'still here' })).toBe('still here');
      expect(await self.call('serveTcp', { port: 8070, say: '' })).toBe('EADDRINUSE');
      expect(
        (await net.sandbox({ container: box.id, hostname: 'h', name: 'n', endpoints: box.endpoints })).ops,
      ).toEqual([]);
      expect(net.allocate(newId(), 'shop_default').ipv4).not.toBe(box.ip);
      await net.networks(standing);
      expect(await host.neighbour.call('sendHeld', { say: 'line', name: 'and here' })).toBe('and here');
      await net.close();
      net = await host.open();
      await net.networks(standing);
      await net.recover([{ container: box.id, endpoints: box.endpoints, ports }]);
      expect(await host.neighbour.call('sendHeld', { say: 'line', name: 'in any order' })).toBe(
        'in any order',
      );
      await gone.peer.close();
      await eventually(() => sh(`ls ${host.folder}/run/ns`).trim().split('\n').length === 1);
      expect(sh(`nft list table inet ${INSTANCE}`)).not.toContain('8071');
      await stopBox(net, box);
    });

    test('killed at any instant leaves what the next one takes over or sweeps', async () => {
      await net.close();
      for (let round = 0; round < 5; round += 1) {
        const { child, kept } = await startDaemon(host.folder);
        const peer = openPeer(kept.namespace);
        await peer.call('serveTcp', { port: 80, say: 'web' });
        await new Promise((resolve) => setTimeout(resolve, 40 + 23 * round));
        child.kill('SIGKILL');
        await new Promise((resolve) => child.once('close', resolve));
        expect(await host.neighbour.call('askTcp', { host: HOST, port: 8050 })).toBe('web 192.0.2.2');
        net = await host.open();
        await net.recover([kept]);
        await net.networks([network('shop_default', 18)]);
        expect(await host.neighbour.call('askTcp', { host: HOST, port: 8050 })).toBe('web 192.0.2.2');
        expect(sh(`nft list map inet ${INSTANCE} ports`).match(/tcp \. \d+/g)).toEqual(['tcp . 8050']);
        const other = newId();
        expect(await net.publish(other, kept.endpoints, [tcp(8051, 80)])).toEqual([tcp(8051, 80)]);
        await net.release(other);
        await eventually(() => veths().length === 1);
        expect(sh('ip -br link show type bridge').match(/orc-3fa9c1-\S+/g)).toEqual([
          'orc-3fa9c1-0',
          'orc-3fa9c1-12',
        ]);
        await peer.close();
        await net.close();
        net = await host.open();
        await net.recover([]);
        await net.close();
      }
      net = await host.open();
      await net.networks(standing);
    });

    test('does not cost a single connection while it is away and comes back', async () => {
      const box = await startBox(host, net, ['shop_default']);
      await box.peer.call('serveTcp', { port: 80, say: 'web' });
      const ports = await net.publish(box.id, box.endpoints, [tcp(8049, 80)]);
      let [asked, failed, ended] = [0, 0, false];
      const ask = async (): Promise<void> => {
        while (!ended) {
          const said = await host.neighbour.call('askTcp', { host: HOST, port: 8049 });
          asked += 1;
          if (said !== 'web 192.0.2.2') failed += 1;
        }
      };
      const asking = [ask(), ask()];
      for (let round = 0; round < 3; round += 1) {
        await net.close();
        net = await host.open();
        await net.recover([{ container: box.id, endpoints: box.endpoints, ports }]);
        await net.networks(standing);
      }
      ended = true;
      await Promise.all(asking);
      expect({ failed, enough: asked > 20 }).toEqual({ failed: 0, enough: true });
      await stopBox(net, box);
    });

    test('recovers 50 containers in little time', async () => {
      const ids = Array.from({ length: 50 }, () => newId());
      const all = await Promise.all(
        ids.map(async (container, at) => {
          const endpoints = [net.allocate(container, 'bridge')];
          await host.kernel.run((await net.sandbox({ container, hostname: 'h', name: 'n', endpoints })).ops);
          net.attached(container);
          const ports = await net.publish(container, endpoints, [tcp(22000 + at, 80)]);
          return { container, endpoints, ports };
        }),
      );
      await net.close();
      const begun = performance.now();
      net = await host.open();
      await net.recover(all);
      console.log(`50 containers recovered in ${(performance.now() - begun).toFixed(0)} ms`);
      expect(performance.now() - begun).toBeLessThan(1000);
      const released = performance.now();
      await Promise.all(ids.map((id) => net.release(id)));
      console.log(`50 containers released in ${(performance.now() - released).toFixed(0)} ms`);
      await net.networks(standing);
    });

    test('sweeps what nothing asks for, and a shutdown leaves nothing', async () => {
      const box = await startBox(host, net, ['shop_default']);
      await box.peer.close();
      sh(
        'ip link add orc-3fa9c1-ff type bridge && ip link add orc-3fa9c1vzzzz type veth peer name zz && ip link add orc-other type bridge',
      );
      await net.close();
      net = await host.open();
      await net.recover([]);
      await eventually(() => veths().length === 0);
      expect(sh('ip -br link')).not.toMatch(/orc-3fa9c1-ff|vzzzz/);
      await net.shutdown();
      expect(sh('ip -br link')).not.toContain(INSTANCE);
      expect(sh('ip -br link')).toContain('orc-other');
      expect(sh('nft list tables')).not.toContain(INSTANCE);
      expect(sh(`ls ${host.folder}/run/ns`)).toBe('');
      expect(sh('cat /proc/self/mountinfo')).not.toContain(host.folder);
      net = await host.open();
      await net.networks(standing);
    });
  });

  describe('other firewalls', () => {
    const closed = (hook: string, body = ''): string =>
      `nft add table inet strict; nft 'add chain inet strict ${hook} { type filter hook ${hook} priority 0; policy drop; }'; ${body}`;

    test('that drop by default on both hooks get rules of ours, also after a reload, and lose them with the instance', async () => {
      const [box, other] = [
        await startBox(host, net, ['shop_default']),
        await startBox(host, net, ['shop_default']),
      ];
      await box.peer.call('serveTcp', { port: 80, say: 'web' });
      await net.publish(box.id, box.endpoints, [tcp(8060, 80)]);
      net.names([{ network: 'shop_default', name: 'web', addresses: [box.ip] }]);
      sh(closed('forward'));
      sh(closed('input'));
      await eventually(
        () =>
          (sh('nft list table inet strict').match(/accept comment "orc-3fa9c1 containers"/g) ?? []).length ===
          4,
      );
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8060 })).toBe('web 192.0.2.2');
      expect(await other.peer.call('askTcp', { host: box.ip, port: 80 })).toBe(`web ${other.ip}`);
      expect(await box.peer.call('dns', { host: '10.77.18.1', name: 'web' })).toBe(`NOERROR ${box.ip}`);
      sh('nft delete table inet strict');
      sh(`iptables -P FORWARD DROP; iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER`);
      await eventually(() => sh('nft list chain ip filter DOCKER-USER').includes('containers'));
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8060 })).toBe('web 192.0.2.2');
      expect(sh('iptables -S DOCKER-USER')).toContain('-i orc-3fa9c1-+');
      expect(net.info().hostFirewall.join()).toContain('policy drop');
      sh('nft flush ruleset');
      await eventually(() => sh('nft list tables').includes(INSTANCE));
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8060 })).toBe('web 192.0.2.2');
      expect(await host.neighbour.call('askTcp', { host: box.ip, port: 80 })).toBe('timeout');
      for (const each of [box, other]) await stopBox(net, each);
    });

    test('may be left alone: then the daemon says what to type', async () => {
      sh(closed('forward'));
      await eventually(() => sh('nft list table inet strict').includes('containers'));
      await net.shutdown();
      expect(sh('nft list table inet strict')).not.toContain('containers');
      await expect(host.open({ noHostFirewall: true })).rejects.toMatchObject({
        problem: {
          code: 'network.failed',
          hint: expect.stringContaining("nft 'insert rule inet strict forward iifname"),
        },
      });
      sh('nft delete table inet strict');
      net = await host.open();
      await net.networks(standing);
    });
  });

  const veths = (): string[] =>
    sh('ip -br link')
      .split('\n')
      .filter((line) => line.startsWith(`${INSTANCE}v`));
  const gateway = (): string => net.defaultNetwork.status.subnets[0]?.gateway ?? '';
}

type Kept = Attached & { readonly namespace: string };

function startDaemon(folder: string): Promise<{ child: ChildProcess; kept: Kept }> {
  const script = `${import.meta.dirname}/daemon-child.ts`;
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the daemon ended')));
    child.stdout.once('data', (line: Buffer) =>
      resolve({ child, kept: JSON.parse(line.toString()) as Kept }),
    );
  });
}

async function eventually(holds: () => boolean, limitMs = 3000): Promise<void> {
  const until = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > until) expect(holds()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
