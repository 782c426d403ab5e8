/** Projects, networks and volumes behind the API: decided by `cluster`, committed by the replica. */
import type { Backend, PutResult } from '@orc/api';
import type { Agent } from '@orc/agent';
import {
  actProject,
  all,
  diffProject,
  downProject,
  named,
  planNetwork,
  type ProjectPlan,
  projectView,
  type State,
  where,
} from '@orc/cluster';
import {
  type ContainerOwner,
  type ContainerSpec,
  fail,
  type NetworkObj,
  OrcError,
  resolveId,
  type TaskObj,
  type VolumeObj,
  type VolumeSpec,
  newContainerId,
  type World,
} from '@orc/model';
import type { EventStream } from '@orc/telemetry';
import type { Replica } from '../replica.ts';
import type { TaskAction } from './containers.ts';

export type ProjectParts = {
  readonly replica: Replica;
  readonly agent: Agent;
  readonly events: EventStream;
  readonly world: World;
  readonly defaultNetwork: NetworkObj;
};
type Plan = (state: State, proposer: Parameters<Parameters<Replica['propose']>[1]>[1]) => ProjectPlan;

type Projects = Pick<Backend, 'listProjects' | 'getProject' | 'putProject' | 'removeProject' | 'actProject'>;
type Objects = Pick<
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

export function projectsBackend(parts: ProjectParts): Projects {
  const { replica } = parts;
  return {
    listProjects: async (every) =>
      all(replica.state(), 'project')
        .map((project) => summarize(replica.state(), project.name, project.spec.configFiles ?? []))
        .filter((row) => every || row.status.includes('running')),
    async getProject(name) {
      const view = projectView(replica.state(), name);
      if (view === undefined) throw noProject(name);
      return view;
    },
    putProject: (name, request) => {
      if (name !== request.project.name)
        throw fail('input.invalid', `the project is named ${request.project.name}, not ${name}`);
      const plan: Plan = (state, proposer) => diffProject(state, request, proposer);
      return request.options.dryRun === true
        ? Promise.resolve(dryRun(parts, plan))
        : commit(parts, 'up', plan);
    },
    removeProject: (name, options) =>
      commit(parts, 'down', (state, proposer) => downProject(state, name, options, proposer)),
    actProject: (name, action) =>
      commit(parts, action.kind, (state, proposer) => actProject(state, name, action, proposer)),
  };
}

const noProject = (name: string): OrcError =>
  fail('notfound.project', `no such project: ${name}`, { hint: 'list them with: orc ls -a' });

/** Problems of the plan are thrown, warnings are handed on. */
async function commit({ replica, events }: ProjectParts, by: string, plan: Plan): Promise<PutResult> {
  const eventIndex = events.lastIndex;
  const { index, result } = await replica.propose(by, (state, proposer) => {
    const made = plan(state, proposer);
    throwFirst(made);
    return { changes: made.changes, result: made };
  });
  return { revision: index, changes: result.lines, warnings: result.problems, eventIndex };
}

function dryRun({ replica, events, world }: ProjectParts, plan: Plan): PutResult {
  const made = plan(replica.state(), replica.proposer(world.clock.now()));
  throwFirst(made);
  return { revision: 0, changes: made.lines, warnings: made.problems, eventIndex: events.lastIndex };
}

function throwFirst(plan: ProjectPlan): void {
  const errors = plan.problems.filter((problem) => problem.severity !== 'warning');
  const [first, ...more] = errors;
  if (first === undefined) return;
  const message = [first.message, ...more.map((problem) => problem.message)].join('; ');
  throw new OrcError({ ...first, message });
}

