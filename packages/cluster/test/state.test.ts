/** The state by itself: what `apply` refuses, what reports may do, networks and volumes on their own. */
import type { Change, NodeObj, ObjectId, Report, TaskStatus, VolumeObj } from '@orc/model';
import { describe, expect, test } from 'vitest';
import {
  actProject,
  all,
  apply,
  createNetwork,
  createVolume,
  downProject,
  dirtyOf,
  get,
  grantBlock,
  named,
  project,
  registerNode,
  removeObject,
  type State,
  takeReport,
  usersOf,
} from '../src/index.ts';
import { NETWORK_SUBNETS_MAX } from '../src/limits.ts';
import { commit, newWorld, NODE, pass, proposerOf, settle, up, type World } from './world.ts';

const set = (changes: readonly Change[], time = 0) => ({ schema: 1 as const, by: 'test', time, changes });
const reasons = (state: State, changes: readonly Change[]) =>
  apply(state, set(changes), 9).conflicts.map((each) => each.reason);

const volume = (id: string, name: string, more: Partial<VolumeObj> = {}): VolumeObj => ({
  kind: 'volume',
  id: id as ObjectId,
  name,
  specVersion: 1,
  statusVersion: 1,
  createdAt: 0,
  spec: { driver: 'local' },
  status: {},
  ...more,
});
const put = (object: VolumeObj, expect: Change['expect'] = null): Change =>
  ({ op: 'put', object, expect }) as Change;
const AT_ONE = { specVersion: 1, statusVersion: 1 };

describe('apply refuses', () => {
  const { state } = apply(newWorld().state, set([put(volume('v1', 'data'))]), 1);
  const rows: readonly (readonly [string, Change, string])[] = [
    ['an object that is there already', put(volume('v1', 'data')), 'exists'],
    ['an object that is not there', put(volume('v2', 'b'), AT_ONE), 'missing'],
    ['an older spec', put(volume('v1', 'data'), { specVersion: 2, statusVersion: 1 }), 'version'],
    ['an older status', put(volume('v1', 'data'), { specVersion: 1, statusVersion: 0 }), 'version'],
    ['a name that is taken', put(volume('v2', 'data')), 'name'],
    [
      'a field that never changes',
      put(volume('v1', 'data', { spec: { driver: 'nfs' as 'local' } }), AT_ONE),
      'immutable',
    ],
    [
      'to delete what changed',
      { op: 'delete', kind: 'volume', id: 'v1' as ObjectId, expect: { specVersion: 7, statusVersion: 1 } },
      'version',
    ],
  ];
  test.each(rows)('%s', (_, change, reason) => {
    expect(reasons(state, [change])).toEqual([reason]);
    const spoiled = apply(state, set([put(volume('v9', 'other')), change]), 9);
    expect(get(spoiled.state, 'volume', 'v9')).toBeUndefined();
    expect(spoiled.state.tables).toBe(state.tables);
  });

  test('nothing else: a name may pass from one object to another in one change set', () => {
    const change: Change = { op: 'delete', kind: 'volume', id: 'v1' as ObjectId, expect: AT_ONE };
    const applied = apply(state, set([put(volume('v2', 'data')), change]), 9);
    expect(applied.conflicts).toEqual([]);
    expect(named(applied.state, 'volume', 'data')?.id).toBe('v2');
  });
});

test('time never goes back, whatever the proposer says', () => {
  const first = apply(newWorld().state, set([], 5000), 1).state;
  expect(apply(first, set([], 4000), 2).state).toMatchObject({ time: 5000, index: 2 });
});

test('the state before is as it was: whoever holds it may go on reading', () => {
  const world = newWorld();
  const before = world.state;
  begin(world, 'web image=nginx');
  expect(all(before, 'task')).toEqual([]);
  expect(all(world.state, 'task').length).toBe(1);
});

/** With the first pass. */
function begin(world: World, text: string): void {
  up(world, text);
  pass(world);
}

