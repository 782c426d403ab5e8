/** A network that is asked for otherwise while containers are on it, and who may not be on it then. */
import {
  createNetwork,
  named,
  project,
  all,
  grantBlock,
  createVolume,
  downProject,
  type ProjectPlan,
} from '../src/index.ts';
import { formatProblem, type TaskObj } from '@orc/model';
import { describe, expect, test } from 'vitest';
import { agentRound, commit, newWorld, NODE, pass, proposerOf, settle, up, type World } from './world.ts';

const told = ({ lines, problems }: ProjectPlan): readonly string[] => [
  ...problems.map(formatProblem),
  ...lines.map(({ action, name, reason = '' }) => `${action} ${name} ${reason}`.trim()),
];
const network = (world: World, name = 'shop_n') => {
  const found = named(world.state, 'network', name);
  if (found === undefined) throw new Error(`no network ${name}`);
  return found;
};
const addresses = (world: World): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    all(world.state, 'task').map((task) => [task.name, task.spec.endpoints[0]?.ipv4] as const),
  );
const removing = (task: TaskObj): boolean => task.spec.desired.state === 'remove';

const FILE = 'web image=nginx net=n\napi image=api net=n\nother image=x net=m\n@m subnet=10.9.9.0/24';

describe('the network of running containers', () => {
  test('another subnet: it is made anew when the last of them is gone, and only those on it are replaced', () => {
    const world = newWorld();
    up(world, `${FILE}\n@n subnet=10.1.0.0/24`);
    settle(world);
    const [before, kept] = [
      network(world),
      all(world.state, 'task').find((each) => each.name === 'shop-other-1'),
    ];
    const plan = up(world, `${FILE}\n@n subnet=10.2.0.0/24`);
    expect(told(plan)).toEqual([
      'recreate shop_n ipam.config changed',
      'recreate shop-web-1 networks.shop_n.ipam.config changed',
      'recreate shop-api-1 networks.shop_n.ipam.config changed',
      'keep shop-other-1',
    ]);
    pass(world);
    // The node goes on with what is there, until the first and then the last container has gone.
    for (const gone of ['shop-web-1', 'shop-api-1']) {
      const assigned = project(world.state, NODE).networks.find((each) => each.name === 'shop_n');
      expect(assigned).toEqual({
        id: before.id,
        name: 'shop_n',
        spec: before.spec,
        status: before.status,
      });
      expect(network(world).id).toBe(before.id);
      agentRound(
        world,
        () => 'runs',
        (task) => removing(task) && task.name === gone,
      );
      pass(world);
    }
    const after = network(world);
    expect(after.id).not.toBe(before.id);
    expect(after.status).toMatchObject({
      subnets: [{ subnet: '10.2.0.0/24', gateway: '10.2.0.1' }],
      blocks: [],
    });
    expect(after.status.index).not.toBe(before.status.index);
    expect(after.status.former).toBeUndefined();
    settle(world);
    expect(addresses(world)).toEqual({
      'shop-api-1': '10.2.0.2',
      'shop-web-1': '10.2.0.3',
      'shop-other-1': '10.9.9.2',
    });
    expect(all(world.state, 'task').find((each) => each.name === 'shop-other-1')?.id).toBe(kept?.id);
    expect(
      told(up(world, `${FILE}\n@n subnet=10.2.0.0/24`)).filter((line) => !line.startsWith('keep')),
    ).toEqual([]);
  });

  test.each([
    ['internal', '@n internal', '@n', 'internal'],
    ['labels', '@n label=a', '@n label=b', 'labels'],
    ['a subnet of its own no more', '@n subnet=10.1.0.0/24', '@n', 'ipam.config'],
  ])('%s', (_, first, second, field) => {
    const world = newWorld();
    up(world, `${FILE}\n${first}`);
    settle(world);
    const before = network(world);
    expect(told(up(world, `${FILE}\n${second}`))).toEqual([
      `recreate shop_n ${field} changed`,
      `recreate shop-web-1 networks.shop_n.${field} changed`,
      `recreate shop-api-1 networks.shop_n.${field} changed`,
      'keep shop-other-1',
    ]);
    settle(world);
    expect(network(world).id).not.toBe(before.id);
    expect(all(world.state, 'task').map((task) => task.status.phase)).toEqual(Array(3).fill('running'));
  });

  test('two networks change places', () => {
    const world = newWorld();
    const text = 'a image=x net=n\nb image=x net=m\n';
    up(world, `${text}@n subnet=10.1.0.0/24\n@m subnet=10.2.0.0/24`);
    settle(world);
    up(world, `${text}@n subnet=10.2.0.0/24\n@m subnet=10.1.0.0/24`);
    pass(world);
    agentRound(
      world,
      () => 'runs',
      (task) => removing(task) && task.name === 'shop-a-1',
    );
    pass(world);
    // The subnet that it is to have is still the other's.
    expect(network(world, 'shop_n').status.subnets).toEqual([]);
    const waits = all(world.state, 'task').find((each) => each.name === 'shop-a-1');
    expect(waits?.spec.pending).toEqual({ kind: 'network-leaving', network: 'shop_m' });
    settle(world);
    expect(addresses(world)).toEqual({ 'shop-a-1': '10.2.0.2', 'shop-b-1': '10.1.0.2' });
  });

  test('a rolling update does not wait for what cannot begin; undone halfway all is as it was', () => {
    const world = newWorld();
    const text = 'web image=nginx net=n replicas=3 update=1:start-first\n';
    up(world, `${text}@n subnet=10.1.0.0/24`);
    settle(world);
    up(world, `${text}@n subnet=10.2.0.0/24`);
    pass(world);
    agentRound(
      world,
      () => 'runs',
      (task) => removing(task) && task.spec.slot === 1,
    );
    pass(world);
    const before = network(world);
    expect(before.status.former).toMatchObject({ subnets: [{ subnet: '10.1.0.0/24' }] });
    up(world, `${text}@n subnet=10.1.0.0/24`);
    expect(network(world)).toMatchObject({ id: before.id, spec: { subnets: [{ subnet: '10.1.0.0/24' }] } });
    expect(network(world).status.former).toBeUndefined();
    settle(world);
    const third = up(world, `${text}@n subnet=10.3.0.0/24`);
    expect(third.problems).toEqual([]);
    settle(world);
    expect(Object.values(addresses(world)).toSorted()).toEqual(['10.3.0.2', '10.3.0.3', '10.3.0.4']);
  });

  test('services that were not asked for follow, stopped ones without a start', () => {
    const world = newWorld();
    const text =
      'web image=nginx net=n\napi image=api net=n\nsleeper image=s net=n\nguest image=g join=api\n';
    up(world, text);
    settle(world);
    const sleeper = named(world.state, 'service', 'shop.sleeper');
    commit(world, [
      {
        op: 'put',
        object: { ...sleeper, spec: { ...sleeper?.spec, desired: 'stop' }, specVersion: 2 } as never,
        expect: { specVersion: sleeper?.specVersion ?? 0, statusVersion: sleeper?.statusVersion ?? 0 },
      },
    ]);
    settle(world);
    const plan = up(world, `${text}@n subnet=10.7.0.0/24`, { options: { services: ['web'] } });
    expect(told(plan)).toEqual([
      'recreate shop_n ipam.config changed',
      'recreate shop-web-1 networks.shop_n.ipam.config changed',
      'recreate shop-api-1 networks.shop_n.ipam.config changed',
      'recreate shop-sleeper-1 networks.shop_n.ipam.config changed',
      'recreate shop-guest-1 services.api changed',
    ]);
    settle(world);
    const phases = Object.fromEntries(
      all(world.state, 'task').map((task) => [task.name, task.status.phase] as const),
    );
    expect(phases).toEqual({
      'shop-web-1': 'running',
      'shop-api-1': 'running',
      'shop-guest-1': 'running',
      'shop-sleeper-1': 'ready',
    });
    expect(network(world).status.subnets).toMatchObject([{ subnet: '10.7.0.0/24' }]);
  });
});