/** `running(2), exited(1)`, as docker compose ls says it. */
function summarize(
  state: State,
  name: string,
  configFiles: readonly string[],
): { name: string; status: string; configFiles: readonly string[] } {
  const counts = new Map<string, number>();
  for (const task of where(state, 'task', 'project', name)) {
    const status =
      task.status.phase === 'running'
        ? 'running'
        : task.status.phase === 'exited' || task.status.phase === 'failed'
          ? 'exited'
          : 'created';
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return {
    name,
    status: [...counts]
      .sort()
      .map(([status, count]) => `${status}(${count})`)
      .join(', '),
    configFiles,
  };
}

/** Through the log, and seen through: resolves when the agent has done it. */
export async function actOnTask(
  { replica, events }: ProjectParts,
  owner: ContainerOwner,
  action: TaskAction,
): Promise<void> {
  const { project, service, slot } = owner;
  const kind = action.kind;
  const request =
    kind === 'rm'
      ? { kind, services: [service], slot, volumes: action.volumes, stop: action.force }
      : {
          kind,
          services: [service],
          slot,
          ...(action.timeoutMs === undefined ? {} : { timeoutMs: action.timeoutMs }),
          ...(action.signal === undefined ? {} : { signal: action.signal }),
        };
  const before = events.lastIndex;
  await replica.propose(kind, (state, proposer) => {
    const made = actProject(state, project, request, proposer);
    throwFirst(made);
    return { changes: made.changes, result: undefined };
  });
  const done = (): boolean => settled(replica.state(), owner, kind);
  if (done()) return;
  for await (const event of events.watch({ afterIndex: before })) {
    if (event.type === 'task' && done()) return;
  }
}

function settled(state: State, owner: ContainerOwner, kind: TaskAction['kind']): boolean {
  const task = state.tables.task.byId.get(owner.task) as TaskObj | undefined;
  if (task === undefined) return true;
  const { status, spec } = task;
  if (kind === 'rm') return false;
  if (kind === 'stop') return status.phase !== 'running';
  if (status.phase === 'failed' || status.phase === 'rejected')
    throw fail('start.failed', status.message ?? `${task.name} could not start`);
  return status.phase === 'running' && status.generation >= spec.desired.generation;
}

/** Networks that a container of this host names exist; volumes are made. */
export async function ensureObjects({ replica }: ProjectParts, spec: ContainerSpec): Promise<void> {
  for (const name of attachedNetworks(spec)) {
    if (name !== DEFAULT_NETWORK && named(replica.state(), 'network', name) === undefined)
      throw noNetwork(name);
  }
  for (const mount of spec.mounts ?? []) {
    if (
      mount.type === 'volume' &&
      mount.source !== undefined &&
      named(replica.state(), 'volume', mount.source) === undefined
    ) {
      await makeVolume(replica, mount.source, { driver: 'local' });
    }
  }
}

const DEFAULT_NETWORK = 'bridge';
const attachedNetworks = (spec: ContainerSpec): readonly string[] =>
  spec.networkMode?.kind === 'networks' ? spec.networkMode.attachments.map(({ network }) => network) : [];
const noNetwork = (reference: string): OrcError =>
  fail('notfound.network', `no such network: ${reference}`, { hint: 'list them with: orc network ls' });

async function makeVolume(replica: Replica, name: string, spec: VolumeSpec): Promise<VolumeObj> {
  const { result } = await replica.propose('volume create', (state, proposer) => {
    const found = named(state, 'volume', name);
    if (found !== undefined) return { changes: [], result: found };
    const object: VolumeObj = {
      kind: 'volume',
      id: proposer.ids.object(),
      name,
      specVersion: 1,
      statusVersion: 1,
      createdAt: proposer.now,
      spec,
      status: {},
    };
    return { changes: [{ op: 'put', object, expect: null }], result: object };
  });
  return result;
}

export function objectsBackend(parts: ProjectParts): Objects {
  const { replica, agent, world } = parts;
  const findNetwork = (reference: string): NetworkObj =>
    found(all(replica.state(), 'network'), reference, noNetwork);
  const findVolume = (reference: string): VolumeObj =>
    found(all(replica.state(), 'volume'), reference, (name) =>
      fail('notfound.volume', `no such volume: ${name}`, { hint: 'list them with: orc volume ls' }),
    );
  const placed = (volume: VolumeObj): VolumeObj & { mountpoint: string } => ({
    ...volume,
    mountpoint: agent.volumePath(volume.name),
  });
  return {
    listNetworks: async () => [parts.defaultNetwork, ...all(replica.state(), 'network')],
    async createNetwork(name, spec) {
      const { result } = await replica.propose('network create', (state, proposer) => {
        const made = planNetwork(state, name, spec, proposer);
        throwFirst(made);
        return { changes: made.changes, result: undefined };
      });
      void result;
      return findNetwork(name);
    },
    async getNetwork(reference) {
      const network = reference === DEFAULT_NETWORK ? parts.defaultNetwork : findNetwork(reference);
      const containers = agent.containers
        .list()
        .flatMap(({ id, name, endpoints }) =>
          endpoints
            .filter((endpoint) => endpoint.network === network.name)
            .map(({ ipv4, mac }) => ({ id, name, mac, ...(ipv4 === undefined ? {} : { ipv4 }) })),
        );
      return { ...network, containers };
    },
    async removeNetwork(reference) {
      const network = findNetwork(reference);
      const by = agent.users('network', network.name);
      if (by.length > 0)
        throw fail('conflict.inuse', `network ${network.name} is in use by ${by.join(', ')}`, {
          hint: 'remove these containers first',
        });
      await erase(replica, network);
    },
    listVolumes: async () => all(replica.state(), 'volume').map(placed),
    createVolume: async (name, spec) =>
      placed(await makeVolume(replica, name ?? newContainerId((count) => world.random.bytes(count)), spec)),
    getVolume: async (reference) => placed(findVolume(reference)),
    async removeVolume(reference, { force = false }) {
      if (force && named(replica.state(), 'volume', reference) === undefined) return;
      const volume = findVolume(reference);
      await agent.removeVolume(volume.name);
      await erase(replica, volume);
    },
  };
}

function found<T extends { readonly id: string; readonly name: string }>(
  rows: readonly T[],
  reference: string,
  missing: (reference: string) => OrcError,
): T {
  const result = resolveId(rows, reference);
  if ('found' in result) return result.found;
  if ('ambiguous' in result)
    throw fail('id.ambiguous', `more than one id begins with ${reference}`, {
      hint: 'give more digits of the id',
    });
  throw missing(reference);
}

async function erase(replica: Replica, object: NetworkObj | VolumeObj): Promise<void> {
  await replica.propose(`${object.kind} rm`, (state) => {
    const now = state.tables[object.kind].byId.get(object.id) as NetworkObj | VolumeObj | undefined;
    if (now === undefined) return { changes: [], result: undefined };
    const expect = { specVersion: now.specVersion, statusVersion: now.statusVersion };
    return { changes: [{ op: 'delete', kind: object.kind, id: object.id, expect }], result: undefined };
  });
}