describe('a report', () => {
  const world = newWorld();
  begin(world, 'web image=nginx');
  const task = all(world.state, 'task')[0] as { id: ObjectId };
  const status = (more: Partial<TaskStatus>): TaskStatus => ({
    attempt: 1,
    phase: 'running',
    health: 'none',
    generation: 1,
    ...more,
  });
  const told = (more: Partial<Report>): Report => ({ node: NODE, tasks: [], removed: [], ...more });
  commit(world, takeReport(world.state, told({ tasks: [{ id: task.id, status: status({}) }] })));

  test.each([
    ['the same again', told({ tasks: [{ id: task.id, status: status({}) }] })],
    [
      'an earlier phase of the attempt',
      told({ tasks: [{ id: task.id, status: status({ phase: 'ready' }) }] }),
    ],
    [
      'an earlier attempt',
      told({ tasks: [{ id: task.id, status: status({ attempt: 0, phase: 'exited' }) }] }),
    ],
    [
      'a task that nobody knows',
      told({ tasks: [{ id: 'x' as ObjectId, status: status({}) }], removed: ['y' as ObjectId] }),
    ],
    [
      'the task of another node',
      {
        ...told({ tasks: [{ id: task.id, status: status({ health: 'healthy' }) }] }),
        node: 'n2' as ObjectId,
      },
    ],
    ['the removal of what was to stay', told({ removed: [task.id] })],
  ])('changes nothing when it tells %s', (_, report) => {
    expect(takeReport(world.state, report)).toEqual([]);
  });

  test('that it begins again is taken, though the attempt has no number yet', () => {
    const tasks = [{ id: task.id, status: status({ phase: 'preparing', restarts: 1 }) }];
    expect(takeReport(world.state, told({ tasks }))).toMatchObject([{ op: 'put' }]);
  });

  test('grows the version of the status, and not of the spec', () => {
    const changes = takeReport(
      world.state,
      told({ tasks: [{ id: task.id, status: status({ health: 'healthy' }) }] }),
    );
    expect(changes).toMatchObject([
      {
        op: 'put',
        object: { specVersion: 1, statusVersion: 3 },
        expect: { specVersion: 1, statusVersion: 2 },
      },
    ]);
  });
});

describe('networks and volumes of their own', () => {
  test('are made, used, refused while in use, and removed by name, id or prefix', () => {
    const world = newWorld();
    commit(world, createNetwork(world.state, 'ext', { driver: 'bridge' }, proposerOf(world)).changes);
    commit(world, createVolume(world.state, 'box', { driver: 'local' }, proposerOf(world)).changes);
    begin(world, 'web image=nginx net=ext vol=box:/b\n@ext external\n%box external');
    expect(usersOf(world.state, 'network', 'ext')).toEqual(['shop-web-1']);
    expect(removeObject(world.state, 'network', 'ext', proposerOf(world)).problems).toMatchObject([
      { code: 'conflict.inuse', message: 'network ext is in use by shop-web-1' },
    ]);
    expect(removeObject(world.state, 'volume', 'box', proposerOf(world)).changes).toEqual([]);
    expect(removeObject(world.state, 'volume', 'bix', proposerOf(world)).problems).toMatchObject([
      { code: 'notfound.volume' },
    ]);
    commit(world, actProject(world.state, 'shop', { kind: 'rm', stop: true }, proposerOf(world)).changes);
    settle(world);
    commit(world, removeObject(world.state, 'volume', 'box', proposerOf(world)).changes);
    expect(all(world.state, 'volume')).toEqual([]);
  });

  test('a node gets blocks of a network until none is left, away from addresses in use', () => {
    const world = newWorld();
    commit(world, createNetwork(world.state, 'net', { driver: 'bridge' }, proposerOf(world)).changes);
    pass(world);
    const granted: string[] = [];
    for (;;) {
      const { changes, problem } = grantBlock(world.state, 'net', NODE);
      if (problem !== undefined) {
        expect(problem.code).toBe('network.exhausted');
        break;
      }
      commit(world, changes);
      granted.push(named(world.state, 'network', 'net')?.status.blocks.at(-1)?.cidr ?? '');
    }
    // 15 of each subnet: its first block has the gateway in it, and is given in parts when nothing else is left.
    const whole = granted.slice(0, 15 * NETWORK_SUBNETS_MAX);
    expect(whole.filter((each) => !each.endsWith('/28'))).toEqual([]);
    expect(granted.slice(whole.length, whole.length + 2)).toEqual(['10.128.0.8/29', '10.128.1.8/29']);
    expect(granted.length - whole.length).toBe(3 * NETWORK_SUBNETS_MAX);
    expect([granted[0], granted[14], granted[15]]).toEqual([
      '10.128.0.240/28',
      '10.128.0.16/28',
      '10.128.1.240/28',
    ]);
    expect(new Set(granted).size).toBe(granted.length);
    expect(project(world.state, NODE).networks.map((each) => each.name)).toEqual(['net']);
  });
});

