/** Engine commands on a task's container: what they have come to, and who waits for it. */
import { apply, emptyState, judgeProject, type State } from '@orc/cluster';
import type { ContainerOwner, ServiceObj, TaskObj, TaskStatus } from '@orc/model';
import { openEvents } from '@orc/telemetry';
import { expect, test } from 'vitest';
import { outcomeOf } from '../src/backend/outcome.ts';
import type { ProjectParts } from '../src/backend/projects.ts';
import { actOnTask } from '../src/backend/task-actions.ts';
import { realWorld } from '../src/world.ts';

const OWNER = { task: 't', project: 'p', service: 'web', slot: 1 } as unknown as ContainerOwner;
const object = (id: string): object => ({ id, name: id, specVersion: 1, statusVersion: 1, createdAt: 0 });
const PROJECT = { kind: 'project', ...object('p'), spec: {}, status: {} };
const SERVICE = {
  kind: 'service',
  ...object('web'),
  spec: {
    project: 'p',
    service: 'web',
    mode: 'replicated',
    replicas: 1,
    dependsOn: [],
    template: { image: 'b' },
    hash: 'h',
    desired: 'run',
    generation: 1,
  },
  status: {},
} as unknown as ServiceObj;

type Sketch = Partial<TaskStatus> & { readonly want?: 'run' | 'stop' | 'remove' };
const taskOf = ({ want = 'run', ...status }: Sketch): TaskObj =>
  ({
    kind: 'task',
    ...object('t'),
    spec: {
      project: 'p',
      service: 'web',
      serviceId: 'web',
      slot: 1,
      hash: 'h',
      revision: 1,
      node: 'n',
      containerId: 'c',
      endpoints: [],
      desired: { state: want, generation: 2 },
      generation: 1,
    },
    status: { attempt: 1, phase: 'running', health: 'none', generation: 2, ...status },
  }) as unknown as TaskObj;

function stateOf(task?: Sketch): State {
  const objects = [PROJECT, SERVICE, ...(task === undefined ? [] : [taskOf(task)])];
  const changes = objects.map((each) => ({ op: 'put', object: each, expect: null }) as never);
  const { state, conflicts } = apply(emptyState(), { schema: 1, by: 'test', time: 1, changes }, 1);
  expect(conflicts).toEqual([]);
  return state;
}

const exit = (code: number): Sketch => ({
  phase: 'exited',
  exit: { code, oomKilled: false, at: 2, reason: 'exit' },
});
const refused: Sketch = {
  phase: 'failed',
  problem: { code: 'conflict.port', message: 'port 80/tcp is already allocated', hint: 'stop the other' },
};

test.each<[string, Sketch | undefined, string, string]>([
  ['runs', {}, 'start restart', 'stop kill rm'],
  ['runs still, of a former start', { generation: 1 }, '', 'start restart stop kill rm'],
  ['is on its way out', { want: 'stop' }, '', 'start restart stop kill rm'],
  ['was stopped', { ...exit(143), want: 'stop' }, 'stop kill', 'rm'],
  ['ended by itself', exit(3), 'start restart stop kill', 'rm'],
  ['is being removed', { ...exit(0), want: 'remove' }, '', 'start restart stop kill rm'],
  ['is gone', undefined, 'start restart stop kill rm', ''],
])('a container that %s', (_, task, reached, coming) => {
  const verdicts = judgeProject(stateOf(task), 'p');
  const kinds = (text: string): string[] => text.split(' ').filter((each) => each !== '');
  const come = (kind: string): string => outcomeOf(verdicts, OWNER, kind as never).come;
  for (const kind of kinds(reached)) expect(come(kind), kind).toBe('reached');
  for (const kind of kinds(coming)) expect(come(kind), kind).toBe('coming');
});

test('a start that its node refused fails with the words of the node; a stop of it has come about', () => {
  const verdicts = judgeProject(stateOf(refused), 'p');
  expect(outcomeOf(verdicts, OWNER, 'start')).toEqual({
    come: 'failed',
    problem: { code: 'start.failed', message: 'port 80/tcp is already allocated', hint: 'stop the other' },
  });
  expect(outcomeOf(verdicts, OWNER, 'stop').come).toBe('reached');
});

/** A replica that commits what is decided, and an agent that does nothing about it. */
function partsOf(task: Sketch): { parts: ProjectParts; change(to: Sketch | undefined): void } {
  const world = realWorld({}, '/nonexistent');
  const events = openEvents(world.clock, 0);
  let state = stateOf(task);
  const replica = {
    state: () => state,
    propose: async (_: string, decide: (state: State, proposer: object) => { changes: unknown[] }) => {
      const { changes } = decide(state, { now: 2, ids: {}, sha256: String });
      state = apply(state, { schema: 1, by: 'test', time: 2, changes: changes as never }, 2).state;
    },
  };
  const change = (to: Sketch | undefined): void => {
    state = stateOf(to);
    events.publish('task', 'update', 't', {});
  };
  return { parts: { replica, events, world } as unknown as ProjectParts, change };
}

const forever = (): AbortSignal => new AbortController().signal;

test('is waited for until the agent has done it', async () => {
  const { parts, change } = partsOf({});
  let done = false;
  const stopped = actOnTask(parts, OWNER, { kind: 'stop' }, forever()).then(() => (done = true));
  await new Promise((later) => setImmediate(later));
  expect(done).toBe(false);
  change({ ...exit(143), want: 'stop' });
  await stopped;
});

test('whoever asked and went is not worked for any more, and what was asked for stays asked for', async () => {
  const { parts } = partsOf({});
  const gone = new AbortController();
  const stopped = actOnTask(parts, OWNER, { kind: 'stop' }, gone.signal);
  await new Promise((later) => setImmediate(later));
  gone.abort();
  await expect(stopped).rejects.toMatchObject({ problem: { code: 'canceled' } });
  const task = parts.replica.state().tables.task.byId.get(OWNER.task) as TaskObj;
  expect(task.spec.desired.state).toBe('stop');
});
