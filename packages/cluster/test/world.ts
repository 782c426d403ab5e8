/** A cluster without a log: applies what is decided, and an agent that does at once what it is told. */
import { createHash } from 'node:crypto';
import type {
  Change,
  ContainerId,
  ContainerSpec,
  Digest,
  ObjectId,
  Project,
  ProjectService,
  TaskObj,
  TaskStatus,
  UpOptions,
} from '@orc/model';
import {
  all,
  apply,
  diffProject,
  emptyState,
  endedForGood,
  get,
  hasEnded,
  type IdSource,
  type Proposer,
  type ProjectPlan,
  reconcile,
  registerNode,
  type State,
  takeReport,
} from '../src/index.ts';

export type World = {
  state: State;
  next: number;
  time: number;
  guests?: (network: string) => readonly string[];
};

export const NODE = 'n1' as ObjectId;

export function newWorld(nodes: readonly string[] = ['n1']): World {
  const world: World = { state: emptyState(), next: 1, time: 1000 };
  for (const id of nodes) {
    const status = {
      state: 'ready',
      hostname: id,
      cpus: 2,
      memoryBytes: 1e9,
      os: 'linux',
      architecture: 'x64',
    } as const;
    commit(world, registerNode(world.state, id as ObjectId, id, status, world.time));
  }
  return world;
}

