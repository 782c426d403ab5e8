/**
 * A `Backend` in memory, for tests of the door and of the command line: containers run until killed, except the
 * commands of `PROGRAMS`; everything is deterministic, the clock stands still unless `tick` is called.
 */
import type {
  Container,
  ContainerId,
  Digest,
  EventType,
  Exit,
  ImageSummary,
  NetworkObj,
  ObjectId,
  OrcEvent,
  ProjectService,
  ServiceObj,
  TaskObj,
  VolumeObj,
} from '@orc/model';
import { fail, resolveId } from '@orc/model';
import type {
  Backend,
  ContainerSummary,
  CreateContainer,
  Duplex,
  ExecState,
  PlannedChange,
  ProjectView,
  PutProject,
  PutResult,
  StreamChunk,
} from '../src/backend.ts';

export const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 5);
export const IMAGE_ID = `sha256:${'a1'.repeat(32)}` as Digest;

export type Memory = Backend & {
  readonly calls: string[];
  readonly containers: Map<string, Row>;
  /** Moves the clock. */
  tick(ms: number): void;
  exit(id: string, code: number): void;
};

export type Row = {
  container: Container;
  readonly output: StreamChunk[];
  readonly watchers: Set<() => void>;
  gone: boolean;
};

type State = {
  now: number;
  count: number;
  readonly rows: Map<string, Row>;
  readonly projects: Map<string, { view: ProjectView; readonly request: PutProject }>;
  readonly images: ImageSummary[];
  readonly networks: Map<string, NetworkObj>;
  readonly volumes: Map<string, VolumeObj & { mountpoint: string }>;
  readonly execs: Map<string, ExecState>;
  readonly events: OrcEvent[];
  readonly listeners: Set<() => void>;
  readonly calls: string[];
};

const text = (value: string): Uint8Array => Buffer.from(value);

/** What a program prints and how it ends; others run on. */
const PROGRAMS: Record<string, { readonly out?: string; readonly err?: string; readonly code: number }> = {
  true: { code: 0 },
  false: { code: 1 },
  hello: { out: 'hello\n', err: 'grumble\n', code: 0 },
  seven: { code: 7 },
};

export function createMemory(): Memory {
  const state: State = {
    now: EPOCH,
    count: 0,
    rows: new Map(),
    projects: new Map(),
    images: [imageRow('busybox:latest')],
    networks: new Map(),
    volumes: new Map(),
    execs: new Map(),
    events: [],
    listeners: new Set(),
    calls: [],
  };
  const backend: Backend = {
    ...systemOf(state),
    ...projectsOf(state),
    ...containersOf(state),
    ...streamsOf(state),
    ...imagesOf(state),
    ...netsOf(state),
  };
  const tick = (ms: number): void => {
    state.now += ms;
  };
  const exit = (id: string, code: number): void => end(state, rowOf(state, id), code);
  return { ...recorded(backend, state.calls), calls: state.calls, containers: state.rows, tick, exit };
}

