/** What lists of projects say of them. */
import type { Change, TaskPhase } from '@orc/model';
import { expect, test } from 'vitest';
import { apply, projectFiles, projectStatus } from '../src/index.ts';
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

const object = (kind: string, name: string, spec: object): Change =>
  ({
    op: 'put',
    expect: null,
    object: { kind, id: name, name, specVersion: 1, statusVersion: 1, createdAt: 0, spec, status: {} },
  }) as unknown as Change;

test('the files of a project are those of its last up, then those of what earlier ones made', () => {
  const service = (name: string, files: string): Change => {
    const labels = { 'com.docker.compose.project.config_files': files };
    return object('service', `p.${name}`, {
      project: 'p',
      service: name,
      dependsOn: [],
      template: { image: 'b', labels },
    });
  };
  const changes = [
    object('project', 'p', { workingDir: '/', configFiles: ['/c.yaml'] }),
    service('a', '/c.yaml'),
    service('b', '/a.yaml,/b.yaml'),
    object('service', 'p.plain', { project: 'p', service: 'plain', dependsOn: [], template: { image: 'b' } }),
  ];
  const { state } = apply(newWorld().state, { schema: 1, by: 'test', time: 0, changes }, 1);
  expect(projectFiles(state, 'p')).toEqual(['/c.yaml', '/a.yaml', '/b.yaml']);
});
