/** Projects of the backend in memory. */
import type {
  Container,
  Goal,
  Missing,
  ProjectService,
  ServiceObj,
  ServiceVerdict,
  TaskObj,
  TaskState,
  TaskVerdict,
} from '@orc/model';
import { fail, GOALS } from '@orc/model';
import type { Backend, PlannedChange, ProjectView, PutProject, PutResult } from '../src/backend.ts';
import { type Row, type State, objectId, publish } from './memory-state.ts';
import { create, start, end, destroy } from './memory-containers.ts';

// Projects

export type ProjectMethods = Pick<
  Backend,
  'listProjects' | 'getProject' | 'putProject' | 'removeProject' | 'actProject'
>;
export const projectsOf = (state: State): ProjectMethods => ({
  listProjects: async () =>
    [...state.projects].map(([name, { request }]) => {
      const rows = rowsOf(state, name);
      const running = rows.filter((row) => row.container.status === 'running').length;
      const exited = rows.length - running;
      const status = [exited && `exited(${exited})`, running && `running(${running})`].filter(Boolean);
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

export const rowsOf = (state: State, project: string): Row[] =>
  [...state.rows.values()].filter((row) => row.container.owner?.project === project);

export function begin(state: State, row: Row): void {
  start(state, row);
  const { owner, name, id } = row.container;
  const { project = '', service = '', slot = 0 } = owner ?? {};
  const attributes = { project, service, slot: String(slot), name, phase: 'running', health: 'none' };
  publish(state, 'task', 'phase', id, attributes);
}

export function put(state: State, name: string, request: PutProject): PutResult {
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

export const slotsOf = (
  project: string,
  service: ProjectService,
  scale: Readonly<Record<string, number>> = {},
): { readonly name: string; readonly service: ProjectService; readonly slot: number }[] =>
  Array.from({ length: scale[service.service] ?? service.replicas }, (_, index) => ({
    name: service.containerName ?? `${project}-${service.service}-${index + 1}`,
    service,
    slot: index + 1,
  }));

export const object = <K extends string, S, T>(state: State, kind: K, name: string, spec: S, status: T) => ({
  kind,
  id: objectId(state),
  name,
  specVersion: 1,
  statusVersion: 1,
  createdAt: state.now,
  spec,
  status,
});

export function viewFrom(state: State, { project, options }: PutProject): ProjectView {
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
    verdicts: [],
  };
}

export const serviceObj = (
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
    },
    {},
  );

export function viewOf(state: State, name: string): ProjectView {
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
      generation: 1,
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
  const verdicts = found.view.services.map((each) => verdictOf(each, tasks));
  return { ...found.view, tasks, verdicts };
}

/** As the daemon judges, for the few states that containers have here. */
function verdictOf({ spec, id }: ServiceObj, all: readonly TaskObj[]): ServiceVerdict {
  const tasks = all
    .filter((task) => task.spec.serviceId === id)
    .map((task): TaskVerdict => {
      const state = stateOf(task);
      return { task: task.id, container: task.name, current: true, state, missing: missingOf(state) };
    });
  const enough = (goal: Goal): boolean =>
    tasks.filter(({ missing }) => missing[goal] === undefined).length >= spec.replicas;
  const missing = Object.fromEntries(GOALS.flatMap((goal) => (enough(goal) ? [] : [[goal, COMING]])));
  return { service: spec.service, wanted: spec.replicas, awaited: false, tasks, missing };
}

const COMING = { standing: 'coming' } as const;

function stateOf({ status }: TaskObj): TaskState {
  if (status.phase === 'running') return { state: 'running', health: status.health };
  if (status.phase === 'exited') return { state: 'exited', code: status.exit?.code ?? 0 };
  return { state: 'created' };
}

function missingOf(state: TaskState): Missing {
  if (state.state === 'created') return { started: COMING, healthy: COMING };
  return state.state === 'running' && state.health === 'starting' ? { healthy: COMING } : {};
}
