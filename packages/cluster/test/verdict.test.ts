/** What a task does, and how that stands to what may be asked of it: a table of states. */
import { expect, test } from 'vitest';
import {
  type DependsOn,
  explainState,
  GOALS,
  type ObjectId,
  type PlacementReason,
  type RestartPolicy,
  type ServiceObj,
  type ServiceVerdict,
  type TaskObj,
  type TaskStatus,
} from '@orc/model';
import { apply, emptyState, judgeProject } from '../src/index.ts';

type Sketch = Partial<TaskStatus> & {
  readonly pending?: PlacementReason;
  readonly stop?: true;
  readonly ready?: true;
  /** The start that was asked for is still to be given to it. */
  readonly waiting?: true;
};
type ServiceSketch = {
  readonly needs?: readonly DependsOn[];
  readonly restart?: Partial<RestartPolicy>;
  readonly desired?: 'run' | 'ready' | 'stop';
};

const object = (name: string): object => ({
  id: name as ObjectId,
  name,
  specVersion: 1,
  statusVersion: 1,
  createdAt: 0,
});

const service = (name: string, { needs = [], restart, desired = 'run' }: ServiceSketch): ServiceObj =>
  ({
    kind: 'service',
    ...object(`p.${name}`),
    spec: {
      project: 'p',
      service: name,
      mode: 'replicated',
      replicas: 1,
      dependsOn: needs,
      template: { image: 'b', ...(restart ? { restart: { delay: { kind: 'backoff' }, ...restart } } : {}) },
      hash: 'h',
      desired,
      generation: 1,
    },
    status: {},
  }) as unknown as ServiceObj;

const task = (of: string, { pending, stop, ready, waiting, ...status }: Sketch): TaskObj =>
  ({
    kind: 'task',
    ...object(`p-${of}-1`),
    spec: {
      project: 'p',
      service: of,
      serviceId: `p.${of}`,
      slot: 1,
      hash: 'h',
      revision: 1,
      node: pending === undefined ? 'n' : null,
      containerId: 'c',
      endpoints: [],
      desired: { state: stop ? 'stop' : ready ? 'ready' : 'run', generation: 1 },
      generation: waiting ? 0 : 1,
      ...(pending === undefined ? {} : { pending }),
    },
    status: { attempt: 1, phase: 'running', health: 'none', generation: 1, ...status },
  }) as unknown as TaskObj;

function verdictsOf(objects: readonly (ServiceObj | TaskObj)[]): readonly ServiceVerdict[] {
  const changes = objects.map((each) => ({ op: 'put', object: each, expect: null }) as const);
  const { state, conflicts } = apply(emptyState(), { schema: 1, by: 'test', time: 1, changes }, 1);
  expect(conflicts).toEqual([]);
  return judgeProject(state, 'p');
}

const told = ({ missing }: Pick<ServiceVerdict, 'missing'>): string =>
  GOALS.map((goal) => missing[goal]?.standing ?? 'reached').join(' ');

function of(status: Sketch, sketch: ServiceSketch = {}): string {
  const [verdict] = verdictsOf([service('web', sketch), task('web', status)]) as [ServiceVerdict];
  const state = verdict.tasks[0]?.state;
  expect(told(verdict)).toBe(told(verdict.tasks[0] as never));
  return `${state === undefined ? '' : explainState(state)} | ${told(verdict)}`;
}

const exit = (code: number): Sketch => ({
  phase: 'exited',
  startedAt: 1,
  exit: { code, oomKilled: false, at: 2, reason: 'exit' },
});
const port = (leaving: boolean): PlacementReason => ({
  kind: 'no-node',
  refusals: [{ kind: 'port-taken', port: 80, protocol: 'tcp', node: 'n', by: 'x-web-1', leaving }],
});
const NEW = { attempt: 0, phase: 'new', generation: 0 } as const;
const problem = { code: 'start.failed', message: 'no such file' } as const;
const always = { restart: { condition: 'always' } } as const;
const twice = { restart: { condition: 'on-failure', maxAttempts: 2 } } as const;