export const idsOf = (world: World): IdSource => ({
  object: () => `o${world.next++}` as ObjectId,
  container: () => (world.next++).toString(16).padStart(12, 'c').padEnd(64, '0') as ContainerId,
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export const proposerOf = (world: World): Proposer => ({
  ids: idsOf(world),
  now: world.time,
  sha256,
  keyedHash: (text) => sha256(`key/${text}`),
  seal: (bound, data) => `sealed(${bound},${data})`,
});

/** Throws when it does not apply: nobody races here. */
export function commit(world: World, changes: readonly Change[], by = 'test'): void {
  if (changes.length === 0) return;
  const applied = apply(world.state, { schema: 1, by, time: world.time, changes }, world.state.index + 1);
  if (applied.conflicts.length > 0) throw new Error(JSON.stringify(applied.conflicts));
  world.state = applied.state;
}

export function carryOut(world: World, plan: ProjectPlan): void {
  commit(world, plan.changes);
}

export type Wish = {
  readonly name?: string;
  readonly options?: Partial<UpOptions>;
  /** Containers beside the project, by the network that they are on. */
  readonly guests?: Readonly<Record<string, readonly string[]>>;
};

/** `up` of `parseProject`'s text, before the first pass. */
export function up(world: World, text: string, { name, options, guests = {} }: Wish = {}): ProjectPlan {
  const wanted = parseProject(text, name);
  const request = {
    project: wanted,
    images: imagesOf(wanted),
    options: { desired: 'run' as const, ...options },
  };
  const plan = diffProject(world.state, request, proposerOf(world), (network) => guests[network] ?? []);
  carryOut(world, plan);
  return plan;
}

/** One pass; what it changed. */
export function pass(world: World): readonly Change[] {
  const { guests } = world;
  const found = reconcile(
    world.state,
    'all',
    world.time,
    idsOf(world),
    guests === undefined ? {} : { guests },
  );
  commit(world, found?.changes ?? [], 'reconcile');
  return found?.changes ?? [];
}

export type Outcome = 'runs' | 'healthy' | 'completes' | 'fails' | 'unhealthy';

/** What the agent would report next about a task, or `removed`, or nothing. */
export function agentStep(world: World, task: TaskObj, outcome: Outcome): TaskStatus | 'removed' | undefined {
  const { desired, node } = task.spec;
  const { status } = task;
  if (node === null) return undefined;
  if (desired.state === 'remove') return 'removed';
  if (desired.state === 'ready') return status.phase === 'new' ? { ...status, phase: 'ready' } : undefined;
  if (desired.state === 'stop' || desired.state === 'drain') {
    return status.phase === 'running'
      ? { ...status, phase: 'exited', health: 'none', exit: exitOf(0) }
      : undefined;
  }
  if (desired.generation > status.generation) return started(world, task, outcome);
  return undefined;
}

/** In place, as the service's policy says. */
function restarted(world: World, task: TaskObj, outcome: Outcome): TaskStatus | undefined {
  const service = get(world.state, 'service', task.spec.serviceId);
  const wanted = task.spec.desired.state === 'run' && hasEnded(task) && task.status.exit?.reason !== 'reboot';
  return service !== undefined && wanted && !endedForGood(task, service.spec)
    ? started(world, task, outcome)
    : undefined;
}

function started(world: World, { status, spec }: TaskObj, outcome: Outcome): TaskStatus {
  const begun = {
    attempt: status.attempt + 1,
    generation: spec.desired.generation,
    restarts: 0,
    startedAt: world.time,
  };
  switch (outcome) {
    case 'runs':
      return { ...begun, phase: 'running', health: 'none' };
    case 'healthy':
    case 'unhealthy':
      return { ...begun, phase: 'running', health: outcome };
    case 'completes':
      return { ...begun, phase: 'exited', health: 'none', exit: exitOf(0) };
    case 'fails':
      return { ...begun, phase: 'exited', health: 'none', exit: exitOf(1) };
  }
}

export const exitOf = (code: number, reason = 'exit') => ({ code, oomKilled: false, at: 1, reason });

/** Reports what `agentStep` says of every task that `choose` picks; false when there was nothing. */
export function agentRound(
  world: World,
  outcomeOf: (task: TaskObj) => Outcome,
  choose: (task: TaskObj) => boolean = () => true,
): boolean {
  const steps = all(world.state, 'task')
    .filter(choose)
    .flatMap((task) => {
      const step = agentStep(world, task, outcomeOf(task)) ?? restarted(world, task, outcomeOf(task));
      return step === undefined ? [] : [{ task, step }];
    });
  for (const node of new Set(steps.map(({ task }) => task.spec.node as ObjectId))) {
    const own = steps.filter(({ task }) => task.spec.node === node);
    const tasks = own.flatMap(({ task, step }) =>
      step === 'removed' ? [] : [{ id: task.id, status: step }],
    );
    const removed = own.flatMap(({ task, step }) => (step === 'removed' ? [task.id] : []));
    commit(world, takeReport(world.state, { node, tasks, removed }), 'report');
  }
  return steps.length > 0;
}

/** Passes and reports in turn until nothing moves; throws when it does not come to rest. */
export function settle(world: World, outcomeOf: (task: TaskObj) => Outcome = () => 'healthy'): void {
  for (let round = 0; round < 200; round += 1) {
    const changed = pass(world).length > 0;
    const reported = agentRound(world, outcomeOf);
    if (!changed && !reported) return;
  }
  throw new Error('it does not come to rest');
}

export const digestOf = (image: string): Digest => `sha256:${sha256(image)}` as Digest;

export const imagesOf = (project: Project): Record<string, Digest> =>
  Object.fromEntries(project.services.map(({ container: { image } }) => [image, digestOf(image)]));

/**
 * A service a line: `web image=nginx replicas=2 needs=db:healthy,job:completed net=default,back port=80:80 vol=data:/d
 * secret=key config=conf name=fixed restart=always update=1:start-first join=db ip=10.0.0.5`, and `!key=text` lines for
 * contents of files, `@network external name=… subnet=… internal label=…`, `%volume external`.
 */
export function parseProject(text: string, name = 'shop'): Project {
  const full = (key: string, external: boolean) =>
    about('@', key)['name'] ?? (external ? key : `${name}_${key}`);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.filter((line) => !/^[!@%]/.test(line)).map(parseWords);
  const about = (sign: string, key: string) =>
    parseWords(lines.find((line) => line.startsWith(`${sign}${key} `) || line === `${sign}${key}`) ?? '');
  const services = rows.map((row) =>
    parseService(row, (sign, key) => full(key, about(sign, key)['external'] !== undefined)),
  );
  const list = (key: string): string[] => [
    ...new Set(rows.flatMap((row) => (row[key] ?? '').split(',').filter((each) => each !== ''))),
  ];
  const content = new Map(lines.filter((line) => line.startsWith('!')).map((line) => contentOf(line)));
  const nets = new Set([
    ...list('net'),
    ...rows.filter((row) => !row['net'] && !row['join']).map(() => 'default'),
  ]);
  const vols = new Set(list('vol').map((each) => each.split(':')[0] as string));
  return {
    name,
    workingDir: '/src',
    configFiles: ['/src/compose.yaml'],
    services,
    networks: [...nets].map((key) => {
      const row = about('@', key);
      const external = row['external'] !== undefined;
      const subnets = row['subnet'] === undefined ? {} : { subnets: [{ subnet: row['subnet'] }] };
      const driver = (row['driver'] ?? 'bridge') as 'bridge';
      const internal = row['internal'] === undefined ? {} : { internal: true };
      const labels = row['label'] === undefined ? {} : { labels: { side: row['label'] } };
      return {
        name: full(key, external),
        key,
        external,
        spec: { driver, ...subnets, ...internal, ...labels },
      };
    }),
    volumes: [...vols].map((key) => {
      const external = about('%', key)['external'] !== undefined;
      return { name: full(key, external), key, external, spec: { driver: 'local' } };
    }),
    secrets: list('secret').map((key) => ({
      name: `${name}_${key}`,
      key,
      external: false,
      data: content.get(key) ?? '',
    })),
    configs: list('config').map((key) => ({
      name: `${name}_${key}`,
      key,
      external: false,
      data: content.get(key) ?? '',
    })),
  };
}

const contentOf = (line: string): [string, string] => [
  line.slice(1, line.indexOf('=')),
  line.slice(line.indexOf('=') + 1),
];

type Row = Readonly<Record<string, string>>;

function parseWords(line: string): Row {
  const [head = '', ...words] = line.trim().split(/\s+/);
  return {
    head,
    ...Object.fromEntries(words.map((word) => [word.split('=')[0], word.split('=').slice(1).join('=')])),
  };
}

const CONDITIONS = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
} as const;

type NameOf = (sign: '@' | '%' | '!', key: string) => string;

function parseService(row: Row, nameOf: NameOf): ProjectService {
  const needs = (row['needs'] ?? '').split(',').filter((each) => each !== '');
  const [parallelism, order = 'stop-first'] = (row['update'] ?? '').split(':');
  const update = {
    parallelism: Number(parallelism),
    delayMs: 0,
    failureAction: 'pause' as const,
    monitorMs: 0,
    maxFailureRatio: 0,
    order: order as 'stop-first',
  };
  return {
    service: row['head'] as string,
    mode: 'replicated',
    replicas: Number(row['replicas'] ?? 1),
    dependsOn: needs.map((each) => {
      const [service = '', condition = 'started', flag] = each.split(':');
      return {
        service,
        condition: CONDITIONS[condition as keyof typeof CONDITIONS],
        ...(flag === 'optional' ? { required: false } : {}),
        ...(flag === 'restart' ? { restart: true } : {}),
      };
    }),
    ...(row['update'] === undefined ? {} : { update }),
    ...(row['name'] === undefined ? {} : { containerName: row['name'] }),
    container: containerOf(row, nameOf),
    pullPolicy: 'missing',
    attach: true,
    profiles: [],
  };
}

function containerOf(row: Row, nameOf: NameOf): ContainerSpec {
  const each = (key: string): string[] => (row[key] ?? '').split(',').filter((word) => word !== '');
  const nets = each('net').length === 0 ? ['default'] : each('net');
  const fixed = row['ip'] === undefined ? {} : { ipv4: row['ip'] };
  return {
    image: row['image'] ?? 'busybox',
    ...(row['env'] === undefined ? {} : { env: { A: row['env'] } }),
    networkMode:
      row['join'] === undefined
        ? { kind: 'networks', attachments: nets.map((key) => ({ network: nameOf('@', key), ...fixed })) }
        : { kind: 'service', service: row['join'] },
    ports: each('port').map((port) => {
      const [hostPort, containerPort] = port.split(':').map(Number);
      return { hostPort: hostPort as number, containerPort: containerPort as number, protocol: 'tcp' };
    }),
    mounts: [
      ...each('vol').map((vol) => {
        const [key, target = '/'] = vol.split(':');
        return { type: 'volume' as const, source: nameOf('%', key ?? ''), target };
      }),
      ...each('secret').map((key) => ({ type: 'secret' as const, source: nameOf('!', key), target: key })),
      ...each('config').map((key) => ({ type: 'config' as const, source: nameOf('!', key), target: key })),
    ],
    ...(row['restart'] === undefined
      ? {}
      : { restart: { condition: row['restart'] as 'always', delay: { kind: 'backoff' } } }),
  };
}
