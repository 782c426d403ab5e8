/** Daemons that go and come back, and firewalls that are reloaded under them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bridgeName } from '../../src/plan/links.ts';
import type { Attached, NetworkHost } from '../../src/types.ts';
import { network } from '../networks.ts';
import { countNft } from './counted.ts';
import { eventually, insideNamespaces, veths } from './inside.ts';
import { openPeer, type Peer, SILENT } from './peer.ts';
import { sessionIsIdle } from './session.ts';
import { begin, end, standing } from './standing.ts';
import { HOST, INSTANCE, newId, sh, startBox, stopBox, tcp, type Host } from './world.ts';

insideNamespaces(import.meta.filename, () => {
  let host: Host;
  let net: NetworkHost;
  let self: Peer;
  beforeAll(async () => {
    ({ host, net, self } = await begin(1));
  });
  afterAll(() => end({ host, net, self }));

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
        // What it had asked of others they still do: its stand-in for the kernel makes a cable that no sweep has seen.
        await eventually(() => sessionIsIdle(child.pid ?? 0), 30_000);
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

    test('takes over or sweeps what an earlier one asked for and the kernel made later', async () => {
      const late = [`${INSTANCE}-63`, `${INSTANCE}-64`];
      for (const name of late) sh(`ip link add ${name} type bridge`);
      sh(`ip link add ${INSTANCE}vzzz1 type veth peer name ${INSTANCE}vzzz2`);
      sh(`touch ${host.folder}/run/ns/${INSTANCE}vzzz1`);
      await net.recover([]);
      await net.networks([...standing, network('late', 0x63)]);
      const box = await startBox(host, net, ['late', 'shop_default']);
      await box.peer.call('serveTcp', { port: 80, say: 'web' });
      expect(await self.call('askTcp', { host: box.ip, port: 80 })).toMatch(/^web /);
      const left = (): string => sh(`ip -br link; ls ${host.folder}/run/ns`);
      expect(left()).toContain(late[1]);
      await eventually(() => !left().includes('vzzz') && !left().includes(`${late[1]}`), 10_000);
      expect(left()).toContain(late[0]);
      expect(await self.call('askTcp', { host: box.ip, port: 80 })).toMatch(/^web /);
      await stopBox(net, box);
      await net.networks(standing);
    });

    test('does not cost a single connection while it is away and comes back', async () => {
      const box = await startBox(host, net, ['shop_default']);
      await box.peer.call('serveTcp', { port: 80, say: 'web' });
      const ports = await net.publish(box.id, box.endpoints, [tcp(8049, 80)]);
      let ended = false;
      const answers: string[] = [];
      const ask = async (): Promise<void> => {
        while (!ended) answers.push(await host.neighbour.call('askTcp', { host: HOST, port: 8049 }));
      };
      const before = synsSentAgain(host.neighbour);
      expect(before).toBeGreaterThanOrEqual(0);
      const asking = [ask(), ask()];
      for (let round = 0; round < 3; round += 1) {
        await net.close();
        net = await host.open();
        await net.recover([{ container: box.id, endpoints: box.endpoints, ports }]);
        await net.networks(standing);
        const enough = answers.length + 7;
        await eventually(() => answers.length > enough);
      }
      ended = true;
      await Promise.all(asking);
      expect([...new Set(answers)]).toEqual(['web 192.0.2.2']);
      // A packet that was dropped is sent again a second later: no connection is lost by it, but held up.
      expect(synsSentAgain(host.neighbour)).toBe(before);
      await stopBox(net, box);
    });

    test('recovers 50 containers in few steps', async () => {
      const ids = Array.from({ length: 50 }, () => newId());
      const all = await Promise.all(
        ids.map(async (container, at) => {
          const endpoints = [net.allocate(container, 'bridge')];
          await host.kernel.run((await net.sandbox({ container, hostname: 'h', name: 'n', endpoints })).ops);
          await net.attached(container);
          const ports = await net.publish(container, endpoints, [tcp(22000 + at, 80)]);
          return { container, endpoints, ports };
        }),
      );
      await net.close();
      const [begun, runs] = [performance.now(), host.kernel.runs.length];
      net = await host.open();
      await net.recover(all);
      console.log(`50 containers recovered in ${(performance.now() - begun).toFixed(0)} ms`);
      // How long that takes is the machine's affair; none of it grows with the containers.
      expect(host.kernel.runs.length - runs).toBeLessThan(all.length / 4);
      const released = performance.now();
      await Promise.all(ids.map((id) => net.release(id)));
      console.log(`50 containers released in ${(performance.now() - released).toFixed(0)} ms`);
      await net.networks(standing);
    });

    test('keeps the subnet of its own network, unless somebody else routes it meanwhile', async () => {
      const subnet = net.defaultNetwork.status.subnets[0]?.subnet ?? '';
      await net.shutdown();
      net = await host.open();
      expect(net.defaultNetwork.status.subnets[0]?.subnet).toBe(subnet);
      await net.shutdown();
      sh(`ip route add ${subnet} dev up0`);
      net = await host.open();
      expect(net.defaultNetwork.status.subnets[0]?.subnet).toBe('10.191.224.0/20');
      sh(`ip route del ${subnet} dev up0`);
      await net.networks(standing);
    });

    test('a network that is made anew has a bridge of its own, also for the subnet of the one before', async () => {
      const before = network('anew', 40, { internal: true });
      const after = { ...network('anew', 41), status: { ...before.status, index: 41 } };
      const bridges = (): string[] => [40, 41].map((index) => bridgeName(INSTANCE, index)).filter(isThere);
      const isThere = (name: string): boolean => sh('ip -br link').includes(`${name} `);
      await net.networks([...standing, before]);
      expect(bridges()).toEqual([bridgeName(INSTANCE, 40)]);
      const box = await startBox(host, net, ['anew']);
      await stopBox(net, box);
      await net.networks([...standing, after]);
      expect(bridges()).toEqual([bridgeName(INSTANCE, 41)]);
      const rules = sh(`nft list table inet ${INSTANCE}`);
      expect(rules).toContain(`"${bridgeName(INSTANCE, 41)}"`);
      expect(rules).not.toContain(`"${bridgeName(INSTANCE, 40)}"`);
      await stopBox(net, await startBox(host, net, ['anew']));
      await net.networks(standing);
      expect(bridges()).toEqual([]);
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
      // An assignment that comes meanwhile, or after it, makes nothing again.
      let isDown = false;
      const down = net.shutdown().finally(() => (isDown = true));
      while (!isDown) await net.networks(standing).catch(() => {});
      await down;
      await net.networks(standing).catch(() => {});
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
          (
            sh('nft list table inet strict').match(/accept comment "orc-3fa9c1 (containers|names 61053)"/g) ??
            []
          ).length === 4,
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
      await eventually(() => sh('nft list tables').includes(`${INSTANCE}\n`));
      expect(await host.neighbour.call('askTcp', { host: HOST, port: 8060 })).toBe('web 192.0.2.2');
      expect(await host.neighbour.call('askTcp', { host: box.ip, port: 80, ...SILENT })).toBe('timeout');
      for (const each of [box, other]) await stopBox(net, each);
    });

    test('are looked at twice a second at most, not at all while only other instances change, and no more when it is over', async () => {
      const looks = countNft(host.folder, '*list chains');
      try {
        await looks.rest();
        const [first, began] = [looks.count(), performance.now()];
        await change('orc-000000');
        expect(looks.count()).toBe(first);
        await change('strange');
        await eventually(() => looks.count() > first);
        await looks.rest();
        const seconds = Math.ceil((performance.now() - began) / 1000);
        expect(looks.count() - first).toBeLessThanOrEqual(2 * seconds);
        looks.slow(1);
        await change('strange');
        looks.slow(0);
        const before = looks.count();
        await looks.rest();
        expect(looks.count() - before).toBeLessThan(3);
      } finally {
        looks.end();
      }
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
});

/** How often the kernel of a peer began a connection anew that nobody answered to. */
function synsSentAgain({ pid }: Peer): number {
  const lines = readFileSync(`/proc/${pid}/net/netstat`, 'utf8').split('\n');
  const [names, values] = lines.filter((line) => line.startsWith('TcpExt:')).map((line) => line.split(' '));
  return Number(values?.[names?.indexOf('TCPSynRetrans') ?? -1]);
}

/** For a second, again and again. */
async function change(table: string): Promise<void> {
  for (const end = performance.now() + 1000; performance.now() < end; ) {
    sh(`nft 'add table inet ${table}; add chain inet ${table} any; delete table inet ${table}'`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Kept = Attached & { readonly namespace: string };

function startDaemon(folder: string): Promise<{ child: ChildProcess; kept: Kept }> {
  const script = `${import.meta.dirname}/daemon-child.ts`;
  const child = spawn(process.execPath, [script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the daemon ended')));
    child.stdout.once('data', (line: Buffer) =>
      resolve({ child, kept: JSON.parse(line.toString()) as Kept }),
    );
  });
}