test('a network grows by a subnet when its addresses are used up; one whose subnet its user chose does not', () => {
  const world = newWorld();
  begin(world, 'web image=nginx replicas=300 net=n\n@n');
  const endpoints = all(world.state, 'task').flatMap((task) => task.spec.endpoints);
  expect(new Set(endpoints.map((each) => each.ipv4)).size).toBe(300);
  expect(named(world.state, 'network', 'shop_n')?.status.subnets).toEqual([
    { subnet: '10.128.0.0/24', gateway: '10.128.0.1' },
    { subnet: '10.128.1.0/24', gateway: '10.128.1.1' },
  ]);
  expect(new Set(endpoints.map((each) => each.gateway))).toEqual(new Set(['10.128.0.1', '10.128.1.1']));
});

test('a secret that does not open is left out of the assignment, and nothing else is', () => {
  const world = newWorld();
  begin(world, 'web image=nginx secret=s\n@secret s');
  const assigned = project(world.state, NODE, () => undefined);
  expect(assigned.secrets).toEqual([]);
  expect(assigned.tasks.length).toBe(1);
});

test('a network that is full says so, and the task waits', () => {
  const world = newWorld();
  begin(world, 'web image=nginx replicas=6 net=n\n@n subnet=10.1.0.0/29');
  const pending = all(world.state, 'task').flatMap((task) => task.spec.pending ?? []);
  expect(pending).toEqual([{ kind: 'no-address', network: 'shop_n' }]);
});

test('a node is registered once, and again when it changed', () => {
  const world = newWorld();
  const node = get(world.state, 'node', NODE) as NodeObj;
  expect(registerNode(world.state, NODE, 'n1', node.status, 5)).toEqual([]);
  expect(registerNode(world.state, NODE, 'n1', { ...node.status, cpus: 8 }, 5)).toMatchObject([
    { op: 'put', object: { statusVersion: 2 } },
  ]);
});

test('changes make their project dirty; nodes, networks and volumes everything', () => {
  const world = newWorld();
  const before = world.state;
  begin(world, 'web image=nginx');
  const task = all(world.state, 'task')[0] as never as { id: ObjectId };
  const changes: Change[] = [{ op: 'delete', kind: 'task', id: task.id, expect: AT_ONE }];
  expect(dirtyOf(world.state, changes)).toEqual(new Set(['shop']));
  expect(dirtyOf(before, changes)).toEqual(new Set());
  expect(dirtyOf(before, [put(volume('v', 'v'))])).toBe('all');
});

test('secrets are sealed with their version in the state, and plain in the assignment', () => {
  const world = newWorld();
  begin(world, 'web image=nginx secret=key\n!key=QQ==');
  const id = named(world.state, 'secret', 'shop_key')?.id;
  expect(named(world.state, 'secret', 'shop_key')?.spec.data).toBe(`sealed(${id}/1,QQ==)`);
  begin(world, 'web image=nginx secret=key\n!key=Qg==');
  const secret = named(world.state, 'secret', 'shop_key');
  expect(secret).toMatchObject({ specVersion: 2, spec: { data: `sealed(${id}/2,Qg==)` } });
  const files = project(world.state, NODE, (each) => each.spec.data.replace(/.*,(.*)\)/, '$1')).secrets;
  expect(files).toEqual([{ id, name: 'shop_key', data: 'Qg==' }]);
});

