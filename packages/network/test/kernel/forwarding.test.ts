/** A host that was no router does not become one: two neighbours on two cables, and instances that come and go. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openNetwork } from '../../src/index.ts';
import type { NetworkHost } from '../../src/types.ts';
import { network } from '../networks.ts';
import { eventually, insideNamespaces } from './inside.ts';
import { type Fields, openPeer, type Peer, SILENT } from './peer.ts';
import {
  daemonOptions,
  HOST,
  type Host,
  INSTANCE,
  makeHost,
  NEIGHBOUR,
  sh,
  startBox,
  stopBox,
  tcp,
} from './world.ts';

const FAR = '198.51.100.2';
const OTHER = 'orc-000001';

insideNamespaces(import.meta.filename, () => {
  let host: Host;
  let far: Peer;
  const opened: NetworkHost[] = [];
  beforeAll(async () => {
    host = makeHost();
    far = openPeer('new');
    const inFar = `nsenter -t ${far.pid} -n`;
    await eventually(() => sh(`readlink /proc/${far.pid}/ns/net`) !== sh('readlink /proc/self/ns/net'));
    sh(`ip link add up1 type veth peer name eth0 netns ${far.pid}`);
    sh(`ip addr add 198.51.100.1/24 dev up1 && ip link set up1 up`);
    sh(`${inFar} sh -c 'ip link set lo up; ip addr add ${FAR}/24 dev eth0; ip link set eth0 up'`);
    sh(`${inFar} ip route add default via 198.51.100.1`);
    sh(`nsenter -t ${host.neighbour.pid} -n ip route add 198.51.100.0/24 via ${HOST}`);
    await far.call('serveTcp', { port: 80, say: 'far' });
  });
  afterAll(async () => {
    await far.close();
    await host.close();
  });
  beforeEach(() => forwards('0'));
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.shutdown().catch(() => {});
  });

  const forwards = (value?: '0' | '1'): string => {
    if (value !== undefined) sh(`sysctl -qw net.ipv4.ip_forward=${value}`);
    return sh('cat /proc/sys/net/ipv4/ip_forward').trim();
  };
  const across = (more: Fields = {}): Promise<string> =>
    host.neighbour.call('askTcp', { host: FAR, port: 80, ...more });
  const open = async (): Promise<NetworkHost> => {
    const net = await host.open();
    opened.push(net);
    await net.recover([]);
    return net;
  };
  const openOther = async (): Promise<NetworkHost> => {
    const folder = join(host.folder, 'other');
    const net = await openNetwork({ ...daemonOptions(folder, host.kernel, host.said), instance: OTHER });
    opened.push(net);
    await net.recover([]);
    return net;
  };

  test('strangers are not forwarded, containers are, and it is off again after a shutdown', async () => {
    const net = await open();
    await net.networks([network('shop_default', 18), network('blog_default', 2)]);
    expect(forwards()).toBe('1');
    expect(await across(SILENT)).toBe('timeout');
    const box = await startBox(host, net, ['shop_default']);
    const beside = await startBox(host, net, ['shop_default']);
    await box.peer.call('serveTcp', { port: 80, say: 'web' });
    await net.publish(box.id, box.endpoints, [tcp(8080, 80)]);
    expect(await host.neighbour.call('askTcp', { host: HOST, port: 8080 })).toBe(`web ${NEIGHBOUR}`);
    expect(await box.peer.call('askTcp', { host: FAR, port: 80 })).toBe('far 198.51.100.1');
    expect(await beside.peer.call('askTcp', { host: box.ip, port: 80 })).toBe(`web ${beside.ip}`);
    expect(await across(SILENT)).toBe('timeout');
    for (const each of [box, beside]) await stopBox(net, each);
    await net.shutdown();
    expect(forwards()).toBe('0');
    expect(await across(SILENT)).toBe('timeout');
  });

  test('a restarted daemon remembers, by its record or by the rules, and puts flushed rules back', async () => {
    for (const forget of [`nft flush ruleset`, `rm ${host.folder}/run/net/forwarding.json`]) {
      await (await open()).close();
      expect(await across(SILENT)).toBe('timeout');
      sh(forget);
      const net = await open();
      expect(await across(SILENT)).toBe('timeout');
      sh('nft flush ruleset');
      await eventually(() => sh('nft list tables').includes(`${INSTANCE}\n`));
      expect(await across(SILENT)).toBe('timeout');
      await net.shutdown();
      expect(forwards()).toBe('0');
    }
  });

  test('a second instance keeps strangers out too, and the last one switches off, whichever that is', async () => {
    for (const order of [0, 1]) {
      const nets = [await open(), await openOther()];
      const box = await startBox(host, nets[1] as NetworkHost, ['bridge']);
      expect(await box.peer.call('askTcp', { host: FAR, port: 80 })).toBe('far 198.51.100.1');
      await stopBox(nets[1] as NetworkHost, box);
      await nets[order]?.shutdown();
      expect([forwards(), await across(SILENT)]).toEqual(['1', 'timeout']);
      await nets[1 - order]?.shutdown();
      expect(forwards()).toBe('0');
    }
  });

  test('a host that was a router stays one', async () => {
    forwards('1');
    const net = await open();
    expect(await across()).toBe('far 192.0.2.2');
    await net.shutdown();
    expect([forwards(), await across()]).toEqual(['1', 'far 192.0.2.2']);
  });

  test('bridges of others are theirs to look after, and keep forwarding on', async () => {
    const net = await open();
    sh('ip link add virbr9 type bridge; ip link set up1 master virbr9; ip link set virbr9 up');
    sh('ip addr del 198.51.100.1/24 dev up1; ip addr add 198.51.100.1/24 dev virbr9');
    try {
      expect(await across()).toBe('far 192.0.2.2');
      await net.shutdown();
      expect(forwards()).toBe('1');
      expect(host.said.join()).toContain('forwarding stays on');
    } finally {
      sh('ip link del virbr9; ip addr add 198.51.100.1/24 dev up1');
    }
  });
});