/** Sentence, then how it stands to: created, started, healthy. */
test.each<[string, Sketch, ServiceSketch, string]>([
  ['running', {}, {}, 'runs | reached reached reached'],
  ['of a former generation', { generation: 0 }, {}, 'is starting | reached coming coming'],
  ['not made yet', NEW, {}, 'is being made | coming coming coming'],
  ['being prepared', { ...NEW, phase: 'preparing' }, {}, 'is being made | coming coming coming'],
  ['checked for the first time', { health: 'starting' }, {}, 'is not healthy yet | reached reached coming'],
  ['healthy', { health: 'healthy' }, {}, 'is healthy | reached reached reached'],
  ['unhealthy', { health: 'unhealthy' }, {}, 'is unhealthy | reached reached failed'],
  ['ended well', exit(0), {}, 'exited (0) | reached reached reached'],
  ['ended badly', exit(3), {}, 'exited (3) | reached reached failed'],
  ['ended well, its policy restarts it', exit(0), always, 'exited (0) | reached reached reached'],
  [
    'ended badly, its policy restarts it',
    exit(3),
    always,
    'exited (3) and starts again | reached reached coming',
  ],
  [
    'backing off',
    { ...exit(3), phase: 'preparing', restartAt: 0 },
    always,
    'exited (3) and starts again at 1970-01-01T00:00:00.000Z | reached reached coming',
  ],
  [
    'with an attempt left',
    { ...exit(3), restarts: 1 },
    twice,
    'exited (3) and starts again | reached reached coming',
  ],
  ['without one', { ...exit(3), restarts: 2 }, twice, 'exited (3) | reached reached failed'],
  [
    'lost with its shim',
    { ...exit(0), exit: { code: 0, oomKilled: false, at: 2, reason: 'shim lost' } },
    {},
    'exited (0) | reached reached failed',
  ],
  [
    'never started',
    { phase: 'failed', problem },
    always,
    'the container p-web-1 could not start: no such file | failed failed failed',
  ],
  [
    'refused by its node',
    { phase: 'rejected', problem: { code: 'notfound.image', message: 'no such image: b' } },
    {},
    'the container p-web-1 could not start: no such image: b | failed failed failed',
  ],
  [
    'failed before, asked for anew',
    { phase: 'failed', waiting: true },
    {},
    'is starting | reached coming coming',
  ],
  [
    'refused before, asked for anew',
    { phase: 'rejected', generation: 0 },
    {},
    'is starting | reached coming coming',
  ],
  [
    'made, not to be started',
    { ...NEW, phase: 'ready', ready: true },
    { desired: 'ready' },
    'is made | reached coming coming',
  ],
  [
    'kept from its port',
    { ...NEW, pending: port(false) },
    {},
    'port 80/tcp of node n is taken by x-web-1 | stuck stuck stuck',
  ],
  [
    'kept from a port that will be free',
    { ...NEW, pending: port(true) },
    {},
    'waits for x-web-1 to let go of port 80/tcp of node n | coming coming coming',
  ],
  [
    'after its predecessor',
    { ...NEW, pending: { kind: 'predecessor' } },
    {},
    'its former container is being removed | coming coming coming',
  ],
  ['to stop', { stop: true }, {}, 'is being stopped | coming coming coming'],
  ['of a service that is to stop', {}, { desired: 'stop' }, 'is being stopped | coming coming coming'],
  ['stopped', { ...exit(137), stop: true }, always, 'exited (137) | reached reached failed'],
  [
    'stopped, asked for anew',
    { ...exit(0), stop: true, waiting: true },
    {},
    'is starting | reached coming coming',
  ],
  [
    'stopped before it had a place',
    { ...NEW, stop: true, pending: port(false) },
    {},
    'is made | reached coming coming',
  ],
])('a task %s', (_, status, sketch, expected) => {
  expect(of(status, sketch)).toBe(expected);
});

