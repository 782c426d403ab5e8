import { contains, formatCidr, parseCidr, parseIpv4, type Cidr, type ContainerId } from '@orc/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openAddresses } from '../src/host/addresses.ts';
import { allocateEndpoint, rangesOf, type AddressBook } from '../src/plan/addresses.ts';
import { bridgeName, cableNames, extensionName, linkRole, vethName } from '../src/plan/links.ts';
import { lastFreeSubnet, parseRoutes } from '../src/plan/pool.ts';
import { ephemeralPorts, ruleOf } from '../src/plan/ports.ts';
import { network } from './networks.ts';

const cidr = (text: string): Cidr => parseCidr(text) as Cidr;
const book = (): AddressBook => ({ owners: new Map(), cursor: 0 });
const container = (n: number): ContainerId => n.toString(16).padStart(64, 'a') as ContainerId;

describe('addresses', () => {
  const net = network('shop', 18);

  test('who has one holds the network from then on, and not after its release', () => {
    const bridges = { get: () => net, all: () => [net] } as unknown as Parameters<typeof openAddresses>[0];
    const addresses = openAddresses(bridges, 'shop', undefined);
    expect(addresses.holders('shop')).toEqual([]);
    addresses.allocate(container(1), 'shop', {});
    addresses.reserve(container(2), [{ ...addresses.allocate(container(1), 'shop', {}), network: 'other' }]);
    expect([addresses.holders('shop'), addresses.holders('other')]).toEqual([[container(1)], [container(2)]]);
    addresses.release(container(1));
    expect(addresses.holders('shop')).toEqual([]);
  });

  test('of a node-local network are all but its own three, each once, and then it says so', () => {
    const given = new Set<string>();
    const addresses = book();
    const ranges = rangesOf(net, true, undefined);
    for (let n = 0; n < 253; n += 1) {
      given.add(allocateEndpoint(net, ranges, addresses, container(n), {}).ipv4 ?? '');
    }
    expect(given.size).toBe(253);
    for (const own of ['10.77.18.0', '10.77.18.1', '10.77.18.255']) expect(given).not.toContain(own);
    expect(() => allocateEndpoint(net, ranges, addresses, container(999), {})).toThrow(
      'network shop has no free address for this container',
    );
  });

  test('of a cluster network come out of this node’s blocks only; without one it waits for the cluster', () => {
    const addresses = book();
    const endpoint = allocateEndpoint(net, rangesOf(net, false, 'node'), addresses, container(1), {});
    expect(endpoint).toMatchObject({ ipv4: '10.77.18.16', ipv4PrefixLength: 24, gateway: '10.77.18.1' });
    expect(() => allocateEndpoint(net, rangesOf(net, false, 'other'), addresses, container(2), {})).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({
          code: 'network.exhausted',
          hint: expect.stringContaining('quorum'),
        }),
      }),
    );
  });

  test('that are wished for are given, refused outside of the subnet, and refused while another has them', () => {
    const addresses = book();
    const ranges = rangesOf(net, true, undefined);
    const ask = (n: number, wanted: string): unknown =>
      allocateEndpoint(net, ranges, addresses, container(n), { wanted }).ipv4;
    expect(ask(1, '10.77.18.200')).toBe('10.77.18.200');
    expect(() => ask(2, '10.77.18.200')).toThrow('address 10.77.18.200 on network shop is in use');
    for (const wrong of ['10.77.19.1', '10.77.18.1', '10.77.18.255', 'ten']) {
      expect(() => ask(2, wrong)).toThrow(`${wrong} is not an address for a container on network shop`);
    }
  });

  test('given back are not given again at once', () => {
    const addresses = book();
    const ranges = rangesOf(net, true, undefined);
    const first = allocateEndpoint(net, ranges, addresses, container(1), {}).ipv4;
    addresses.owners.delete(parseIpv4(first ?? '') ?? 0);
    expect(allocateEndpoint(net, ranges, addresses, container(2), {}).ipv4).not.toBe(first);
  });
});

