/** Laws that hold whatever people ask for and nodes report, in any order. */
import {
  type Change,
  type ChangeSet,
  type Cidr,
  contains,
  type NetworkObj,
  type ObjectId,
  overlaps,
  parseCidr,
  parseIpv4,
  type TaskObj,
} from '@orc/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  actProject,
  all,
  apply,
  decodeSnapshot,
  diffProject,
  downProject,
  emptyState,
  encodeSnapshot,
  type ProjectPlan,
  projectView,
  reconcile,
  type State,
  takeReport,
} from '../src/index.ts';
import { isCurrent } from '../src/control/progress.ts';
import {
  agentRound,
  commit,
  exitOf,
  idsOf,
  imagesOf,
  newWorld,
  type Outcome,
  parseProject,
  pass,
  proposerOf,
  settle,
  type World,
} from './world.ts';

const snapshotOf = (state: State): string => Buffer.concat([...encodeSnapshot(state)]).toString();

const serviceLine = fc.record({
  env: fc.constantFrom('a', 'b'),
  replicas: fc.integer({ min: 0, max: 3 }),
  update: fc.constantFrom('', ' update=1', ' update=2:start-first', ' update=0'),
  port: fc.constantFrom('', ' port=80:80'),
  restart: fc.constantFrom('', ' restart=always'),
  present: fc.boolean(),
});

const NAMES = ['db', 'api', 'web'] as const;
const NEEDS = { db: '', api: ' needs=db:healthy', web: ' needs=api:started,db:healthy' } as const;

const network = fc.constantFrom(
  '',
  '',
  '\n@front subnet=10.50.0.0/24',
  '\n@front subnet=10.50.0.0/16',
  '\n@front internal',
);

const projectText = fc.tuple(network, serviceLine, serviceLine, serviceLine).map(([front, ...rows]) => {
  const services = rows
    .map((row, at) => ({ row, name: NAMES[at] as (typeof NAMES)[number] }))
    .filter(({ row, name }) => name === 'db' || row.present)
    .map(({ row, name }, _, kept) => {
      const needs = kept.some((each) => each.name === 'api')
        ? NEEDS[name]
        : NEEDS[name].replace('api:started,', '');
      return `${name} env=${row.env} replicas=${row.replicas}${needs}${row.update}${row.port}${row.restart} net=front`;
    });
  return `${services.join('\n')}${front}`;
});

const project = fc.constantFrom('shop', 'blog');
const service = fc.constantFrom(...NAMES);
const outcome = fc.constantFrom<Outcome>('runs', 'healthy', 'healthy', 'completes', 'fails', 'unhealthy');

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('up' as const),
      project,
      text: projectText,
      force: fc.boolean(),
      orphans: fc.boolean(),
      create: fc.boolean(),
      renew: fc.boolean(),
      keep: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('down' as const), project, volumes: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('act' as const),
      project,
      service,
      kind: fc.constantFrom('start', 'stop', 'restart', 'kill', 'rm', 'scale' as const),
      slot: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      count: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('agent' as const), outcome, odd: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('exit' as const),
      service,
      code: fc.integer({ min: 0, max: 1 }),
      reboot: fc.boolean(),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function planOf(world: World, each: Step): ProjectPlan | undefined {
  if (each.do === 'up') {
    // Two projects cannot have the same subnet.
    const text = each.project === 'shop' ? each.text : each.text.replace(/ subnet=\S+/, '');
    const wanted = parseProject(text, each.project);
    const options = {
      desired: each.create ? ('ready' as const) : ('run' as const),
      forceRecreate: each.force && !each.keep,
      noRecreate: each.keep,
      removeOrphans: each.orphans,
      renewAnonVolumes: each.renew,
    };
    return diffProject(
      world.state,
      { project: wanted, images: imagesOf(wanted), options },
      proposerOf(world),
    );
  }
  if (each.do === 'down')
    return downProject(world.state, each.project, { volumes: each.volumes }, proposerOf(world));
  if (each.do !== 'act') return undefined;
  const slot = each.slot === undefined ? {} : { slot: each.slot };
  const action = {
    kind: each.kind,
    services: [each.service],
    scale: { [each.service]: each.count },
    ...slot,
  };
  return actProject(world.state, each.project, action, proposerOf(world));
}

function take(world: World, each: Step): void {
  const plan = planOf(world, each);
  if (plan !== undefined) commit(world, plan.changes, each.do);
  if (each.do === 'agent')
    agentRound(
      world,
      () => each.outcome,
      (task) => !each.odd || task.spec.slot % 2 === 1,
    );
  if (each.do === 'exit') exitAll(world, each.service, each.code, each.reboot);
}

/** Programs end by themselves, or a reboot ends them. */
function exitAll(world: World, name: string, code: number, reboot: boolean): void {
  const running = all(world.state, 'task').filter(
    (task) => task.status.phase === 'running' && (reboot || task.spec.service === name),
  );
  const exit = reboot ? exitOf(137, 'reboot') : exitOf(code);
  const tasks = running.map((task) => ({
    id: task.id,
    status: { ...task.status, phase: 'exited' as const, health: 'none' as const, exit },
  }));
  commit(world, takeReport(world.state, { node: 'n1' as ObjectId, tasks, removed: [] }), 'report');
}

