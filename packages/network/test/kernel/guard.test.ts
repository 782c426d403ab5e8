/** What a container cannot say on its bridge, and what it still can: raw frames between real namespaces. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { macOf, parseIpv4 } from '@orc/model';
import { explain } from '../../src/plan/explain.ts';
import type { NetworkHost } from '../../src/types.ts';
import { arp, BROADCAST, ETHERTYPE, ethernet, hexOf, ipv4, type Named } from '../frames.ts';
import { network } from '../networks.ts';
import { insideNamespaces } from './inside.ts';
import { openPeer, type Peer } from './peer.ts';
import { begin, end, standing } from './standing.ts';
import { attachBox, INSTANCE, newId, sh, startBox, stopBox, type Box, type Host } from './world.ts';

const OPEN = { options: { 'io.orc.network.spoof_guard': 'false' } };
const networks = [...standing, network('open', 4, OPEN), network('second', 5)];

insideNamespaces(import.meta.filename, () => {
  let host: Host;
  let net: NetworkHost;
  let self: Peer;
  let boxes: Box[] = [];
  let wires: Peer[] = [];
  beforeAll(async () => {
    ({ host, net, self } = await begin());
    await net.networks(networks);
  });
  afterAll(() => end({ host, net, self }));
  const stop = async (): Promise<void> => {
    for (const each of wires) await each.close();
    for (const each of boxes) await stopBox(net, each);
    [boxes, wires] = [[], []];
  };

  const start = async (on: readonly string[]): Promise<Station> => {
    const box = await startBox(host, net, on);
    boxes.push(box);
    return station(box);
  };
  const station = (box: Box): Station => {
    const wire = openPeer(box.namespace, 'frames-child.ts');
    wires.push(wire);
    const { mac = '', ipv4: ip = '' } = box.endpoints[0] ?? {};
    return { box, wire, mac, ip };
  };
  const three = async (on: string): Promise<Three> => ({
    sender: await start([on]),
    receiver: await start([on]),
    victim: await start([on]),
  });

  describe('on a bridge', () => {
    let all: Three;
    beforeAll(async () => {
      all = await three('shop_default');
    });
    afterAll(stop);

    test.each(HONEST)('arrives: %s', async (_name, frame) => {
      expect(await arrives(frame, all)).toBe(true);
    });

    test.each(FORGED)('does not arrive: %s', async (_name, frame) => {
      expect(await arrives(frame, all)).toBe(false);
    });

    test('all of it arrives where the network says so: the frames are good', async () => {
      const unguarded = await three('open');
      for (const [name, frame] of FORGED) expect(await arrives(frame, unguarded), name).toBe(true);
    });

    test('programs reach each other, the gateway and the world, and are known there', async () => {
      const { sender, receiver } = all;
      await receiver.box.peer.call('serveTcp', { port: 80, say: 'web' });
      await host.neighbour.call('serveTcp', { port: 80, say: 'world' });
      await self.call('serveTcp', { port: 8099, say: 'host' });
      const ask = (at: string, port: number): Promise<string> =>
        sender.box.peer.call('askTcp', { host: at, port });
      expect(await ask(receiver.ip, 80)).toBe(`web ${sender.ip}`);
      expect(await ask('10.77.18.1', 8099)).toBe(`host ${sender.ip}`);
      expect(await ask('192.0.2.2', 80)).toBe('world 192.0.2.1');
      await host.neighbour.call('closeAll', {});
      await self.call('closeAll', {});
    });
  });

  describe('of each container', () => {
    afterEach(stop);

    test('a MAC address that was asked for is the one to send from, and the usual one is not', async () => {
      const { receiver, victim } = await three('shop_default');
      const id = newId();
      const endpoint = net.allocate(id, 'shop_default', { mac: '02:00:00:00:00:07' });
      const box = await attachBox(host, net, id, [endpoint]);
      boxes.push(box);
      const at = { sender: station(box), receiver, victim };
      expect(at.sender.mac).toBe('02:00:00:00:00:07');
      for (const [name, frame] of HONEST) expect(await arrives(frame, at), name).toBe(true);
      for (const [name, frame] of FORGED) expect(await arrives(frame, at), name).toBe(false);
      const usual = macOf(parseIpv4(box.ip) ?? 0);
      expect(await arrives(({ sender }) => ipFrom(usual, sender.ip, receiver), at)).toBe(false);
    });

    test('a container with two networks may use both addresses on both, also of one that it joins later', async () => {
      const receiver = await start(['shop_default']);
      const both = await start(['shop_default', 'second']);
      const one = await start(['shop_default']);
      const joined = [...one.box.endpoints, net.allocate(one.box.id, 'second')].map((each, at) => ({
        ...each,
        interface: `eth${at}`,
      }));
      const from = (ip: string) => (at: Three) =>
        ethernet(at.receiver.mac, at.sender.mac, ETHERTYPE.ipv4, ipv4(ip, at.receiver.ip, 'other'));
      const later = from(joined[1]?.ipv4 ?? '');
      expect(
        await arrives(from(both.box.endpoints[1]?.ipv4 ?? ''), { sender: both, receiver, victim: one }),
      ).toBe(true);
      expect(await arrives(later, { sender: one, receiver, victim: both })).toBe(false);
      const sandbox = { container: one.box.id, hostname: 'h', name: 'n' };
      const ops = (await net.sandbox({ ...sandbox, endpoints: joined })).ops;
      await host.kernel.run(ops);
      await host.kernel.run(ops);
      expect(await arrives(later, { sender: one, receiver, victim: both })).toBe(true);
      await host.kernel.run((await net.sandbox({ ...sandbox, endpoints: one.box.endpoints })).ops);
      expect(await arrives(later, { sender: one, receiver, victim: both })).toBe(false);
    });

    test('a daemon that goes and comes back changes nothing, and a flush of all rules neither', async () => {
      const all = await three('shop_default');
      await net.close();
      for (const [name, frame] of FORGED) expect(await arrives(frame, all), name).toBe(false);
      net = await host.open();
      await net.recover(boxes.map((each) => ({ container: each.id, endpoints: each.endpoints, ports: [] })));
      await net.networks(networks);
      sh('nft flush ruleset');
      for (const [name, frame] of FORGED) expect(await arrives(frame, all), name).toBe(false);
      for (const [name, frame] of HONEST) expect(await arrives(frame, all), name).toBe(true);
    });

    test('behind the cable of a further bridge it is the same', async () => {
      await net.close();
      net = await host.open({ bridgePortsMax: 1 });
      await net.recover([]);
      await net.networks(networks);
      const all = await three('second');
      expect(sh('ip -br link')).toMatch(new RegExp(`${INSTANCE}x`));
      for (const [name, frame] of FORGED) expect(await arrives(frame, all), name).toBe(false);
      for (const [name, frame] of HONEST) expect(await arrives(frame, all), name).toBe(true);
    });

    test('the question whether the kernel has it leaves no filter, and those of others; no rule is needed', async () => {
      const filters = (): readonly string[] =>
        sh(`tc filter show dev ${INSTANCE}-0 ingress`).match(/handle 0x\w+/g) ?? [];
      await start(['bridge']);
      expect(filters()).toEqual([]);
      sh(`tc filter add dev ${INSTANCE}-0 ingress protocol all pref 7 handle 7 bpf da bytecode '1,6 0 0 0'`);
      expect(filters()).toEqual(['handle 0x7']);
      await net.close();
      net = await host.open();
      await net.recover([]);
      await net.networks(networks);
      expect(filters()).toEqual(['handle 0x7']);
      sh(`tc filter del dev ${INSTANCE}-0 ingress`);
      expect(sh('nft list tables')).not.toContain('bridge');
    });

    test('a kernel without it is warned of once, and containers start', async () => {
      await net.close();
      const run: Host['kernel']['run'] = async (ops) => {
        if (explain(ops).includes('newtfilter')) throw new Error('operation 0: errno 2');
        await host.kernel.run(ops);
      };
      host.said.length = 0;
      net = await host.open({ kernel: { ...host.kernel, run } });
      await net.recover([]);
      await net.networks(networks);
      const all = await three('shop_default');
      const [[, honest] = [], [, forged] = []] = [HONEST[0], FORGED[0]];
      expect(await arrives(honest as Frame, all)).toBe(true);
      expect(await arrives(forged as Frame, all)).toBe(true);
      expect(host.said.filter((each) => each.includes('in the name of'))).toHaveLength(1);
    });
  });
});

type Station = Named & { readonly box: Box; readonly wire: Peer };
type Three = { readonly sender: Station; readonly receiver: Station; readonly victim: Station };
type Frame = (at: Three) => Buffer;

/** The same sender's honest frame comes after it: when that has arrived, the other has or never will. */
async function arrives(frame: Frame, at: Three): Promise<boolean> {
  const { sender, receiver } = at;
  marks += 1;
  const mark = ipv4(sender.ip, receiver.ip, `mark ${marks}`);
  const sent = frame(at);
  await receiver.wire.call('listen', {});
  expect(await sender.wire.call('send', { say: hexOf(sent) })).toBe('ok');
  await sender.wire.call('send', { say: hexOf(ethernet(receiver.mac, sender.mac, ETHERTYPE.ipv4, mark)) });
  const heard = (await receiver.wire.call('hear', { say: hexOf(mark) })).split(' ');
  expect(heard.at(-1)).toMatch(new RegExp(`${hexOf(mark)}$`));
  return heard.slice(0, -1).some((each) => each.endsWith(hexOf(sent.subarray(-28))));
}
let marks = 0;