describe('the pool', () => {
  test('gives the last subnet that no route of the host touches', () => {
    const pools = [cidr('10.128.0.0/10'), cidr('172.16.0.0/12')];
    expect(formatCidr(lastFreeSubnet(pools, 20, []) as Cidr)).toBe('10.191.240.0/20');
    expect(formatCidr(lastFreeSubnet(pools, 20, [cidr('10.191.0.0/16')]) as Cidr)).toBe('10.190.240.0/20');
    expect(formatCidr(lastFreeSubnet(pools, 20, [cidr('10.0.0.0/8')]) as Cidr)).toBe('172.31.240.0/20');
    expect(lastFreeSubnet(pools, 20, [cidr('10.0.0.0/8'), cidr('172.0.0.0/8')])).toBeUndefined();
  });

  test('never overlaps what is taken, and stays within the pool', () => {
    const pool = cidr('10.128.0.0/16');
    const taken = fc.array(
      fc
        .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 18, max: 30 }))
        .map(([low, length]) => cidr(`10.128.${low >> 8}.${low & 255}/${length}`)),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(taken, (rows) => {
        const found = lastFreeSubnet([pool], 20, rows);
        const free = (base: number): boolean =>
          !rows.some((row) => contains({ base, prefixLength: 20 }, row.base));
        const any = Array.from({ length: 16 }, (_, n) => pool.base + n * 4096).filter(
          (base) => free(base) && !rows.some((row) => contains(row, base)),
        );
        expect(found?.base).toBe(any.at(-1));
      }),
    );
  });

  test('reads /proc/net/route, without default routes and its own links', () => {
    const text = [
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      'eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
      'tun0\t0102030A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0',
      'orc0\t00F0BF0A\t00000000\t0001\t0\t0\t0\t00F0FFFF\t0\t0\t0',
    ].join('\n');
    const routes = parseRoutes(text, (link) => link === 'orc0').map((each) => formatCidr(each));
    expect(routes).toEqual(['192.168.0.0/24', '10.3.2.1/32']);
  });
});

describe('names of links', () => {
  test.each([
    ['orc', 0, 'orc0'],
    ['orc', 65535, 'orc65535'],
    ['orc-3fa9c1', 12, 'orc-3fa9c1-c'],
    ['orc-3fa9c1', 65535, 'orc-3fa9c1-ffff'],
  ])('the bridge of %s %i is %s', (instance, index, name) => {
    expect(bridgeName(instance, index)).toBe(name);
    expect(linkRole(instance, name)).toBe('bridge');
  });

  test('tell their instance and role, and nobody else’s are taken for ours', () => {
    const serial = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.constantFrom('orc', 'orc-3fa9c1', 'orc-000000'), serial, (instance, n) => {
        const names = [vethName(instance, n), extensionName(instance, n), ...cableNames(instance, n)];
        expect(names.map((name) => linkRole(instance, name))).toEqual([
          'veth',
          'extension',
          'cable',
          'cable',
        ]);
        for (const name of names) expect(name.length).toBeLessThanOrEqual(15);
        for (const other of ['orc', 'orc-3fa9c1', 'orc-000000', 'orc-3fa9c2']) {
          if (other !== instance) for (const name of names) expect(linkRole(other, name)).toBeUndefined();
        }
      }),
    );
    for (const name of ['eth0', 'orchid0', 'orcvpn', 'docker0', 'orc'])
      expect(linkRole('orc', name)).toBeUndefined();
  });
});

describe('ports', () => {
  test('ephemeral ones stay in the range and do not repeat', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (start) => {
        const ports = ephemeralPorts(start);
        expect(new Set(ports).size).toBe(ports.length);
        for (const port of ports) expect(port >= 32768 && port <= 60999).toBe(true);
      }),
    );
  });

  test('become rules for IPv4: on one address, on all; IPv6 is the proxy’s', () => {
    const binding = { protocol: 'tcp', containerPort: 80, hostPort: 8080 } as const;
    const rule = { protocol: 'tcp', hostPort: 8080, address: '10.0.0.2', containerPort: 80 };
    expect(ruleOf(binding, '10.0.0.2')).toEqual(rule);
    expect(ruleOf({ ...binding, hostIp: '0.0.0.0' }, '10.0.0.2')).toEqual(rule);
    expect(ruleOf({ ...binding, hostIp: '127.0.0.1' }, '10.0.0.2')).toEqual({ ...rule, hostIp: '127.0.0.1' });
    expect(ruleOf({ ...binding, hostIp: '::1' }, '10.0.0.2')).toBeUndefined();
  });
});