test.each<[DependsOn['condition'], boolean, Sketch, ServiceSketch, string]>([
  ['service_started', true, { health: 'unhealthy' }, {}, 'is starting | coming'],
  ['service_started', true, NEW, {}, 'waits for db to start | coming'],
  [
    'service_started',
    true,
    { phase: 'failed', problem },
    {},
    'dependency db failed: the container p-db-1 could not start: no such file | failed',
  ],
  ['service_healthy', true, { health: 'starting' }, {}, 'waits for db to be healthy | coming'],
  [
    'service_healthy',
    true,
    { health: 'unhealthy' },
    {},
    'dependency db failed: the container p-db-1 is unhealthy | failed',
  ],
  ['service_healthy', false, { health: 'unhealthy' }, {}, 'is starting | coming'],
  [
    'service_healthy',
    true,
    {},
    {},
    'dependency db failed: the container p-db-1 has no health check | failed',
  ],
  ['service_healthy', true, exit(0), {}, 'dependency db failed: the container p-db-1 exited (0) | failed'],
  ['service_healthy', true, exit(3), always, 'waits for db to be healthy | coming'],
  ['service_completed_successfully', true, exit(0), {}, 'is starting | coming'],
  ['service_completed_successfully', true, {}, {}, 'waits for db to complete | coming'],
  [
    'service_completed_successfully',
    true,
    exit(4),
    {},
    'dependency db failed: the container p-db-1 did not complete successfully: exit 4 | failed',
  ],
  [
    'service_completed_successfully',
    true,
    { ...exit(4), waiting: true },
    {},
    'waits for db to complete | coming',
  ],
])('a start that needs %s (required: %s)', (condition, required, status, sketch, expected) => {
  const needs = [{ service: 'db', condition, required }];
  const waiting = task('web', { attempt: 0, phase: 'ready', generation: 0, ready: true, waiting: true });
  const [db, web] = verdictsOf([
    service('db', sketch),
    service('web', { needs }),
    task('db', status),
    waiting,
  ]);
  const state = web?.tasks[0]?.state;
  expect(`${state && explainState(state)} | ${web?.missing.started?.standing}`).toBe(expected);
  expect(db?.awaited).toBe(condition === 'service_healthy');
});

test('a failure is told through the services that wait for one another, and a ring of them ends', () => {
  const needs = (name: string): ServiceSketch => ({
    needs: [{ service: name, condition: 'service_started' }],
  });
  const waits = { ...NEW, ready: true, waiting: true } as const;
  const [a] = verdictsOf([
    service('a', needs('b')),
    service('b', needs('c')),
    service('c', {}),
    task('a', waits),
    task('b', waits),
    task('c', { phase: 'failed', problem }),
  ]);
  expect(a?.tasks[0] && explainState(a.tasks[0].state)).toBe(
    'dependency b failed: its dependency c failed: the container p-c-1 could not start: no such file',
  );
  const ring = [service('a', needs('b')), service('b', needs('a')), task('a', waits), task('b', waits)];
  expect(verdictsOf(ring).map(({ missing }) => missing.started?.standing)).toEqual(['coming', 'coming']);
});

test('what is on its way out may make room for what is stuck; a former container counts for nothing', () => {
  const old = { ...task('db', { stop: true }), id: 'old' as ObjectId };
  const stuck = [service('web', {}), task('web', { ...NEW, pending: port(false) })];
  expect(verdictsOf([...stuck, service('db', {}), old])[1]?.missing.started?.standing).toBe('coming');
  const former = { ...task('web', {}), id: 'old' as ObjectId };
  const changed = { ...former, spec: { ...former.spec, hash: 'other' } };
  const [web] = verdictsOf([service('web', {}), changed, task('web', NEW)]);
  expect(web?.tasks.map(({ current }) => current)).toEqual([false, true]);
  expect(web?.missing.started?.standing).toBe('coming');
});

test('an update that is paused is over for whoever waits for it, however its first container did', () => {
  const paused = { ...service('web', {}), status: { updateState: 'paused' } } as ServiceObj;
  const two = { ...paused, spec: { ...paused.spec, replicas: 2 } };
  const [web] = verdictsOf([two, task('web', exit(1))]);
  expect(web?.missing.started).toEqual({
    standing: 'failed',
    failure: { kind: 'update-paused', failure: { kind: 'exited', container: 'p-web-1', code: 1 } },
  });
  const [going] = verdictsOf([{ ...two, status: {} }, task('web', exit(1))]);
  expect(going?.missing.started).toEqual({ standing: 'coming' });
});

/** What a service that runs needs to have completed, and how the service stands. */
test.each<[string, Sketch, string]>([
  ['has completed', exit(0), 'reached reached reached'],
  ['does its work', {}, 'reached coming coming'],
  ['has failed', exit(3), 'reached failed failed'],
])('a service that runs on while its job %s', (_, job, expected) => {
  const needs: readonly DependsOn[] = [
    { service: 'job', condition: 'service_completed_successfully', required: true, restart: false },
  ];
  const verdicts = verdictsOf([
    service('job', {}),
    service('web', { needs }),
    task('job', job),
    task('web', {}),
  ]);
  expect(told(verdicts.find((each) => each.service === 'web') as ServiceVerdict)).toBe(expected);
});