const placed = (world: World): readonly TaskObj[] =>
  all(world.state, 'task').filter((task) => task.spec.node !== null);

/** Services that ever replace by starting first: for them two containers in a slot are what was asked for. */
function noteStartFirst(world: World, startFirst: Set<string>): void {
  for (const each of all(world.state, 'service')) {
    if (each.spec.update?.order === 'start-first') startFirst.add(each.id);
  }
}

function checkInvariants(world: World, startFirst: ReadonlySet<string>): void {
  const addresses = placed(world).flatMap((task) => task.spec.endpoints.map((each) => each.ipv4));
  expect(new Set(addresses).size).toBe(addresses.length);
  const slots = placed(world)
    .filter((task) => !startFirst.has(task.spec.serviceId))
    .map((task) => `${task.spec.serviceId}/${task.spec.slot}`);
  expect(slots.filter((slot, at) => slots.indexOf(slot) !== at)).toEqual([]);
  const networks = all(world.state, 'network');
  for (const { network, ipv4 = '' } of placed(world).flatMap((task) => task.spec.endpoints)) {
    const subnets = subnetsOf(networks.filter((each) => each.name === network));
    expect(subnets.some((cidr) => contains(cidr, parseIpv4(ipv4) ?? 0))).toBe(true);
  }
  const subnets = subnetsOf(networks);
  expect(subnets.filter((one, at) => subnets.slice(at + 1).some((other) => overlaps(one, other)))).toEqual(
    [],
  );
  for (const task of all(world.state, 'task')) {
    expect(world.state.tables.service.byId.has(task.spec.serviceId)).toBe(true);
  }
}

const subnetsOf = (networks: readonly NetworkObj[]): readonly Cidr[] =>
  networks.flatMap(({ status }) => status.subnets.flatMap(({ subnet }) => parseCidr(subnet) ?? []));

const rounds = { numRuns: 200 } as const;

describe('whatever happens', () => {
  test('slots hold one live container, addresses are unique, and a pass leaves nothing to the next', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const world = newWorld();
        const startFirst = new Set<string>();
        for (const each of steps) {
          take(world, each);
          pass(world);
          expect(reconcile(world.state, 'all', world.time, idsOf(world))).toBeUndefined();
          noteStartFirst(world, startFirst);
          checkInvariants(world, startFirst);
        }
      }),
      rounds,
    );
  });

  test('`up --no-recreate` replaces nothing, wherever an update stands', () => {
    fc.assert(
      fc.property(
        projectText,
        projectText,
        fc.array(step, { maxLength: 4 }),
        projectText,
        (first, second, steps, text) => {
          const world = newWorld();
          const up = {
            do: 'up',
            project: 'shop',
            force: false,
            renew: false,
            orphans: false,
            create: false,
          } as const;
          const agent = { do: 'agent', outcome: 'healthy', odd: false } as const;
          const begun: readonly Step[] = [{ ...up, text: first, keep: false }, agent, agent, agent, agent];
          for (const each of [...begun, { ...up, text: second, keep: false } as const, ...steps]) {
            take(world, each);
            pass(world);
          }
          const before = all(world.state, 'task').filter(isCurrent);
          take(world, { ...up, text, keep: true });
          pass(world);
          // One that is started before the other goes takes its place.
          const alone = ({ name }: TaskObj): boolean =>
            before.filter((each) => each.name === name).length === 1;
          const wanted = (task: TaskObj): boolean => {
            const spec = world.state.tables.service.byId.get(task.spec.serviceId)?.spec;
            return spec?.removing === undefined && task.spec.slot <= (spec?.replicas ?? 0);
          };
          const left = before
            .filter(wanted)
            .filter(alone)
            .map(({ id }) => world.state.tables.task.byId.get(id));
          expect(left.filter((task) => task === undefined || !isCurrent(task))).toEqual([]);
        },
      ),
      rounds,
    );
  });

  test('it comes to rest, and `up` afterwards gives what the file says', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), projectText, (steps, text) => {
        const world = newWorld();
        for (const each of steps) {
          take(world, each);
          pass(world);
        }
        for (const name of ['shop', 'blog'])
          commit(world, downProject(world.state, name, {}, proposerOf(world)).changes);
        settle(world);
        expect(all(world.state, 'task')).toEqual([]);
        const wanted = parseProject(text.replaceAll(' port=80:80', ''));
        const request = { project: wanted, images: imagesOf(wanted), options: { desired: 'run' as const } };
        commit(world, diffProject(world.state, request, proposerOf(world)).changes);
        settle(world);
        const view = projectView(world.state, 'shop');
        for (const { missing, tasks, wanted: count } of view?.verdicts ?? []) {
          expect(missing).toEqual({});
          expect(tasks.map(({ state }) => state.state)).toEqual(Array(count).fill('running'));
        }
        const again = diffProject(world.state, request, proposerOf(world));
        expect(again.changes).toEqual([]);
      }),
      rounds,
    );
  });

  test('`up` takes the place of whatever was under way', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), projectText, (steps, text) => {
        const world = newWorld();
        for (const each of steps) {
          take(world, each);
          pass(world);
        }
        commit(world, downProject(world.state, 'blog', {}, proposerOf(world)).changes);
        const wanted = parseProject(text.replaceAll(' port=80:80', ''));
        const request = {
          project: wanted,
          images: imagesOf(wanted),
          options: { desired: 'run' as const, removeOrphans: true, forceRecreate: true },
        };
        commit(world, diffProject(world.state, request, proposerOf(world)).changes);
        settle(world);
        commit(world, diffProject(world.state, request, proposerOf(world)).changes);
        settle(world);
        const view = projectView(world.state, 'shop');
        for (const { service, missing } of view?.verdicts ?? []) {
          const paused =
            view?.services.find((each) => each.spec.service === service)?.status.updateState === 'paused';
          if (!paused) expect(missing).toEqual({});
        }
      }),
      rounds,
    );
  });

  test('a snapshot, and a replay of the log, give the same state', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const world = newWorld();
        const sets = recorded(world, () => {
          for (const each of steps) {
            take(world, each);
            pass(world);
          }
        });
        const text = snapshotOf(world.state);
        const restored = decodeSnapshot(Buffer.from(text));
        expect(snapshotOf(restored)).toBe(text);
        expect(indexesOf(restored)).toEqual(indexesOf(world.state));
        expect(
          snapshotOf(sets.reduce((state, [set, index]) => apply(state, set, index).state, newWorld().state)),
        ).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test('a change set with one lost race changes nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(), (steps, at) => {
        const world = newWorld();
        for (const each of steps) {
          take(world, each);
          pass(world);
        }
        const tasks = all(world.state, 'task');
        fc.pre(tasks.length > 0);
        const changes: Change[] = tasks.map((object) => ({
          op: 'delete',
          kind: 'task',
          id: object.id,
          expect: { specVersion: object.specVersion, statusVersion: object.statusVersion },
        }));
        const spoiled = changes.map((change, index) =>
          index === at % changes.length && change.op === 'delete'
            ? { ...change, expect: { specVersion: 999, statusVersion: 1 } }
            : change,
        );
        const applied = apply(world.state, { schema: 1, by: 'test', time: 0, changes: spoiled }, 1000);
        expect(applied.conflicts.map((each) => each.reason)).toEqual(['version']);
        expect(applied.state.tables).toBe(world.state.tables);
        expect(applied.state.index).toBe(1000);
      }),
      { numRuns: 60 },
    );
  });
});