function recorded(backend: Backend, calls: string[]): Backend {
  const entries = Object.entries(backend).map(([name, method]) => [
    name,
    (...args: unknown[]) => {
      calls.push(name);
      return (method as (...all: unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(entries) as Backend;
}

const imageRow = (tag: string): ImageSummary => ({
  id: IMAGE_ID,
  tags: [tag],
  digests: [],
  createdAt: EPOCH - 3 * 86_400_000,
  size: 4_260_000,
  architecture: 'amd64',
  os: 'linux',
});

const hex = (state: State): ContainerId => {
  state.count += 1;
  return `c${state.count.toString(16).padStart(11, '0')}`.padEnd(64, 'f') as ContainerId;
};
const objectId = (state: State): ObjectId => {
  state.count += 1;
  return `o${state.count.toString(36)}`.padEnd(25, '0') as ObjectId;
};

function publish(
  state: State,
  type: EventType,
  action: string,
  id: string,
  attributes: Record<string, string>,
): void {
  state.events.push({
    index: state.events.length + 1,
    time: state.now,
    type,
    action,
    actor: { id, attributes },
  });
  for (const wake of state.listeners) wake();
}

const systemOf = (state: State): Pick<Backend, 'version' | 'info' | 'events'> => ({
  version: async () => ({
    version: '0.1.0',
    apiVersion: 'v1',
    node: 'v24.21.0',
    os: 'linux',
    arch: 'x64',
    kernel: '6.18.0',
    pid: 42,
    startedAt: EPOCH,
  }),
  info: async () => ({
    version: '0.1.0',
    instance: 'orc',
    root: '/var/lib/orc',
    run: '/run/orc',
    hostname: 'host',
    kernel: '6.18.0',
    os: 'Debian GNU/Linux 12',
    architecture: 'x86_64',
    cpus: 2,
    memoryBytes: 4 * 2 ** 30,
    cgroup: 'hybrid',
    seccomp: true,
    missing: [],
    hostFirewall: [],
    containers: { total: state.rows.size, running: 0, stopped: state.rows.size },
    images: state.images.length,
    node: { id: 'n'.repeat(25) as ObjectId, name: 'host' },
    logIndex: 7,
    quarantined: [],
  }),
  events: async function* (query, signal) {
    let next = query.afterIndex ?? (query.sinceMs === undefined ? state.events.length : 0);
    for (;;) {
      for (; next < state.events.length; next += 1) {
        const event = state.events[next] as OrcEvent;
        if (matches(event, query.filters ?? {})) yield event;
      }
      if (signal.aborted || (query.untilMs !== undefined && query.untilMs <= state.now)) return;
      await nextWake(state.listeners, signal);
    }
  },
});

function matches(event: OrcEvent, filters: Readonly<Record<string, readonly string[]>>): boolean {
  const of: Record<string, string | undefined> = {
    type: event.type,
    event: event.action,
    project: event.actor.attributes['project'],
    service: event.actor.attributes['service'],
    container: event.actor.id,
  };
  return Object.entries(filters).every(([name, values]) => values.includes(of[name] ?? ''));
}

const nextWake = (wakes: Set<() => void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      wakes.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    wakes.add(wake);
    signal.addEventListener('abort', wake);
    if (signal.aborted) wake();
  });

// Containers

function rowOf(state: State, reference: string): Row {
  const all = [...state.rows.values()].map((row) => row.container);
  const found = resolveId(all, reference);
  if ('found' in found) return state.rows.get(found.found.id) as Row;
  if ('ambiguous' in found) throw fail('id.ambiguous', `${reference} is the prefix of several containers`);
  throw fail('notfound.container', `there is no container ${reference}`);
}

const attributesOf = (container: Container): Record<string, string> => ({
  name: container.name,
  image: container.spec.image,
  ...(container.owner === undefined
    ? {}
    : {
        project: container.owner.project,
        service: container.owner.service,
        slot: String(container.owner.slot),
      }),
  ...container.spec.labels,
});

function create(state: State, request: CreateContainer, owner?: Container['owner']): Row {
  const name = request.name ?? `calm_${state.rows.size + 1}`;
  if ([...state.rows.values()].some((row) => row.container.name === name))
    throw fail('conflict.name', `the name ${name} is taken by another container`, {
      hint: 'choose another --name',
    });
  if (!state.images.some((image) => image.tags.includes(withTag(request.spec.image))))
    throw fail('notfound.image', `there is no image ${request.spec.image}`, {
      hint: `orc image pull ${request.spec.image}`,
    });
  const container: Container = {
    id: hex(state),
    name,
    createdAt: state.now,
    spec: request.spec,
    imageId: IMAGE_ID,
    status: 'created',
    health: 'none',
    attempt: 0,
    restarts: 0,
    endpoints: [],
    ports: request.spec.ports ?? [],
    argv: [...(request.spec.entrypoint ?? []), ...(request.spec.command ?? ['sh'])],
    ...(owner === undefined ? {} : { owner }),
  };
  const row: Row = { container, output: [], watchers: new Set(), gone: false };
  state.rows.set(container.id, row);
  publish(state, 'container', 'create', container.id, attributesOf(container));
  return row;
}

export const withTag = (name: string): string => (/:[^/]+$/.test(name) ? name : `${name}:latest`);

function start(state: State, row: Row): void {
  const { argv, attempt } = row.container;
  if (argv[0] === 'nonesuch') throw fail('start.notfound', 'exec: "nonesuch": not found in PATH');
  row.container = {
    ...row.container,
    status: 'running',
    pid: 1000,
    startedAt: state.now,
    attempt: attempt + 1,
  };
  publish(state, 'container', 'start', row.container.id, attributesOf(row.container));
  const program = PROGRAMS[argv[0] ?? ''];
  if (program === undefined) return;
  if (program.out !== undefined) row.output.push({ stream: 'stdout', data: text(program.out) });
  if (program.err !== undefined) row.output.push({ stream: 'stderr', data: text(program.err) });
  setImmediate(() => end(state, row, program.code));
}

function end(state: State, row: Row, code: number, signal?: string): void {
  if (row.container.status !== 'running') return;
  const exit: Exit = { code, oomKilled: false, at: state.now, reason: 'exit', ...(signal ? { signal } : {}) };
  row.container = { ...row.container, status: 'exited', exit };
  const attributes = { ...attributesOf(row.container), exitCode: String(code) };
  publish(state, 'container', 'die', row.container.id, attributes);
  if (row.container.spec.autoRemove) destroy(state, row);
  for (const wake of row.watchers) wake();
}

function destroy(state: State, row: Row): void {
  row.gone = true;
  state.rows.delete(row.container.id);
  publish(state, 'container', 'destroy', row.container.id, attributesOf(row.container));
  for (const wake of row.watchers) wake();
}

const summary = (row: Row): ContainerSummary => {
  const { container } = row;
  const { id, name, imageId, createdAt, status, health, restarts, ports } = container;
  return {
    id,
    name,
    imageId,
    createdAt,
    status,
    health,
    restarts,
    ports,
    image: container.spec.image,
    command: container.argv.join(' '),
    exposed: container.spec.expose ?? [],
    labels: container.spec.labels ?? {},
    networks: {},
    mounts: [],
    ...(container.startedAt === undefined ? {} : { startedAt: container.startedAt }),
    ...(container.exit === undefined ? {} : { exit: container.exit }),
    ...(container.owner === undefined
      ? {}
      : { project: container.owner.project, service: container.owner.service, slot: container.owner.slot }),
  };
};

type ContainerMethods = Pick<
  Backend,
  | 'listContainers'
  | 'createContainer'
  | 'getContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'restartContainer'
  | 'killContainer'
  | 'removeContainer'
  | 'waitContainer'
>;
const containersOf = (state: State): ContainerMethods => ({
  listContainers: async ({ all, filters = {} }) =>
    [...state.rows.values()]
      .map(summary)
      .filter((row) => all || row.status === 'running')
      .filter((row) => (filters['project'] ?? [row.project ?? '']).includes(row.project ?? ''))
      .filter((row) => (filters['status'] ?? [row.status as string]).includes(row.status))
      .filter((row) => (filters['name'] ?? [row.name]).some((name) => row.name.includes(name as string))),
  createContainer: async (request) => ({ id: create(state, request).container.id, warnings: [] }),
  getContainer: async (reference) => rowOf(state, reference).container,
  startContainer: async (reference) => start(state, rowOf(state, reference)),
  stopContainer: async (reference) => end(state, rowOf(state, reference), 143, 'SIGTERM'),
  restartContainer: async (reference) => {
    const row = rowOf(state, reference);
    end(state, row, 143, 'SIGTERM');
    start(state, row);
  },
  killContainer: async (reference, signal) => {
    const row = rowOf(state, reference);
    if (row.container.status !== 'running')
      throw fail('conflict.state', `the container ${row.container.name} is not running`);
    end(state, row, signal === 'SIGKILL' ? 137 : 143, signal);
  },
  removeContainer: async (reference, { force }) => {
    const row = rowOf(state, reference);
    if (row.container.status === 'running' && !force)
      throw fail('conflict.state', `the container ${row.container.name} is running`, {
        hint: 'stop it, or use -f',
      });
    if (row.container.status === 'running') end(state, row, 137, 'SIGKILL');
    destroy(state, row);
  },
  waitContainer: async (reference, condition, signal) => {
    const row = rowOf(state, reference);
    const { attempt } = row.container;
    const ended = (): boolean =>
      condition === 'removed'
        ? row.gone
        : condition === 'not-running'
          ? row.container.status !== 'running'
          : row.container.exit !== undefined &&
            row.container.attempt > 0 &&
            row.container.status === 'exited';
    if (condition === 'next-exit' && attempt > 0 && ended()) await nextWake(row.watchers, signal);
    while (!ended() && !signal.aborted) await nextWake(row.watchers, signal);
    return row.container.exit ?? { code: 0, oomKilled: false, at: state.now, reason: 'never started' };
  },
});

// Streams

type StreamMethods = Pick<
  Backend,
  | 'containerLogs'
  | 'attachContainer'
  | 'resizeContainer'
  | 'createExec'
  | 'startExec'
  | 'getExec'
  | 'resizeExec'
>;
const streamsOf = (state: State): StreamMethods => ({
  containerLogs: async function* (reference, query, signal) {
    const row = rowOf(state, reference);
    const stamp = query.timestamps ? `${new Date(EPOCH).toISOString().slice(0, -1)}000000Z ` : '';
    let next = query.tail === undefined ? 0 : Math.max(0, row.output.length - query.tail);
    for (;;) {
      for (; next < row.output.length; next += 1) {
        const chunk = row.output[next] as StreamChunk;
        yield { stream: chunk.stream, data: text(`${stamp}${Buffer.from(chunk.data)}`) };
      }
      if (!query.follow || signal.aborted || row.container.status !== 'running') return;
      await nextWake(row.watchers, signal);
    }
  },
  attachContainer: async (reference) => {
    const row = rowOf(state, reference);
    return echo(row.container.argv[0] === 'cat', () => end(state, row, 0), row);
  },
  resizeContainer: async (reference) => void rowOf(state, reference),
  createExec: async (reference, config) => {
    const id = `e${state.execs.size}`.padEnd(64, '0');
    state.execs.set(id, { id, container: rowOf(state, reference).container.id, running: false, config });
    return { id };
  },
  startExec: async (id) => {
    const exec = state.execs.get(id) as ExecState;
    const program = PROGRAMS[exec.config.argv[0] ?? ''];
    const finish = (): void => {
      state.execs.set(id, { ...exec, running: false, exitCode: program?.code ?? 0 });
    };
    if (exec.config.argv[0] === 'nonesuch')
      throw fail('start.notfound', 'exec: "nonesuch": not found in PATH');
    if (program === undefined) return echo(true, finish);
    finish();
    return said([
      ...(program.out === undefined ? [] : [{ stream: 'stdout' as const, data: text(program.out) }]),
      ...(program.err === undefined ? [] : [{ stream: 'stderr' as const, data: text(program.err) }]),
    ]);
  },
  getExec: async (id) => {
    const exec = state.execs.get(id);
    if (exec === undefined) throw fail('notfound.exec', `there is no exec ${id}`);
    return exec;
  },
  resizeExec: async () => undefined,
});

function said(chunks: readonly StreamChunk[]): Duplex {
  async function* output(): AsyncGenerator<StreamChunk> {
    yield* chunks;
  }
  return {
    output: output(),
    write: async () => undefined,
    closeStdin: () => undefined,
    close: () => undefined,
  };
}

/** Gives back what it is given, until the end of input; with a row, that container's output until it ends. */
function echo(cat: boolean, finish: () => void, row?: Row): Duplex {
  const queue: StreamChunk[] = [];
  const wakes = row?.watchers ?? new Set<() => void>();
  let closed = false;
  const wake = (): void => [...wakes].forEach((each) => each());
  async function* output(): AsyncGenerator<StreamChunk> {
    let seen = 0;
    for (;;) {
      for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) yield chunk;
      for (; row !== undefined && seen < row.output.length; seen += 1) yield row.output[seen] as StreamChunk;
      if (closed || row?.gone || (row !== undefined && row.container.exit !== undefined)) return;
      await nextWake(wakes, new AbortController().signal);
    }
  }
  const closeStdin = (): void => {
    if (!cat) return;
    closed = true;
    finish();
    wake();
  };
  return {
    output: output(),
    write: async (data) => {
      if (cat) queue.push({ stream: 'stdout', data: Buffer.from(data) });
      wake();
    },
    closeStdin,
    close: () => {
      closed = true;
      wake();
    },
  };
}

// Projects

type ProjectMethods = Pick<
  Backend,
  'listProjects' | 'getProject' | 'putProject' | 'removeProject' | 'actProject'
>;
const projectsOf = (state: State): ProjectMethods => ({
  listProjects: async () =>
    [...state.projects].map(([name, { request }]) => {
      const rows = rowsOf(state, name);
      const running = rows.filter((row) => row.container.status === 'running').length;
      const exited = rows.length - running;
      const status = [running && `running(${running})`, exited && `exited(${exited})`].filter(Boolean);
      return { name, status: status.join(', '), configFiles: request.project.configFiles };
    }),
  getProject: async (name) => viewOf(state, name),
  putProject: async (name, request) => put(state, name, request),
  removeProject: async (name, options) => {
    const found = state.projects.get(name);
    const eventIndex = state.events.length;
    const changes: PlannedChange[] = [];
    for (const row of rowsOf(state, name)) {
      end(state, row, 143, 'SIGTERM');
      destroy(state, row);
      changes.push({ kind: 'task', name: row.container.name, action: 'remove' });
    }
    for (const network of found?.request.project.networks ?? []) {
      publish(state, 'network', 'remove', network.name, { name: network.name });
      changes.push({ kind: 'network', name: network.name, action: 'remove' });
    }
    for (const volume of options.volumes ? (found?.request.project.volumes ?? []) : [])
      changes.push({ kind: 'volume', name: volume.name, action: 'remove' });
    state.projects.delete(name);
    publish(state, 'project', 'remove', name, { name, project: name });
    return { revision: 9, changes, warnings: [], eventIndex };
  },
  actProject: async (name, action) => {
    viewOf(state, name);
    const eventIndex = state.events.length;
    const rows = rowsOf(state, name).filter(
      (row) => action.services?.includes(row.container.owner?.service ?? '') ?? true,
    );
    for (const row of rows) {
      if (action.kind === 'start' && row.container.status !== 'running') begin(state, row);
      if (action.kind === 'stop') end(state, row, 143, 'SIGTERM');
      if (action.kind === 'kill') end(state, row, 137, action.signal ?? 'SIGKILL');
      if (action.kind === 'restart') {
        end(state, row, 143, 'SIGTERM');
        begin(state, row);
      }
      if (action.kind === 'rm' && row.container.status !== 'running') destroy(state, row);
    }
    const change = action.kind === 'kill' ? 'stop' : action.kind === 'rm' ? 'remove' : action.kind;
    const changes = rows.map(
      (row): PlannedChange => ({
        kind: 'task',
        name: row.container.name,
        action: change === 'scale' ? 'create' : change,
      }),
    );
    return { revision: 5, changes, warnings: [], eventIndex };
  },
});

const rowsOf = (state: State, project: string): Row[] =>
  [...state.rows.values()].filter((row) => row.container.owner?.project === project);

function begin(state: State, row: Row): void {
  start(state, row);
  const { owner, name, id } = row.container;
  const { project = '', service = '', slot = 0 } = owner ?? {};
  const attributes = { project, service, slot: String(slot), name, phase: 'running', health: 'none' };
  publish(state, 'task', 'phase', id, attributes);
}

function put(state: State, name: string, request: PutProject): PutResult {
  const { project, options } = request;
  const eventIndex = state.events.length;
  const had = new Set(rowsOf(state, name).map((row) => row.container.name));
  const wanted = project.services.flatMap((service) => slotsOf(project.name, service, options.scale));
  const changes: PlannedChange[] = [
    ...(state.projects.has(name)
      ? []
      : project.networks.map(
          (each): PlannedChange => ({ kind: 'network', name: each.name, action: 'create' }),
        )),
    ...wanted.map(
      (each): PlannedChange => ({
        kind: 'task',
        name: each.name,
        action: had.has(each.name) ? 'keep' : 'create',
      }),
    ),
  ];
  if (options.dryRun) return { revision: 0, changes, warnings: [], eventIndex };
  if (!state.projects.has(name)) {
    for (const network of project.networks)
      publish(state, 'network', 'create', network.name, { name: network.name, project: name });
  }
  state.projects.set(name, { request, view: viewFrom(state, request) });
  for (const each of wanted.filter((one) => !had.has(one.name))) {
    const owner = { task: objectId(state), project: name, service: each.service.service, slot: each.slot };
    const row = create(state, { name: each.name, spec: each.service.container }, owner);
    if (options.desired === 'run') setImmediate(() => begin(state, row));
  }
  return { revision: 3, changes, warnings: [], eventIndex };
}

const slotsOf = (
  project: string,
  service: ProjectService,
  scale: Readonly<Record<string, number>> = {},
): { readonly name: string; readonly service: ProjectService; readonly slot: number }[] =>
  Array.from({ length: scale[service.service] ?? service.replicas }, (_, index) => ({
    name: service.containerName ?? `${project}-${service.service}-${index + 1}`,
    service,
    slot: index + 1,
  }));

const object = <K extends string, S, T>(state: State, kind: K, name: string, spec: S, status: T) => ({
  kind,
  id: objectId(state),
  name,
  specVersion: 1,
  statusVersion: 1,
  createdAt: state.now,
  spec,
  status,
});

function viewFrom(state: State, { project, options }: PutProject): ProjectView {
  const { name, workingDir, configFiles } = project;
  const services = project.services.map((each) => serviceObj(state, name, each, options.scale));
  return {
    project: object(state, 'project', name, { workingDir, configFiles }, {}),
    services,
    tasks: [],
    networks: project.networks.map((each) =>
      object(state, 'network', each.name, each.spec, { subnets: [], index: 1, blocks: [] }),
    ),
    volumes: project.volumes.map((each) => object(state, 'volume', each.name, each.spec, {})),
  };
}

const serviceObj = (
  state: State,
  project: string,
  each: ProjectService,
  scale: Readonly<Record<string, number>> = {},
): ServiceObj =>
  object(
    state,
    'service' as const,
    `${project}_${each.service}`,
    {
      project,
      service: each.service,
      mode: each.mode,
      replicas: scale[each.service] ?? each.replicas,
      dependsOn: each.dependsOn,
      template: each.container,
      hash: 'h',
      desired: 'run' as const,
      generation: 1,
      restartGeneration: 0,
    },
    {},
  );

function viewOf(state: State, name: string): ProjectView {
  const found = state.projects.get(name);
  if (found === undefined) throw fail('notfound.project', `there is no project ${name}`);
  const tasks = rowsOf(state, name).map((row): TaskObj => {
    const { owner, id, status, health, exit } = row.container;
    const { task, service, slot } = owner as NonNullable<Container['owner']>;
    const serviceId = found.view.services.find((each) => each.spec.service === service)?.id ?? task;
    const desired = { state: 'run' as const, generation: 1 };
    const phase = status === 'running' ? 'running' : status === 'exited' ? 'exited' : 'ready';
    const spec = {
      project: name,
      service,
      serviceId,
      slot,
      hash: 'h',
      revision: 1,
      node: null,
      containerId: id,
      endpoints: [],
      desired,
    };
    const state_ = {
      attempt: 1,
      phase,
      health,
      generation: 1,
      ...(exit === undefined ? {} : { exit }),
    } as const;
    return { ...object(state, 'task' as const, row.container.name, spec, state_), id: task };
  });
  return { ...found.view, tasks };
}

// Images, networks, volumes

type ImageMethods = Pick<
  Backend,
  | 'listImages'
  | 'inspectImage'
  | 'pullImage'
  | 'bootstrapImage'
  | 'loadImage'
  | 'saveImages'
  | 'importImage'
  | 'tagImage'
  | 'removeImage'
  | 'openContext'
  | 'fillContext'
  | 'build'
>;
const imagesOf = (state: State): ImageMethods => ({
  listImages: async () => state.images,
  inspectImage: async (reference) => {
    const found = state.images.find(
      (image) => image.tags.includes(withTag(reference)) || image.id === reference,
    );
    if (found === undefined) throw fail('notfound.image', `there is no image ${reference}`);
    return { Id: found.id, Config: { Cmd: ['sh'] }, RepoTags: found.tags };
  },
  pullImage: async function* (reference) {
    if (reference.includes('nonesuch')) throw fail('image.pull', `${reference} is not in its registry`);
    yield { status: `Pulling from ${reference}` };
    yield { id: '0123456789ab', status: 'Downloading', current: 10, total: 20 };
    yield { id: '0123456789ab', status: 'Pull complete' };
    state.images.push(imageRow(withTag(reference)));
    yield { status: 'done', result: { id: IMAGE_ID } };
  },
  bootstrapImage: async function* (reference) {
    yield { status: 'Bootstrapping', output: 'I: Retrieving\n' };
    state.images.push(imageRow(reference));
    yield { status: 'done', result: { id: IMAGE_ID } };
  },
  loadImage: async function* (archive) {
    let size = 0;
    for await (const part of archive) size += part.length;
    yield { status: `Loading ${size} bytes` };
    yield { status: 'done', result: { loaded: ['loaded:latest'] } };
  },
  saveImages: async function* (references) {
    yield text(`tar of ${references.join(', ')}`);
    if (references.includes('broken')) throw fail('disk.damaged', 'a blob of broken is damaged');
  },
  importImage: async (archive, options) => {
    for await (const _ of archive);
    state.images.push(imageRow(options.reference ?? '<none>'));
    return { id: IMAGE_ID };
  },
  tagImage: async (_reference, target) => void state.images.push(imageRow(withTag(target))),
  removeImage: async (reference) => {
    const at = state.images.findIndex((image) => image.tags.includes(withTag(reference)));
    if (at === -1) throw fail('notfound.image', `there is no image ${reference}`);
    state.images.splice(at, 1);
    return [{ untagged: withTag(reference) }, { deleted: IMAGE_ID }];
  },
  openContext: async (_key, files) => ({
    context: 'ctx',
    needed: files.flatMap((file, index) => (file.type === 'file' ? [index] : [])),
  }),
  fillContext: async (_context, contents) => {
    for await (const _ of contents);
  },
  build: async function* (_context, options) {
    yield { id: '1/2', status: 'FROM busybox' };
    yield { id: '2/2', status: 'RUN make', output: 'making\n' };
    if (options.dockerfile.includes('RUN false'))
      throw fail('build.failed', 'RUN false ended with 1', {
        where: { file: options.dockerfileName, line: 2 },
      });
    for (const tag of options.tags) state.images.push(imageRow(withTag(tag)));
    yield { status: 'done', result: { id: IMAGE_ID } };
  },
});

type NetMethods = Pick<
  Backend,
  | 'listNetworks'
  | 'createNetwork'
  | 'getNetwork'
  | 'removeNetwork'
  | 'listVolumes'
  | 'createVolume'
  | 'getVolume'
  | 'removeVolume'
>;
function netsOf(state: State): NetMethods {
  const one = <T>(map: Map<string, T>, kind: 'network' | 'volume', name: string): T => {
    const found = map.get(name);
    if (found === undefined) throw fail(`notfound.${kind}`, `there is no ${kind} ${name}`);
    return found;
  };
  return {
    listNetworks: async () => [...state.networks.values()],
    createNetwork: async (name, spec) => {
      if (state.networks.has(name)) throw fail('conflict.name', `the network ${name} exists already`);
      const made = object(state, 'network' as const, name, spec, { subnets: [], index: 1, blocks: [] });
      state.networks.set(name, made);
      return made;
    },
    getNetwork: async (name) => ({ ...one(state.networks, 'network', name), containers: [] }),
    removeNetwork: async (name) => {
      one(state.networks, 'network', name);
      state.networks.delete(name);
    },
    listVolumes: async () => [...state.volumes.values()],
    createVolume: async (name = 'anonymous', spec) => {
      const made = {
        ...object(state, 'volume' as const, name, spec, {}),
        mountpoint: `/var/lib/orc/volumes/${name}`,
      };
      state.volumes.set(name, made);
      return made;
    },
    getVolume: async (name) => one(state.volumes, 'volume', name),
    removeVolume: async (name) => {
      one(state.volumes, 'volume', name);
      state.volumes.delete(name);
    },
  };
}
