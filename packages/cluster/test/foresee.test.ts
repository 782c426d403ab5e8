/** What a dry run says of places, held against what comes of the same plan. */
import { explainWait, type TaskObj } from '@orc/model';
import { expect, test } from 'vitest';
import { all, diffProject, foresee, get, type PlannedChange } from '../src/index.ts';
import { commit, idsOf, imagesOf, newWorld, parseProject, proposerOf, settle, type World } from './world.ts';

/** Before the plan is carried out, and without a trace of having looked. */
function foreseen(world: World, text: string, name?: string): readonly PlannedChange[] {
  const wanted = parseProject(text, name);
  const request = { project: wanted, images: imagesOf(wanted), options: { desired: 'run' as const } };
  const plan = diffProject(world.state, request, proposerOf(world));
  const before = world.state;
  const lines = foresee(world.state, wanted.name, plan, { ids: idsOf(world), now: world.time }, {});
  expect(world.state).toBe(before);
  commit(world, plan.changes);
  return lines.filter(({ kind }) => kind === 'task');
}

const told = (lines: readonly PlannedChange[]): readonly string[] =>
  lines.map(({ action, name, node, pending }) =>
    [action, name, node, pending && explainWait(pending)].filter((each) => each !== undefined).join(' '),
  );

const places = (world: World): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    all(world.state, 'task').map((task: TaskObj) => [
      task.name,
      task.spec.node === null ? undefined : get(world.state, 'node', task.spec.node)?.name,
    ]),
  );

test('new containers are spread over the nodes as the scheduler spreads them', () => {
  const world = newWorld(['a', 'b', 'c']);
  const lines = foreseen(world, 'web image=nginx replicas=4\ndb image=pg vol=data:/d');
  settle(world);
  expect(Object.fromEntries(lines.map(({ name, node }) => [name, node]))).toEqual(places(world));
  expect(new Set(lines.map(({ node }) => node)).size).toBe(3);
});

test('containers that are made anew are told the node that is free once the old ones are gone', () => {
  const world = newWorld(['a']);
  foreseen(world, 'web image=nginx port=80:80');
  settle(world);
  expect(told(foreseen(world, 'web image=nginx:2 port=80:80'))).toEqual(['recreate shop-web-1 a']);
  settle(world);
  expect(told(foreseen(world, 'web image=nginx:2 port=80:80'))).toEqual(['keep shop-web-1']);
});

test('why none would fit is told for each that is refused', () => {
  const world = newWorld(['a', 'b']);
  foreseen(world, 'web image=nginx replicas=2 port=80:80', 'blog');
  settle(world);
  expect(told(foreseen(world, 'web image=nginx port=80:80\ndb image=pg'))).toEqual([
    'create shop-web-1 port 80/tcp of node a is taken by blog-web-1; port 80/tcp of node b is taken by blog-web-2',
    expect.stringMatching(/^create shop-db-1 [ab]$/),
  ]);
});
