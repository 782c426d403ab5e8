/** When `up` is done, goes on waiting, or gives up: a table of states. */
import { expect, test } from 'vitest';
import type { ProjectView } from '@orc/api/client';
import type { DependsOn, Exit, ObjectId, RestartPolicy, ServiceObj, TaskObj, TaskStatus } from '@orc/model';
import { judgeAction, judgeUp, type Wanted } from '../src/project/judge.ts';

type Sketch = Partial<TaskStatus> & {
  readonly pending?: string;
  readonly stop?: true;
  readonly waiting?: true;
};

const object = (name: string): object => ({
  id: name as ObjectId,
  name,
  specVersion: 1,
  statusVersion: 1,
  createdAt: 0,
});

type Restarts = Partial<RestartPolicy> | undefined;
const service = (name: string, dependsOn: readonly DependsOn[] = [], restarts?: Restarts): ServiceObj =>
  ({
    kind: 'service',
    ...object(name),
    spec: {
      project: 'p',
      service: name,
      mode: 'replicated',
      replicas: 1,
      dependsOn,
      template: {
        image: 'b',
        ...(restarts === undefined ? {} : { restart: { delay: { kind: 'backoff' }, ...restarts } }),
      },
      hash: 'h',
      desired: 'run',
      generation: 1,
      restartGeneration: 0,
    },
    status: {},
  }) as unknown as ServiceObj;

const task = (of: string, { pending, stop, waiting, ...status }: Sketch): TaskObj =>
  ({
    kind: 'task',
    ...object(`p-${of}-1`),
    spec: {
      project: 'p',
      service: of,
      serviceId: of,
      slot: 1,
      hash: 'h',
      revision: 1,
      node: pending?.startsWith('port') ? null : 'n',
      containerId: 'c',
      endpoints: [],
      desired: { state: stop ? 'stop' : 'run', generation: 1 },
      generation: waiting ? 0 : 1,
      ...(pending === undefined ? {} : { pendingReason: pending }),
    },
    status: { attempt: 1, phase: 'running', health: 'none', generation: 1, ...status },
  }) as unknown as TaskObj;

const view = (services: readonly ServiceObj[], tasks: readonly TaskObj[]): ProjectView =>
  ({ project: object('p'), services, tasks, networks: [], volumes: [] }) as unknown as ProjectView;

const exit = (code: number): Sketch => ({
  phase: 'exited',
  startedAt: 1,
  exit: { code, oomKilled: false, at: 2, reason: 'exit' },
});

function verdict(status: Sketch, wanted: Wanted, restarts?: Restarts): string {
  const judged = judgeUp(view([service('web', [], restarts)], [task('web', status)]), wanted);
  const { done, rows, failure } = judged;
  return failure === undefined
    ? `${done ? 'done' : 'wait'} ${rows[0]?.text}`
    : `${failure.problem.code}: ${failure.message}`;
}

const healthy = { healthy: true };
test.each<[string, Sketch, Wanted, string]>([
  ['running', {}, {}, 'done Started'],
  ['running, without a check', {}, healthy, 'done Started'],
  ['a former generation', { generation: 0 }, {}, 'wait Starting'],
  ['not made yet', { attempt: 0, phase: 'new', generation: 0 }, {}, 'wait Creating'],
  ['starting its checks', { health: 'starting' }, healthy, 'wait Waiting'],
  ['starting its checks, not waited for', { health: 'starting' }, {}, 'done Started'],
  ['healthy', { health: 'healthy' }, healthy, 'done Healthy'],
  ['unhealthy', { health: 'unhealthy' }, healthy, 'start.failed: the container p-web-1 is unhealthy'],
  ['ended well', exit(0), healthy, 'done Exited'],
  ['ended badly, not waited for', exit(3), {}, 'done Exited (3)'],
  ['ended badly', exit(3), healthy, 'start.failed: the container p-web-1 exited (3)'],
  [
    'never started',
    { phase: 'failed', message: 'no such file' },
    {},
    'start.failed: the container p-web-1 could not start: no such file',
  ],
  [
    'not started once more',
    { phase: 'failed', startedAt: 1, exit: exit(0).exit as Exit, message: 'port taken' },
    {},
    'start.failed: the container p-web-1 could not start: port taken',
  ],
  ['not started before, asked for anew', { phase: 'failed', waiting: true }, {}, 'wait Starting'],
  ['refused before, asked for anew', { phase: 'rejected', generation: 0 }, {}, 'wait Starting'],
  [
    'refused',
    { phase: 'rejected', message: 'no image' },
    {},
    'start.failed: the container p-web-1 could not start: no image',
  ],
  ['made', { phase: 'ready' }, { created: true }, 'done Created'],
  ['being made', { phase: 'preparing' }, { created: true }, 'wait Created'],
  ['not placed', { phase: 'new', pending: 'port 80 is taken' }, {}, 'wait Waiting: port 80 is taken'],
  [
    'not placed for long',
    { phase: 'new', pending: 'port 80 is taken' },
    { quietMs: 5000 },
    'conflict.port: the container p-web-1 cannot start: port 80 is taken',
  ],
  [
    'gated for long',
    { phase: 'ready', pending: 'waits for db' },
    { quietMs: 5000 },
    'wait Waiting: waits for db',
  ],
  [
    'ended before, its start waits for a dependency',
    { ...exit(0), waiting: true, pending: 'waits for db' },
    {},
    'wait Waiting: waits for db',
  ],
])('%s', (_, status, wanted, expected) => {
  expect(verdict(status, wanted)).toBe(expected);
});