test('what is too much for one entry of the log takes several passes, and all of it is done', () => {
  const world = newWorld();
  up(world, 'web image=nginx replicas=1000 net=n\n@n subnet=10.1.0.0/16');
  const sizes: number[] = [];
  for (let changes = pass(world); changes.length > 0; changes = pass(world))
    sizes.push(JSON.stringify(changes).length);
  expect(Math.max(...sizes)).toBeLessThan(1e6);
  settle(world);
  expect(all(world.state, 'task').filter((task) => task.status.phase === 'running').length).toBe(1000);
  commit(world, downProject(world.state, 'shop', {}, proposerOf(world)).changes);
  settle(world);
  expect(all(world.state, 'task')).toEqual([]);
});

describe('down of a part', () => {
  const names = (world: World) => (kind: 'service' | 'network' | 'volume' | 'secret' | 'project') =>
    all(world.state, kind)
      .map((each) => each.name)
      .sort();
  const begun = (): World => {
    const world = newWorld();
    up(
      world,
      'a image=i net=na vol=va:/v secret=sa\nb image=i net=nb vol=vb:/v secret=sb\n!sa=QQ==\n!sb=Qg==',
    );
    settle(world);
    return world;
  };
  const down = (world: World, options: Parameters<typeof downProject>[2]) => {
    const plan = downProject(world.state, 'shop', options, proposerOf(world));
    commit(world, plan.changes);
    settle(world);
    return plan;
  };
  const a = { services: ['a'], volumes: ['va'] };

  test('what the files do not have stays, with all that it uses, and is told', () => {
    const world = begun();
    const { lines, problems } = down(world, { declared: a, volumes: true });
    expect(lines.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'task shop-a-1',
      'network shop_na',
      'volume shop_va',
    ]);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('not in the file: b')]);
    const left = names(world);
    expect(left('service')).toEqual(['shop.b']);
    expect([left('network'), left('volume'), left('secret')]).toEqual([
      ['shop_nb'],
      ['shop_vb'],
      ['shop_sb'],
    ]);
    expect(named(world.state, 'project', 'shop')?.spec.removing).toBeUndefined();
    expect(all(world.state, 'task').map((each) => each.status.phase)).toEqual(['running']);
    down(world, {});
    expect(left('project')).toEqual([]);
    expect(left('volume')).toEqual(['shop_vb']);
  });

  test('orphans go when they are asked for, their volumes only by name', () => {
    const world = begun();
    down(world, { declared: a, volumes: true, removeOrphans: true });
    const left = names(world);
    expect([left('project'), left('service'), left('network')]).toEqual([[], [], []]);
    expect(left('volume')).toEqual(['shop_vb']);
  });

  test('of a project that is gone only those volumes go that the files have', () => {
    const world = begun();
    down(world, {});
    const { lines } = down(world, { declared: a, volumes: true });
    expect(lines).toMatchObject([{ kind: 'volume', name: 'shop_va' }]);
    expect(names(world)('volume')).toEqual(['shop_vb']);
  });

  test('one after the other, before the first is over', () => {
    const world = begun();
    const both = [a, { services: ['b'], volumes: ['vb'] }];
    for (const declared of both) {
      const plan = downProject(world.state, 'shop', { declared, volumes: true }, proposerOf(world));
      commit(world, plan.changes);
    }
    settle(world);
    const left = names(world);
    expect([left('project'), left('service'), left('volume')]).toEqual([[], [], []]);
  });

  test('a network that others are on stays the project’s, and goes with the next down after them', () => {
    const world = begun();
    let guest: readonly string[] = ['visitor'];
    const guests = (network: string): readonly string[] => (network === 'shop_na' ? guest : []);
    const go = () => {
      const plan = downProject(world.state, 'shop', {}, proposerOf(world), guests);
      commit(world, plan.changes);
      return plan;
    };
    world.guests = guests;
    expect(go().problems).toMatchObject([
      { code: 'conflict.inuse', message: expect.stringContaining('visitor') },
    ]);
    settle(world);
    const left = names(world);
    expect([left('project'), left('network')]).toEqual([[], ['shop_na']]);
    expect(named(world.state, 'network', 'shop_na')?.spec.project).toBe('shop');
    expect(go().lines).toEqual([]);
    guest = [];
    expect(go().lines).toEqual([{ kind: 'network', name: 'shop_na', action: 'remove' }]);
    expect(left('network')).toEqual([]);
  });
});