describe('who is in the way', () => {
  const other = 'x image=x net=shop_n\n@shop_n external';

  test('containers of other projects and of nobody: refused, by name', () => {
    const world = newWorld();
    up(world, FILE);
    up(world, other, { name: 'blog' });
    settle(world);
    const plan = up(world, `${FILE}\n@n subnet=10.2.0.0/24`, { guests: { shop_n: ['shop-web-run-1'] } });
    expect(plan.changes).toEqual([]);
    expect(plan.problems.map(formatProblem)).toEqual([
      'network shop_n cannot be recreated (ipam.config changed): containers beside the project are on it: blog-x-1, shop-web-run-1\n  hint: remove these containers, or undo the change of the network',
    ]);
  });

  test('nobody comes onto it while it is on its way out', () => {
    const world = newWorld();
    up(world, FILE);
    settle(world);
    commit(world, grantBlock(world.state, 'shop_n', NODE).changes);
    up(world, `${FILE}\n@n subnet=10.2.0.0/24`);
    expect(network(world).status.blocks).toEqual([]);
    expect(grantBlock(world.state, 'shop_n', NODE).problem).toMatchObject({
      code: 'conflict.state',
      retry: true,
    });
    up(world, other, { name: 'blog' });
    pass(world);
    const waits = all(world.state, 'task').find((task) => task.name === 'blog-x-1');
    expect(waits?.spec.pending).toEqual({ kind: 'network-leaving', network: 'shop_n' });
    settle(world);
    expect(addresses(world)['blog-x-1']).toMatch(/^10\.2\.0\./);
  });

  test.each([{ noRecreate: true }, { services: [], prepare: ['web'] }])(
    '%o: it stays as it is, with a warning',
    (options) => {
      const world = newWorld();
      up(world, FILE);
      settle(world);
      const before = network(world);
      const plan = up(world, `${FILE}\n@n subnet=10.2.0.0/24`, { options });
      expect(plan.problems).toMatchObject([
        { severity: 'warning', message: expect.stringContaining('network shop_n stays as it is') },
      ]);
      settle(world);
      expect(network(world)).toEqual(before);
    },
  );

  test('a network of somebody else is refused; its name and a hint are told', () => {
    const world = newWorld();
    commit(world, createNetwork(world.state, 'shop_n', { driver: 'bridge' }, proposerOf(world)).changes);
    expect(up(world, FILE).problems).toMatchObject([
      {
        code: 'conflict.name',
        message: 'network shop_n was not made by a project',
        hint: 'mark it external: true to use it, or give yours another name',
      },
    ]);
  });
});

