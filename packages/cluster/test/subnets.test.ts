/** Subnets that are asked for, against what others have, and what is given out of them. */
import { type NetworkSpec, type Subnet, formatProblem } from '@orc/model';
import { describe, expect, test } from 'vitest';
import { all, createNetwork, grantBlock, type HostSubnets, named, type ProjectPlan } from '../src/index.ts';
import { commit, newWorld, NODE, pass, proposerOf, settle, up, type World } from './world.ts';

const HOST: HostSubnets = { local: ['10.143.240.0/20'], routes: ['192.168.1.0/24'] };
const said = ({ problems }: ProjectPlan): readonly string[] =>
  problems.map((each) => formatProblem(each).split('\n')[0] ?? '');
const create = (world: World, name: string, ...subnets: readonly Subnet[]): ProjectPlan => {
  const spec: NetworkSpec = { driver: 'bridge', subnets };
  const plan = createNetwork(world.state, name, spec, { ...proposerOf(world), host: () => HOST });
  commit(world, plan.changes);
  return plan;
};

describe('refused before anything is made', () => {
  test.each([
    ['0.0.0.0/0', 'no host has an address in 0.0.0.0/8'],
    ['127.0.0.0/24', '127.0.0.0/8 is the loopback of every host'],
    ['224.0.0.0/24', '224.0.0.0/4 is for multicast'],
    ['10.6.0.0/31', 'it has no address for a container: /30 is the smallest'],
    ['10.6.0.0/32', 'it has no address for a container: /30 is the smallest'],
    ['fd00::/64', 'it is none'],
  ])('%s', (subnet, why) => {
    const plan = create(newWorld(), 'n', { subnet });
    expect(said(plan)).toContain(`network n cannot have the subnet ${subnet}: ${why}`);
    expect(plan.changes).toEqual([]);
  });

  test('what the node has of its own, also a part of it', () => {
    const plan = create(newWorld(), 'n', { subnet: '10.143.241.0/24' });
    expect(said(plan)).toEqual([
      'the subnet 10.143.241.0/24 of network n overlaps with network bridge of this host',
    ]);
    expect(plan.changes).toEqual([]);
  });

  test('two of one project, and two of one network', () => {
    const two = up(newWorld(), 'a image=x net=n,m\n@n subnet=10.98.0.0/24\n@m subnet=10.98.0.0/16');
    expect(said(two)).toContain('the subnet 10.98.0.0/16 of network shop_m overlaps with network shop_n');
    expect(two.changes).toEqual([]);
    const one = create(newWorld(), 'n', { subnet: '10.97.0.0/24' }, { subnet: '10.97.0.128/25' });
    expect(said(one)).toEqual(['the subnet 10.97.0.128/25 of network n overlaps with another of its own']);
  });

  test('a range that is larger than its subnet', () => {
    expect(said(create(newWorld(), 'n', { subnet: '10.97.0.0/24', ipRange: '10.97.0.0/16' }))).toEqual([
      'the range 10.97.0.0/16 of network n is not in its subnet 10.97.0.0/24',
    ]);
  });
});

test.each([
  ['com.docker.network.bridge.name', 'foo', 'the option "com.docker.network.bridge.name" is not supported'],
  ['io.orc.network.spoof_guard', 'maybe', 'the option "io.orc.network.spoof_guard" cannot be "maybe"'],
  ['com.docker.network.driver.mtu', '60', 'the option "com.docker.network.driver.mtu" cannot be "60"'],
  ['toString', '', 'the option "toString" is not supported'],
])('the option %s=%s', (option, value, why) => {
  const { state } = newWorld();
  const spec: NetworkSpec = { driver: 'bridge', options: { [option]: value } };
  const plan = createNetwork(state, 'n', spec, proposerOf(newWorld()));
  expect(said(plan)).toEqual([`network n: ${why}`]);
  expect(plan.changes).toEqual([]);
});

test("a subnet that a route of the host leads to is its user's choice: it is made, with a warning", () => {
  const world = newWorld();
  const plan = create(world, 'n', { subnet: '192.168.0.0/16' });
  expect(plan.problems.map((each) => each.severity)).toEqual(['warning']);
  expect(said(plan)[0]).toContain('overlaps with the route to 192.168.1.0/24 of this host');
  expect(named(world.state, 'network', 'n')).toBeDefined();
});

describe('addresses that nobody named', () => {
  const file = 'web image=nginx net=n replicas=3\none image=x net=n ip=10.97.0.9\n@n external';

  test('come out of the range, its first and last included; a named one need not', () => {
    const world = newWorld();
    create(world, 'n', { subnet: '10.97.0.0/24', ipRange: '10.97.0.128/30' });
    pass(world);
    up(world, file);
    settle(world);
    const given = all(world.state, 'task').map((task) => task.spec.endpoints[0]?.ipv4);
    expect(given.toSorted()).toEqual(['10.97.0.128', '10.97.0.129', '10.97.0.130', '10.97.0.9']);
  });

  test('also those of blocks', () => {
    const world = newWorld();
    create(world, 'n', { subnet: '10.97.0.0/24', ipRange: '10.97.0.128/27' });
    pass(world);
    expect(blocksOf(world, 3)).toEqual(['10.97.0.144/28', '10.97.0.128/28', undefined]);
  });

  test('a network of a few addresses gives its last ones one by one', () => {
    const world = newWorld();
    create(world, 'n', { subnet: '10.97.0.0/30' });
    create(world, 'm', { subnet: '10.97.1.0/28' });
    pass(world);
    expect(blocksOf(world, 2)).toEqual(['10.97.0.2/31', undefined]);
    expect(blocksOf(world, 4, 'm')).toEqual(['10.97.1.8/29', '10.97.1.4/30', '10.97.1.2/31', undefined]);
  });
});

const blocksOf = (world: World, count: number, name = 'n'): readonly (string | undefined)[] =>
  Array.from({ length: count }, () => {
    const before = named(world.state, 'network', name)?.status.blocks.length;
    commit(world, grantBlock(world.state, name, NODE).changes);
    const after = named(world.state, 'network', name)?.status.blocks ?? [];
    return after.length === before ? undefined : after.at(-1)?.cidr;
  });
