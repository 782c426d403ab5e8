/** `node bench/reconcile.ts`: name, value, unit. What a change costs beside a thousand tasks. */
import {
  all,
  encodeSnapshot,
  project,
  reconcile,
  diffProject,
  takeReport,
  apply,
  decodeSnapshot,
} from '../src/index.ts';
import {
  commit,
  idsOf,
  imagesOf,
  newWorld,
  NODE,
  parseProject,
  pass,
  proposerOf,
  settle,
  type World,
} from '../test/world.ts';

const print = (name: string, value: number, unit: string): void =>
  console.log(`${name} ${value.toFixed(2)} ${unit}`);

function timed(name: string, rounds: number, body: () => void): void {
  for (let warm = 0; warm < 5; warm += 1) body();
  const begin = performance.now();
  for (let round = 0; round < rounds; round += 1) body();
  print(name, (performance.now() - begin) / rounds, 'ms');
}

function fill(world: World, projects: number): void {
  for (let each = 0; each < projects; each += 1) up(world, 'web image=nginx replicas=50', `p${each}`);
  settle(world);
}

function up(world: World, text: string, name: string): void {
  const wanted = parseProject(text, name);
  commit(
    world,
    diffProject(
      world.state,
      { project: wanted, images: imagesOf(wanted), options: { desired: 'run' } },
      proposerOf(world),
    ).changes,
  );
  pass(world);
}

for (const projects of [1, 20]) {
  const world = newWorld();
  fill(world, projects);
  const tasks = all(world.state, 'task').length;
  const wanted = parseProject('web image=nginx replicas=50', 'p0');
  const one = all(world.state, 'task')[0] as ReturnType<typeof all<'task'>>[number];
  const told = takeReport(world.state, {
    node: NODE,
    tasks: [{ id: one.id, status: { ...one.status, attempt: one.status.attempt + 1 } }],
    removed: [],
  });
  timed(
    `apply_report_of_${tasks}`,
    200,
    () => void apply(world.state, { schema: 1, by: 'bench', time: 0, changes: told }, 1),
  );
  timed(
    `reconcile_one_project_of_${tasks}`,
    200,
    () => void reconcile(world.state, new Set(['p0']), 0, idsOf(world)),
  );
  timed(`reconcile_all_of_${tasks}`, 20, () => void reconcile(world.state, 'all', 0, idsOf(world)));
  timed(`assignment_of_${tasks}`, 20, () => void project(world.state, NODE));
  timed(
    `diff_nothing_to_do_of_${tasks}`,
    100,
    () =>
      void diffProject(
        world.state,
        { project: wanted, images: imagesOf(wanted), options: { desired: 'run' } },
        proposerOf(world),
      ),
  );
  timed(`snapshot_of_${tasks}`, 20, () => void [...encodeSnapshot(world.state)]);
  const bytes = Buffer.concat([...encodeSnapshot(world.state)]);
  timed(`restore_of_${tasks}`, 20, () => void decodeSnapshot(bytes));
}
const begin = performance.now();
fill(newWorld(), 20);
print('up_20_projects_of_50', performance.now() - begin, 'ms');
