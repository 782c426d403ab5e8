/** What lists of projects say of them. */
import type { Change, TaskPhase } from '@orc/model';
import { expect, test } from 'vitest';
import { apply, projectStatus } from '../src/index.ts';
import { newWorld } from './world.ts';

const task = (phase: TaskPhase, at: number): Change =>
  ({
    op: 'put',
    expect: null,
    object: {
      kind: 'task',
      id: `t${at}`,
      name: `p-a-${at}`,
      specVersion: 1,
      statusVersion: 1,
      createdAt: 0,
      spec: { project: 'p', service: 'a', serviceId: 's', slot: at, node: null, endpoints: [] },
      status: { attempt: 1, phase, health: 'none', generation: 1 },
    },
  }) as unknown as Change;

test.each<[readonly TaskPhase[], string]>([
  [[], ''],
  [['running', 'exited', 'running'], 'exited(1), running(2)'],
  [['running', 'preparing', 'ready', 'failed'], 'created(1), exited(1), restarting(1), running(1)'],
])('%j is %s: by the words, as docker says it', (phases, expected) => {
  const changes = phases.map(task);
  const { state } = apply(newWorld().state, { schema: 1, by: 'test', time: 0, changes }, 1);
  expect(projectStatus(state, 'p')).toBe(expected);
});
