/** Dialogues: what people ask for, what is planned, what each pass changes, what the agent says. */
import { join } from 'node:path';
import {
  defined,
  explainState,
  explainWait,
  formatProblem,
  GOALS,
  type ObjectId,
  type ServiceVerdict,
  type TaskObj,
  type TaskStatus,
} from '@orc/model';
import { type GoldenCase, goldenSuite } from '../../../test/golden/golden.ts';
import {
  actProject,
  all,
  createNetwork,
  diffProject,
  downProject,
  explainChanges,
  project,
  type ProjectAction,
  type ProjectPlan,
  projectView,
  takeReport,
} from '../src/index.ts';
import {
  carryOut,
  commit,
  exitOf,
  imagesOf,
  newWorld,
  type Outcome,
  parseProject,
  pass,
  proposerOf,
  settle,
  type World,
} from './world.ts';

let world: World = newWorld();

const text = (lines: readonly string[]): string => lines.join('\n');

/** `told`: also the changes of the plan itself, before those of the passes. */
function run(plan: ProjectPlan, dry: boolean, told = false): string {
  const problems = plan.problems.map(formatProblem);
  const lines = plan.lines.map(
    ({ kind, name, action, reason }) =>
      `${action} ${kind} ${name}${reason === undefined ? '' : ` (${reason})`}`,
  );
  const fields = plan.lines.flatMap(({ name, fields: all = [] }) =>
    all.map(({ path, before = 'none', after = 'none' }) => `  ${name} ${path}: ${before} -> ${after}`),
  );
  if (dry) return text([...problems, ...lines, ...fields]);
  const asked = told ? explainChanges(world.state, plan.changes).map((line) => `  ${line}`) : [];
  carryOut(world, plan);
  return text([...problems, ...lines, ...asked, ...reconcileAll()]);
}

/** Every pass until there is nothing more to decide. */
function reconcileAll(): readonly string[] {
  const told: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    const before = world.state;
    const changes = pass(world);
    if (changes.length === 0) return told;
    if (round > 1) throw new Error('a pass must leave nothing for the next but what it made possible');
    told.push(...explainChanges(before, changes).map((line) => `  ${line}`));
  }
  throw new Error('the passes do not end');
}

const numbers = (words: string | undefined): Record<string, number> =>
  Object.fromEntries(
    (words ?? '')
      .split(',')
      .filter((each) => each !== '')
      .map((each) => [each.split(':')[0] as string, Number(each.split(':')[1])]),
  );
const list = (words: string | undefined): string[] => (words ?? '').split(',').filter((each) => each !== '');

function up({ args, body }: GoldenCase): string {
  const disabled = list(args['disabled']);
  const wanted = {
    ...parseProject(body, args['project']),
    ...(disabled.length === 0 ? {} : { disabled }),
  };
  const options = {
    desired: args['create'] === undefined ? ('run' as const) : ('ready' as const),
    scale: numbers(args['scale']),
    services: list(args['services']),
    noDeps: args['no-deps'] !== undefined,
    forceRecreate: args['force'] !== undefined,
    noRecreate: args['no-recreate'] !== undefined,
    removeOrphans: args['remove-orphans'] !== undefined,
    renewAnonVolumes: args['renew'] !== undefined,
    ...(args['timeout'] === undefined ? {} : { timeoutMs: Number(args['timeout']) }),
  };
  const images = args['no-images'] === undefined ? imagesOf(wanted) : {};
  return run(
    diffProject(world.state, { project: wanted, images, options }, proposerOf(world)),
    args['dry'] !== undefined,
  );
}

function act({ args }: GoldenCase): string {
  const action: ProjectAction = {
    kind: args['kind'] as ProjectAction['kind'],
    ...(args['services'] === undefined ? {} : { services: list(args['services']) }),
    ...(args['slot'] === undefined ? {} : { slot: Number(args['slot']) }),
    ...(args['scale'] === undefined ? {} : { scale: numbers(args['scale']) }),
    ...(args['stop'] === undefined ? {} : { stop: true }),
    ...(args['timeout'] === undefined ? {} : { timeoutMs: Number(args['timeout']) }),
  };
  return run(actProject(world.state, args['project'] ?? 'shop', action, proposerOf(world)), false, true);
}

const find = (name: string): TaskObj => {
  const found =
    all(world.state, 'task').find((task) => task.id === name) ??
    all(world.state, 'task').findLast((task) => task.name === name);
  if (found === undefined) throw new Error(`no task ${name}`);
  return found;
};

