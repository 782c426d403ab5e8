/** Rows, ends and failures out of verdicts. What the verdicts are is tested where they are made, in cluster. */
import { expect, test } from 'vitest';
import type { ProjectView } from '@orc/api/client';
import type {
  Failure,
  Goal,
  Missing,
  ObjectId,
  ServiceVerdict,
  Standing,
  TaskState,
  TaskVerdict,
  WaitReason,
} from '@orc/model';
import { type Ending, judgeAction, judgeUp, unready } from '../src/project/judge.ts';
import { render } from '../src/report/block.ts';
import { createLines } from '../src/report/lines.ts';

const REACHED: Missing = {};
const COMING: Standing = { standing: 'coming' };
const all = (standing: Standing): Missing => ({ created: standing, started: standing, healthy: standing });
const failed = (failure: Failure): Standing => ({ standing: 'failed', failure });

const task = (state: TaskState, missing: Missing, name = 'web'): TaskVerdict => ({
  task: name as ObjectId,
  container: `p-${name}-1`,
  current: true,
  state,
  missing,
});

const service = (only: TaskVerdict, { awaited = false, name = 'web' } = {}): ServiceVerdict => ({
  service: name,
  wanted: 1,
  awaited,
  tasks: [only],
  missing: only.missing,
});

const view = (...verdicts: ServiceVerdict[]): ProjectView => ({ verdicts }) as unknown as ProjectView;

const exited: Failure = { kind: 'exited', container: 'p-web-1', code: 3 };
const taken: WaitReason = {
  kind: 'no-node',
  refusals: [{ kind: 'port-taken', port: 80, protocol: 'tcp', node: 'n', by: 'x', leaving: false }],
};
const gate: WaitReason = { kind: 'dependency', service: 'db', condition: 'service_healthy' };
const broken: Failure = {
  kind: 'dependency-failed',
  service: 'db',
  condition: 'service_healthy',
  failure: { kind: 'unhealthy', container: 'p-db-1' },
};
const coming = all(COMING);
const begun: Missing = { healthy: COMING };
const ended: Missing = { healthy: failed(exited) };
const stuck = all({ standing: 'stuck', reason: taken });

type Line = [TaskState, Missing, Goal, string, { readonly awaited?: true; readonly quietMs?: number }?];
const STARTED: readonly Line[] = [
  [{ state: 'creating' }, coming, 'started', 'wait Creating working'],
  [{ state: 'starting' }, coming, 'started', 'wait Starting working'],
  [{ state: 'running', health: 'none' }, REACHED, 'started', 'done Started done'],
  [{ state: 'running', health: 'none' }, REACHED, 'healthy', 'done Started done'],
  [{ state: 'running', health: 'starting' }, begun, 'started', 'done Started done'],
  [{ state: 'running', health: 'starting' }, begun, 'started', 'done Waiting working', { awaited: true }],
  [{ state: 'running', health: 'starting' }, begun, 'healthy', 'wait Waiting working'],
  [{ state: 'running', health: 'healthy' }, REACHED, 'healthy', 'done Healthy done'],
  [
    { state: 'running', health: 'unhealthy' },
    { ...begun, healthy: failed({ kind: 'unhealthy', container: 'p-web-1' }) },
    'healthy',
    'start.failed: the container p-web-1 is unhealthy; Unhealthy error',
  ],
  [{ state: 'exited', code: 0 }, REACHED, 'healthy', 'done Exited done'],
  [{ state: 'exited', code: 3 }, ended, 'started', 'done Exited (3) warning'],
  [
    { state: 'exited', code: 3 },
    ended,
    'healthy',
    'start.failed: the container p-web-1 exited (3); Exited (3) error',
  ],
  [{ state: 'backing-off', code: 3 }, begun, 'healthy', 'wait Restarting (exited 3) working'],
  [{ state: 'backing-off', code: 3 }, begun, 'started', 'done Restarting (exited 3) warning'],
  [{ state: 'waiting', reason: gate }, coming, 'started', 'wait Waiting: waits for db to be healthy working'],
  [
    { state: 'waiting', reason: taken },
    stuck,
    'started',
    'wait Waiting: port 80/tcp of node n is taken by x working',
  ],
  [
    { state: 'waiting', reason: taken },
    stuck,
    'started',
    'conflict.port: the container p-web-1 cannot start: port 80/tcp of node n is taken by x; ' +
      'Waiting: port 80/tcp of node n is taken by x working',
    { quietMs: 5000 },
  ],
  [
    { state: 'waiting', reason: gate },
    coming,
    'started',
    'wait Waiting: waits for db to be healthy working',
    { quietMs: 5000 },
  ],
  [
    { state: 'waiting', reason: broken },
    all(failed(broken)),
    'started',
    'dependency.failed: the service web cannot start: the container p-db-1 is unhealthy; ' +
      'Waiting: dependency db failed: the container p-db-1 is unhealthy error',
  ],
  [{ state: 'created' }, { started: COMING, healthy: COMING }, 'created', 'done Created done'],
  [{ state: 'creating' }, coming, 'created', 'wait Creating working'],
  [{ state: 'running', health: 'starting' }, begun, 'created', 'done Running done'],
];

test.each<Line>(STARTED)('%j %j for %s', (state, missing, goal, expected, more = {}) => {
  const { awaited = false, quietMs = 0 } = more;
  const judged = judgeUp(view(service(task(state, missing), { awaited })), { goal, quietMs });
  const { done, rows, failure } = judged;
  const row = rows.map((each) => `${each.text} ${each.state}`).join();
  expect(
    failure === undefined
      ? `${done ? 'done' : 'wait'} ${row}`
      : `${failure.problem.code}: ${failure.message}; ${row}`,
  ).toBe(expected);
});