/** From fe80::1 to fe80::2, and nothing in it (RFC 8200). */
const IPV6 = Buffer.from(`6000000000003bfffe80${'0'.repeat(27)}1fe80${'0'.repeat(27)}2`, 'hex');
const GATEWAY = '10.77.18.1';
const HONEST: readonly (readonly [string, Frame])[] = [
  ['a packet', ({ sender, receiver }) => ipFrom(sender.mac, sender.ip, receiver)],
  [
    'a packet to all',
    ({ sender }) =>
      ethernet(BROADCAST, sender.mac, ETHERTYPE.ipv4, ipv4(sender.ip, '255.255.255.255', 'to all')),
  ],
  ['a question for an address', ({ sender, receiver }) => arpFrom(BROADCAST, 1, sender, receiver)],
  ['an answer', ({ sender, receiver }) => arpFrom(receiver.mac, 2, sender, receiver)],
  ['a probe', ({ sender }) => arpFrom(BROADCAST, 1, { mac: sender.mac, ip: '0.0.0.0' }, sender)],
  ['IPv6', ({ sender, receiver }) => ethernet(receiver.mac, sender.mac, ETHERTYPE.ipv6, IPV6)],
];
const FORGED: readonly (readonly [string, Frame])[] = [
  [
    'a packet from the MAC of another',
    ({ sender, receiver, victim }) => ipFrom(victim.mac, sender.ip, receiver),
  ],
  ['IPv6 from it', ({ receiver, victim }) => ethernet(receiver.mac, victim.mac, ETHERTYPE.ipv6, IPV6)],
  ['a packet of another', ({ sender, receiver, victim }) => ipFrom(sender.mac, victim.ip, receiver)],
  ['a packet that is all another’s', ({ receiver, victim }) => ipFrom(victim.mac, victim.ip, receiver)],
  ['a packet of the gateway', ({ sender, receiver }) => ipFrom(sender.mac, GATEWAY, receiver)],
  ['a packet of nobody here', ({ sender, receiver }) => ipFrom(sender.mac, '198.51.100.9', receiver)],
  [
    'an answer for another',
    ({ sender, receiver, victim }) =>
      arpFrom(receiver.mac, 2, { ...victim, mac: sender.mac }, receiver, sender),
  ],
  [
    'an answer for the gateway, to all',
    ({ sender }) => arpFrom(BROADCAST, 2, { mac: sender.mac, ip: GATEWAY }, sender),
  ],
  [
    'a question as the gateway',
    ({ sender, receiver }) => arpFrom(BROADCAST, 1, { mac: sender.mac, ip: GATEWAY }, receiver),
  ],
  [
    'an answer that sends its own packets to another',
    ({ sender, receiver, victim }) =>
      arpFrom(receiver.mac, 2, { mac: victim.mac, ip: sender.ip }, receiver, sender),
  ],
  [
    'a packet of another behind the tag of no VLAN',
    ({ sender, receiver, victim }) => ipFrom(sender.mac, victim.ip, receiver, [0]),
  ],
  ['behind two of them', ({ sender, receiver, victim }) => ipFrom(sender.mac, victim.ip, receiver, [0, 0])],
];

const ipFrom = (mac: string, ip: string, to: Named, tags: readonly number[] = []): Buffer =>
  ethernet(to.mac, mac, ETHERTYPE.ipv4, ipv4(ip, to.ip, 'a packet'), tags);
/** `by`: whose frame it is, when not the one's that it names. */
const arpFrom = (to: string, operation: 1 | 2, as: Named, target: Named, by: Named = as): Buffer =>
  ethernet(to, by.mac, ETHERTYPE.arp, arp(operation, as, target));