/** `shop-web-1 running healthy`, `shop-web-1 exited 1`, `o7 removed`; each by its own node. */
function report({ body }: GoldenCase): string {
  for (const line of body.split('\n')) {
    const [name = '', phase = '', more] = line.split(' ');
    const { id, spec, status } = find(name);
    const tasks = phase === 'removed' ? [] : [{ id, status: statusOf({ spec, status }, phase, more) }];
    const removed = phase === 'removed' ? [id] : [];
    commit(world, takeReport(world.state, { node: spec.node as ObjectId, tasks, removed }), 'report');
  }
  return text(reconcileAll());
}

function statusOf(
  task: Pick<TaskObj, 'spec' | 'status'>,
  phase: string,
  more: string | undefined,
): TaskStatus {
  const { generation } = task.spec.desired;
  const attempt =
    phase === 'ready'
      ? task.status.attempt
      : Math.max(1, task.status.attempt + (generation > task.status.generation ? 1 : 0));
  const base = { attempt, generation: phase === 'ready' ? task.status.generation : generation };
  if (phase === 'exited')
    return {
      ...base,
      phase: 'exited',
      health: 'none',
      exit: more === 'reboot' ? exitOf(137, 'reboot') : exitOf(Number(more)),
    };
  if (phase === 'failed' || phase === 'rejected')
    return {
      ...base,
      phase,
      health: 'none',
      problem: { code: 'start.failed', message: more ?? 'no reason' },
    };
  return { ...base, phase: phase as 'running', health: (more ?? 'none') as 'none' };
}

function ps(): string {
  return text(
    all(world.state, 'task')
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ id, name, spec, status }) => {
        const place = spec.node === null ? 'unplaced' : spec.endpoints.map((each) => each.ipv4).join(',');
        const why = spec.pending === undefined ? '' : ` (${explainWait(spec.pending)})`;
        return `${name} ${id} want ${spec.desired.state} is ${status.phase} ${place}${why}`;
      }),
  );
}

const verdictLines = ({ service, wanted, missing, tasks }: ServiceVerdict): readonly string[] => [
  `${service} (${wanted}): ${GOALS.map((goal) => `${goal} ${missing[goal]?.standing ?? 'reached'}`).join(', ')}`,
  ...tasks.map(
    ({ container, current, state }) => `  ${container}${current ? '' : ', former'}: ${explainState(state)}`,
  ),
];

function assignment(): string {
  const { tasks, networks, volumes, secrets, configs, names } = project(
    world.state,
    'n1' as ObjectId,
    (each) => `plain of ${each.name}`,
  );
  return text([
    ...tasks.map(
      (each) =>
        `task ${each.name} ${each.desired.state}#${each.desired.generation} ${each.endpoints.map((e) => `${e.interface} ${e.ipv4}/${e.ipv4PrefixLength} ${e.mac} via ${e.gateway} as ${e.aliases.join(' ')}`).join('; ')}`,
    ),
    ...networks.map(
      (each) =>
        `network ${each.name} ${each.status.index} ${each.status.subnets.map((subnet) => subnet.subnet).join()}`,
    ),
    ...volumes.map((each) => `volume ${each.name}`),
    ...[...secrets, ...configs].map((each) => `file ${each.name} ${each.data}`),
    ...names.map((each) => `name ${each.network} ${each.name} ${each.addresses.join(' ')}`),
  ]);
}

goldenSuite(join(import.meta.dirname, 'golden'), {
  new: ({ args }) => {
    world = newWorld(args['nodes'] === undefined ? ['n1'] : list(args['nodes']));
    return '';
  },
  up,
  down: ({ args }) =>
    run(
      downProject(
        world.state,
        args['project'] ?? 'shop',
        {
          volumes: args['volumes'] !== undefined,
          ...(args['services'] === undefined ? {} : { services: list(args['services']) }),
        },
        proposerOf(world),
      ),
      false,
    ),
  act,
  report,
  ps,
  assignment,
  settle: ({ body }) => {
    const outcomes = new Map(body.split('\n').map((line) => line.split(' ') as [string, Outcome]));
    settle(world, (task) => outcomes.get(task.name) ?? outcomes.get(task.spec.service) ?? 'healthy');
    return ps();
  },
  network: ({ args }) => {
    const spec = {
      driver: 'bridge' as const,
      ...(args['subnet'] === undefined
        ? {}
        : {
            subnets: [
              { subnet: args['subnet'], ...defined({ gateway: args['gateway'], ipRange: args['range'] }) },
            ],
          }),
    };
    return run(createNetwork(world.state, args['name'] ?? 'net', spec, proposerOf(world)), false);
  },
  view: ({ args }) => {
    const view = projectView(world.state, args['project'] ?? 'shop');
    if (view === undefined) return 'no such project';
    return text(view.verdicts.flatMap(verdictLines));
  },
});