test('what broke is told before what could not start because of it', () => {
  const waits = service(task({ state: 'waiting', reason: broken }, all(failed(broken))));
  const failure: Failure = {
    kind: 'unstartable',
    container: 'p-db-1',
    problem: { code: 'start.failed', message: 'x', hint: 'do y' },
  };
  const db = service(task({ state: 'failed', failure }, all(failed(failure)), 'db'), { name: 'db' });
  const judged = judgeUp(view(waits, db), { goal: 'started' });
  expect(judged.failure?.problem).toEqual({
    code: 'start.failed',
    message: 'the container p-db-1 could not start: x',
    hint: 'do y',
  });
});

test('only services that were asked for, and only their present containers, count', () => {
  const old = { ...task({ state: 'removing' }, coming), current: false };
  const web = service(task({ state: 'running', health: 'none' }, REACHED));
  const other = service(task({ state: 'creating' }, coming, 'other'), { name: 'other' });
  const project = view({ ...web, tasks: [old, ...web.tasks] }, other);
  expect(judgeUp(project, { goal: 'started', services: ['web'] })).toMatchObject({
    done: true,
    rows: [{ id: 'Container p-web-1', text: 'Started' }],
  });
  expect(unready(project, { goal: 'started' })).toEqual(['p-other-1: is being made']);
});

test('what an update waits for before its next container is said in every form of progress', () => {
  const follows = { container: 'p-web-1', monitorMs: 5000 };
  const running: TaskState = { state: 'running', health: 'none' };
  const next = { ...task(running, REACHED), container: 'p-web-2', current: false, follows };
  const last = { ...next, container: 'p-web-3' };
  const { follows: _, ...later } = last;
  const web = { ...service(task(running, REACHED)), tasks: [task(running, REACHED), next, later] };
  const project = view({ ...web, wanted: 3, missing: coming });
  const { done, rows } = judgeUp(project, { goal: 'started' });
  const said = 'is replaced when p-web-1 has run for 5 s (update_config.monitor)';
  expect(done).toBe(false);
  const shown = (mode: 'plain' | 'json'): string => {
    let text = '';
    const reporter = createLines((more) => void (text += more), mode);
    for (const row of [...rows, ...rows]) reporter.update(row);
    return text;
  };
  expect(shown('plain')).toBe(` Container p-web-1  Started\n Container p-web-2  Waiting: ${said}\n`);
  expect(shown('json').trimEnd().split('\n')[1]).toBe(
    JSON.stringify({ id: 'Container p-web-2', text: `Waiting: ${said}`, state: 'working' }),
  );
  const drawn = rows.map((progress) => ({ progress, begun: 0, ended: undefined, lines: [] }));
  expect(render(drawn, 1000, 120, 20)[2]).toContain(`Container p-web-2  Waiting: ${said}`);
  expect(unready(project, { goal: 'started' })).toEqual([`p-web-2: ${said}`]);
});

test.each<[Ending, TaskState | undefined, string]>([
  ['stop', { state: 'stopping' }, 'wait Stopping'],
  ['stop', { state: 'running', health: 'none' }, 'wait Stopping'],
  ['stop', { state: 'exited', code: 0 }, 'done Stopped'],
  ['stop', { state: 'created' }, 'done Stopped'],
  ['stop', { state: 'waiting', reason: taken }, 'done Stopped'],
  ['kill', { state: 'stopping' }, 'wait Killing'],
  ['kill', { state: 'exited', code: 137 }, 'done Killed'],
  ['start', { state: 'starting' }, 'wait Starting'],
  ['start', { state: 'running', health: 'none' }, 'done Started'],
  ['start', { state: 'waiting', reason: gate }, 'wait Waiting: waits for db to be healthy'],
  ['start', { state: 'waiting', reason: taken }, 'done Started'],
  ['restart', { state: 'starting' }, 'wait Restarting'],
  ['restart', { state: 'backing-off', code: 3 }, 'done Started'],
  ['restart', { state: 'exited', code: 0 }, 'done Started'],
  ['rm', { state: 'removing' }, 'wait Removing'],
  ['rm', undefined, 'done Removed'],
])('%s of a container that is %j', (kind, state, expected) => {
  const project = state === undefined ? view() : view(service(task(state, coming)));
  const { done, rows } = judgeAction(project, kind, ['p-web-1']);
  expect(`${done ? 'done' : 'wait'} ${rows[0]?.text}`).toBe(expected);
  expect(judgeAction(null, kind, ['p-web-1']).done).toBe(true);
});

test('a start that waits for what failed, or failed itself, is given up', () => {
  const waits = service(task({ state: 'waiting', reason: broken }, all(failed(broken))));
  expect(judgeAction(view(waits), 'start', ['p-web-1']).failure?.problem.code).toBe('dependency.failed');
  const failure: Failure = {
    kind: 'rejected',
    container: 'p-web-1',
    problem: { code: 'input.invalid', message: 'x' },
  };
  const bad = service(task({ state: 'failed', failure }, all(failed(failure))));
  const { failure: thrown, rows } = judgeAction(view(bad), 'restart', ['p-web-1']);
  expect([thrown?.message, rows[0]?.text]).toEqual(['the container p-web-1 could not start: x', 'Error']);
  expect(judgeAction(view(bad), 'stop', ['p-web-1'])).toMatchObject({ done: true });
});