test('a volume takes no options: each would say that its data lies elsewhere', () => {
  const world = newWorld();
  const options = { type: 'nfs', foo: 'bar' };
  const plan = createVolume(world.state, 'data', { driver: 'local', options }, proposerOf(world));
  expect(plan.changes).toEqual([]);
  expect(plan.problems).toMatchObject(
    ['type', 'foo'].map((option) => ({
      code: 'input.unsupported',
      message: `the volume option "${option}" is not supported`,
    })),
  );
});

test('a volume of somebody else is used with a warning, and not removed by `down -v`', () => {
  const world = newWorld();
  commit(world, createVolume(world.state, 'shop_hand', { driver: 'local' }, proposerOf(world)).changes);
  const plan = up(world, 'web image=nginx vol=hand:/a,own:/b');
  expect(plan.problems).toMatchObject([
    {
      severity: 'warning',
      message: expect.stringContaining('shop_hand exists already and was not made by a'),
    },
  ]);
  settle(world);
  expect(all(world.state, 'task').map((task) => task.status.phase)).toEqual(['running']);
  const down = downProject(world.state, 'shop', { volumes: true }, proposerOf(world));
  expect(down.lines.filter((line) => line.kind === 'volume').map((line) => line.name)).toEqual(['shop_own']);
  commit(world, down.changes);
  settle(world);
  expect(all(world.state, 'volume').map((volume) => volume.name)).toEqual(['shop_hand']);
});

describe('the network that every host has', () => {
  test('its addresses are given by the node: the others have theirs, and their places', () => {
    const world = newWorld();
    up(world, 'web image=nginx net=bridge\nboth image=x net=bridge,n\n@bridge external');
    settle(world);
    expect(all(world.state, 'task').map((task) => task.status.phase)).toEqual(['running', 'running']);
    const both = all(world.state, 'task').find((task) => task.name === 'shop-both-1');
    expect(both?.spec.endpoints.map((each) => [each.network, each.interface])).toEqual([['shop_n', 'eth1']]);
    expect(addresses(world)['shop-web-1']).toBeUndefined();
  });

  test.each(['bridge', 'host', 'none'])('nobody makes another %s', (name) => {
    const world = newWorld();
    const plan = up(world, 'web image=nginx net=n\n@n name=' + name);
    expect(told(plan)[0]).toContain(`the network ${name} is one that every host has`);
    expect(plan.changes).toEqual([]);
  });
});
