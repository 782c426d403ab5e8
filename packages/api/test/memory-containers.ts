/** Containers of the backend in memory, and their streams. */
import type { Container, Exit } from '@orc/model';
import { fail, resolveId } from '@orc/model';
import type {
  Backend,
  ContainerSummary,
  CreateContainer,
  Duplex,
  ExecState,
  StreamChunk,
} from '../src/backend.ts';
import { EPOCH, IMAGE_ID, type Row, type State, text, PROGRAMS, hex, publish } from './memory-state.ts';
import { nextWake } from './memory-system.ts';

// Containers

export function rowOf(state: State, reference: string): Row {
  const all = [...state.rows.values()].map((row) => row.container);
  const found = resolveId(all, reference);
  if ('found' in found) return state.rows.get(found.found.id) as Row;
  if ('ambiguous' in found) throw fail('id.ambiguous', `${reference} is the prefix of several containers`);
  throw fail('notfound.container', `there is no container ${reference}`);
}

export const attributesOf = (container: Container): Record<string, string> => ({
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

export function create(state: State, request: CreateContainer, owner?: Container['owner']): Row {
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

export function start(state: State, row: Row): void {
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

export function end(state: State, row: Row, code: number, signal?: string): void {
  if (row.container.status !== 'running') return;
  const exit: Exit = { code, oomKilled: false, at: state.now, reason: 'exit', ...(signal ? { signal } : {}) };
  row.container = { ...row.container, status: 'exited', exit };
  const attributes = { ...attributesOf(row.container), exitCode: String(code) };
  publish(state, 'container', 'die', row.container.id, attributes);
  if (row.container.spec.autoRemove) destroy(state, row);
  for (const wake of row.watchers) wake();
}

export function destroy(state: State, row: Row): void {
  row.gone = true;
  state.rows.delete(row.container.id);
  publish(state, 'container', 'destroy', row.container.id, attributesOf(row.container));
  for (const wake of row.watchers) wake();
}

export const summary = (row: Row): ContainerSummary => {
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

export type ContainerMethods = Pick<
  Backend,
  | 'listContainers'
  | 'createContainer'
  | 'getContainer'
  | 'containerSize'
  | 'startContainer'
  | 'stopContainer'
  | 'restartContainer'
  | 'killContainer'
  | 'removeContainer'
  | 'waitContainer'
>;
export const containersOf = (state: State): ContainerMethods => ({
  listContainers: async ({ all, filters = {} }) =>
    [...state.rows.values()]
      .map(summary)
      .filter((row) => all || row.status === 'running')
      .filter((row) => (filters['project'] ?? [row.project ?? '']).includes(row.project ?? ''))
      .filter((row) => (filters['service'] ?? [row.service ?? '']).includes(row.service ?? ''))
      .filter((row) => (filters['status'] ?? [row.status as string]).includes(row.status))
      .filter((row) => (filters['name'] ?? [row.name]).some((name) => row.name.includes(name as string))),
  createContainer: async (request) => ({ id: create(state, request).container.id, warnings: [] }),
  getContainer: async (reference) => rowOf(state, reference).container,
  containerSize: async (reference) => {
    rowOf(state, reference);
    return { writtenBytes: 2_345, totalBytes: 4_200_000 };
  },
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

export type StreamMethods = Pick<
  Backend,
  | 'containerLogs'
  | 'attachContainer'
  | 'resizeContainer'
  | 'createExec'
  | 'startExec'
  | 'getExec'
  | 'resizeExec'
>;
export const streamsOf = (state: State): StreamMethods => ({
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

export function said(chunks: readonly StreamChunk[]): Duplex {
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
export function echo(cat: boolean, finish: () => void, row?: Row): Duplex {
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