test('what is restarted is waited for', () => {
  const always = { condition: 'always' } as const;
  expect(verdict(exit(3), healthy, always)).toBe('wait Restarting (exited 3)');
  const backOff: Sketch = { ...exit(3), phase: 'preparing' };
  expect(verdict(backOff, healthy, always)).toBe('wait Restarting (exited 3)');
  expect(verdict(backOff, {}, always)).toBe('done Restarting (exited 3)');
});

test('a start that failed is not repeated, and says what to do about it', () => {
  const always = { condition: 'always', delay: { kind: 'backoff' } } as const;
  const broken = task('web', { phase: 'failed', message: 'x', hint: 'do y' });
  for (const judged of [
    judgeUp(view([service('web', [], always)], [broken]), {}),
    judgeAction(view([service('web', [], always)], [broken]), 'start', ['p-web-1']),
  ])
    expect(judged.failure?.problem).toMatchObject({ code: 'start.failed', hint: 'do y' });
});

test('what has used up its attempts is not', () => {
  const twice = { condition: 'on-failure', maxAttempts: 2 } as const;
  expect(verdict({ ...exit(3), restarts: 1 }, healthy, twice)).toBe('wait Restarting (exited 3)');
  expect(verdict({ ...exit(3), restarts: 2 }, healthy, twice)).toBe(
    'start.failed: the container p-web-1 exited (3)',
  );
  const web = service('web', [{ service: 'db', condition: 'service_healthy' }]);
  const tasks = [
    task('web', { phase: 'ready', pending: 'waits for db' }),
    task('db', { ...exit(3), restarts: 2 }),
  ];
  const { failure } = judgeUp(view([web, service('db', [], twice)], tasks), {});
  expect(failure?.message).toContain('the container p-db-1 exited (3)');
});

test.each<[DependsOn['condition'], boolean, Sketch, string | undefined]>([
  ['service_healthy', true, { health: 'unhealthy' }, 'the container p-db-1 is unhealthy'],
  ['service_healthy', true, {}, 'the container p-db-1 has no health check'],
  ['service_healthy', true, exit(0), 'the container p-db-1 exited (0)'],
  ['service_healthy', true, { health: 'starting' }, undefined],
  ['service_healthy', false, { health: 'unhealthy' }, undefined],
  ['service_completed_successfully', true, exit(4), 'did not complete successfully: exit 4'],
  ['service_completed_successfully', true, exit(0), undefined],
  ['service_started', true, { health: 'unhealthy' }, undefined],
])('a dependency with %s (required: %s)', (condition, required, status, why) => {
  const web = service('web', [{ service: 'db', condition, required }]);
  const waiting = task('web', { phase: 'ready', pending: 'waits for db' });
  const { done, failure } = judgeUp(view([web, service('db')], [waiting, task('db', status)]), {});
  expect([done, failure?.message]).toEqual([
    false,
    why === undefined ? undefined : expect.stringContaining(why),
  ]);
});

test.each<[Parameters<typeof judgeAction>[1], Sketch | undefined, boolean]>([
  ['stop', { stop: true }, false],
  ['stop', { stop: true, phase: 'exited' }, true],
  ['stop', { stop: true, phase: 'new', pending: 'port 80 is taken' }, true],
  ['start', { generation: 0 }, false],
  ['start', {}, true],
  ['start', { ...exit(0), waiting: true, pending: 'waits for db' }, false],
  ['restart', { waiting: true, pending: 'waits for db' }, true],
  ['restart', { generation: 0 }, false],
  ['restart', { ...exit(3), phase: 'preparing' }, true],
  ['restart', { ...exit(3), phase: 'preparing', generation: 0 }, false],
  ['stop', { stop: true, phase: 'preparing' }, false],
  ['stop', { stop: true, phase: 'assigned' }, true],
  ['rm', { phase: 'exited' }, false],
  ['rm', undefined, true],
])('%s is done or not', (kind, status, done) => {
  const tasks = status === undefined ? [] : [task('web', status)];
  expect(judgeAction(view([service('web')], tasks), kind, ['p-web-1']).done).toBe(done);
});

test('a start that waits for what failed is given up, with what failed', () => {
  const web = service('web', [{ service: 'db', condition: 'service_completed_successfully' }]);
  const tasks = [task('web', { ...exit(0), waiting: true }), task('db', exit(4))];
  const { done, failure } = judgeAction(view([web, service('db')], tasks), 'start', ['p-web-1']);
  expect([done, failure?.problem.code, failure?.message]).toEqual([
    false,
    'dependency.failed',
    expect.stringContaining('p-db-1 did not complete successfully: exit 4'),
  ]);
});