/** Watches `state` and notes what led from each to the next. */
function recorded(world: World, run: () => void): [ChangeSet, number][] {
  const sets: [ChangeSet, number][] = [];
  let state = world.state;
  Object.defineProperty(world, 'state', {
    get: () => state,
    set: (next: State) => {
      sets.push([differenceOf(state, next), next.index]);
      state = next;
    },
  });
  run();
  return sets;
}

function differenceOf(before: State, after: State): ChangeSet {
  const changes: Change[] = [];
  const versions = (each: { specVersion: number; statusVersion: number }) => ({
    specVersion: each.specVersion,
    statusVersion: each.statusVersion,
  });
  for (const kind of Object.keys(after.tables) as (keyof State['tables'])[]) {
    for (const object of all(after, kind)) {
      const old = before.tables[kind].byId.get(object.id);
      if (old !== object)
        changes.push({ op: 'put', object, expect: old === undefined ? null : versions(old) });
    }
    for (const object of all(before, kind)) {
      if (!after.tables[kind].byId.has(object.id))
        changes.push({ op: 'delete', kind, id: object.id, expect: versions(object) });
    }
  }
  return { schema: 1, by: 'test', time: after.time, changes };
}

const indexesOf = (state: State): unknown =>
  Object.entries(state.tables).map(([kind, table]) => [
    kind,
    [...table.byName].sort(),
    Object.entries(table.indexes).map(([name, index]) => [
      name,
      [...index].map(([key, ids]) => [key, [...ids].sort()]).sort(),
    ]),
  ]);

test('an empty state has an empty snapshot that comes back', () => {
  expect(decodeSnapshot(Buffer.concat([...encodeSnapshot(emptyState())]))).toEqual(emptyState());
});

test('lines and fields of a newer version survive', () => {
  const world = newWorld();
  const lines = snapshotOf(world.state).trimEnd().split('\n');
  const node = { ...JSON.parse(lines[1] as string), colour: 'green' };
  const newer = [lines[0], JSON.stringify(node), '{"kind":"dream","id":"x"}', '{"end":2}', ''].join('\n');
  expect(snapshotOf(decodeSnapshot(Buffer.from(newer)))).toBe(newer);
});

test('a snapshot that is cut short is refused', () => {
  const text = snapshotOf(newWorld().state);
  for (const cut of [text.length - 2, text.indexOf('\n') + 1, 5]) {
    for (const end of ['', '\n'])
      expect(() => decodeSnapshot(Buffer.from(text.slice(0, cut) + end))).toThrow(
        expect.objectContaining({ problem: expect.objectContaining({ code: 'disk.damaged' }) }),
      );
  }
});
