/** A renewed slot is watched for a while before the next is renewed (DECISIONS 2): `update_config.monitor`. */
import { defined, explainTurn, type ObjectId } from '@orc/model';
import { expect, test } from 'vitest';
import { all, diffProject, get, isRunning, judgeProject, takeReport, wakesAfter } from '../src/index.ts';
import { commit, imagesOf, newWorld, parseProject, pass, proposerOf, settle, type World } from './world.ts';

const MONITOR_MS = 5000;

function up(world: World, image: string, failureAction?: 'continue'): void {
  const project = parseProject(`web image=${image} replicas=3 update=1 restart=always`);
  const services = project.services.map((service) =>
    service.update === undefined
      ? service
      : { ...service, update: { ...service.update, monitorMs: MONITOR_MS, ...defined({ failureAction }) } },
  );
  const request = {
    project: { ...project, services },
    images: imagesOf(project),
    options: { desired: 'run' as const },
  };
  commit(world, diffProject(world.state, request, proposerOf(world)).changes);
}

const renewed = (world: World): number => {
  const [service] = all(world.state, 'service');
  return all(world.state, 'task').filter((task) => task.spec.hash === service?.spec.hash && isRunning(task))
    .length;
};

test('one slot after the other, each only when the one before it has stood its time', () => {
  const world = newWorld();
  up(world, 'nginx:1');
  settle(world);
  expect(renewed(world)).toBe(3);
  expect(wakesAfter(world.state, world.time)).toEqual([]);
  up(world, 'nginx:2');
  for (const done of [1, 2]) {
    settle(world);
    expect(renewed(world)).toBe(done);
    const wakes = wakesAfter(world.state, world.time);
    expect(wakes).toEqual([{ at: world.time + MONITOR_MS, project: 'shop' }]);
    world.time += MONITOR_MS - 1;
    expect(pass(world)).toEqual([]);
    world.time += 1;
  }
  settle(world);
  expect(renewed(world)).toBe(3);
});

/** Only the next in turn. */
const turns = (world: World): readonly string[] =>
  judgeProject(world.state, 'shop').flatMap(({ tasks }) =>
    tasks.flatMap(({ container, current, follows }) =>
      follows === undefined ? [] : [`${container} ${current}: ${explainTurn(follows)}`],
    ),
  );

test('whose turn is next is said, and of which container it waits', () => {
  const world = newWorld();
  up(world, 'nginx:1');
  settle(world);
  expect(turns(world)).toEqual([]);
  up(world, 'nginx:2');
  pass(world);
  expect(turns(world)).toEqual([]);
  for (const done of [1, 2]) {
    settle(world);
    expect(turns(world)).toEqual([
      `shop-web-${done + 1} false: is replaced when shop-web-${done} has run for 5 s (update_config.monitor)`,
    ]);
    world.time += MONITOR_MS;
  }
  settle(world);
  expect(turns(world)).toEqual([]);
});

test('one that fails while it is watched pauses the update, also when its policy begins it again', () => {
  const world = newWorld();
  up(world, 'nginx:1');
  settle(world);
  up(world, 'nginx:2');
  settle(world);
  const [service] = all(world.state, 'service');
  const fresh = all(world.state, 'task').find((task) => task.spec.hash === service?.spec.hash);
  if (fresh === undefined) throw new Error('nothing was renewed');
  const status = { ...fresh.status, restarts: 1, startedAt: world.time + 2000 };
  const node = fresh.spec.node as ObjectId;
  commit(world, takeReport(world.state, { node, tasks: [{ id: fresh.id, status }], removed: [] }));
  world.time += 10 * MONITOR_MS;
  settle(world);
  expect(renewed(world)).toBe(1);
  expect(turns(world)).toEqual([]);
  expect(get(world.state, 'service', service?.id ?? '')?.status.updateState).toBe('paused');
});

/** The first renewed slot runs, and its health check says this of it. */
function renewedIs(health: 'unhealthy' | 'healthy', world: World): void {
  const [service] = all(world.state, 'service');
  const fresh = all(world.state, 'task').find((task) => task.spec.hash === service?.spec.hash);
  if (fresh === undefined) throw new Error('nothing was renewed');
  const node = fresh.spec.node as ObjectId;
  const status = { ...fresh.status, health };
  commit(world, takeReport(world.state, { node, tasks: [{ id: fresh.id, status }], removed: [] }));
}

const missing = (world: World): unknown => judgeProject(world.state, 'shop')[0]?.missing.started;

test('one that is unhealthy pauses the update, which goes on when it is healthy after all', () => {
  const world = newWorld();
  up(world, 'nginx:1');
  settle(world);
  up(world, 'nginx:2');
  settle(world);
  renewedIs('unhealthy', world);
  world.time += 10 * MONITOR_MS;
  settle(world);
  expect(renewed(world)).toBe(1);
  expect(missing(world)).toMatchObject({
    standing: 'failed',
    failure: { kind: 'update-paused', failure: { kind: 'unhealthy', container: 'shop-web-1' } },
  });
  renewedIs('healthy', world);
  settle(world);
  expect(renewed(world)).toBe(2);
  expect(missing(world)).toEqual({ standing: 'coming' });
});

test('where a failure does not pause it, an unhealthy one holds nothing up', () => {
  const world = newWorld();
  up(world, 'nginx:1', 'continue');
  settle(world);
  up(world, 'nginx:2', 'continue');
  settle(world);
  renewedIs('unhealthy', world);
  settle(world);
  expect(renewed(world)).toBe(2);
});
