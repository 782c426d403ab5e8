/** Projects, networks and volumes behind the API: decided by `cluster`, committed by the replica. */
import { createHash } from 'node:crypto';
import type { Backend, ProjectAction, PutResult } from '@orc/api';
import { type Agent, isAnonymousOf } from '@orc/agent';
import {
  actProject,
  all,
  createNetwork,
  createVolume,
  diffProject,
  downProject,
  foresee,
  grantBlock,
  named,
  type ProjectPlan,
  projectFiles,
  projectNames,
  projectStatus,
  projectView,
  removeObject,
  type State,
} from '@orc/cluster';
import {
  ANONYMOUS_VOLUME_LABEL,
  type ContainerSpec,
  fail,
  type NetworkObj,
  OrcError,
  resolveId,
  type VolumeObj,
  type VolumeSpec,
  newContainerId,
  newObjectId,
  type World,
} from '@orc/model';
import type { ImageStore } from '@orc/image';
import type { NetworkHost } from '@orc/network';
import { signalNumber } from '@orc/runtime';
import type { EventStream } from '@orc/telemetry';
import type { Replica } from '../replica.ts';

export type ProjectParts = {
  readonly replica: Replica;
  readonly agent: Agent;
  readonly images: Pick<ImageStore, 'contentBytes'>;
  readonly events: EventStream;
  readonly world: World;
  /** Who has an address of a network on this host. */
  readonly holders: NetworkHost['holders'];
  /** Of the host, not of the state: see predefined.ts. */
  readonly predefined: readonly NetworkObj[];
};
type Plan = (state: State, proposer: Parameters<Parameters<Replica['propose']>[1]>[1]) => ProjectPlan;

type Projects = Pick<Backend, 'listProjects' | 'getProject' | 'putProject' | 'removeProject' | 'actProject'>;
type Networks = Pick<Backend, 'listNetworks' | 'createNetwork' | 'getNetwork' | 'removeNetwork'>;
type Volumes = Pick<Backend, 'listVolumes' | 'createVolume' | 'getVolume' | 'volumeSize' | 'removeVolume'>;

export function projectsBackend(parts: ProjectParts): Projects {
  const { replica } = parts;
  return {
    listProjects: async (every) =>
      projectNames(replica.state())
        .map((name) => ({
          name,
          status: projectStatus(replica.state(), name),
          configFiles: projectFiles(replica.state(), name),
        }))
        .filter((row) => every || row.status.includes('running')),
    async getProject(name) {
      const view = projectView(replica.state(), name);
      if (view === undefined) throw noProject(name);
      return view;
    },
    putProject: (name, request) => {
      if (name !== request.project.name)
        throw fail('input.invalid', `the project is named ${request.project.name}, not ${name}`);
      const plan: Plan = (state, proposer) => diffProject(state, request, proposer, guestsOf(parts));
      return request.options.dryRun === true
        ? Promise.resolve(dryRun(parts, name, plan))
        : commit(parts, 'up', plan);
    },
    removeProject: (name, options) =>
      commit(parts, 'down', (state, proposer) =>
        downProject(state, name, options, proposer, guestsOf(parts)),
      ),
    // Looked at before anything is done with it: nobody may be there to refuse a wrong signal.
    actProject: async (name, action) =>
      action.kind === 'kill' && signalNumber(action.signal ?? 'SIGKILL') !== SIGKILL
        ? signalProject(parts, name, action)
        : commit(parts, action.kind, (state, proposer) => actProject(state, name, action, proposer)),
  };
}

/** Containers of this host's own that have an address of a network, by name. */
export const guestsOf =
  ({ agent, holders }: Pick<ProjectParts, 'agent' | 'holders'>) =>
  (network: string): readonly string[] => {
    const on = new Set(holders(network));
    return agent.containers
      .list()
      .filter(({ id, owner }) => on.has(id) && (owner === undefined || owner.oneOff === true))
      .map(({ name }) => name);
  };

const SIGKILL = 9;

/** Another signal need not end a program: what is wanted of its container stays as it is. */
async function signalProject(
  { replica, agent, events }: ProjectParts,
  name: string,
  { services, signal = 'SIGTERM' }: ProjectAction,
): Promise<PutResult> {
  if (named(replica.state(), 'project', name) === undefined) throw noProject(name);
  const eventIndex = events.lastIndex;
  const reached = agent.containers.list().filter(({ owner, status }) => {
    if (owner?.project !== name || owner.oneOff === true || status !== 'running') return false;
    return services === undefined || services.length === 0 || services.includes(owner.service);
  });
  const outcomes = await Promise.allSettled(reached.map(({ id }) => agent.containers.kill(id, signal)));
  for (const each of outcomes) if (each.status === 'rejected' && !hasGone(each.reason)) throw each.reason;
  const changes = reached.map((each) => ({ kind: 'task', name: each.name, action: 'keep' }) as const);
  return { revision: replica.state().index, changes, warnings: [], eventIndex };
}

/** It ended, or was removed, before the signal came. */
const hasGone = (error: unknown): boolean =>
  error instanceof OrcError && ['conflict.state', 'notfound.container'].includes(error.problem.code);

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

function dryRun({ replica, events, world }: ProjectParts, project: string, plan: Plan): PutResult {
  const proposer = replica.proposer(world.clock.now());
  const state = replica.state();
  const made = plan(state, proposer);
  throwFirst(made);
  const changes = foresee(state, project, made, proposer, replica.options);
  return { revision: 0, changes, warnings: made.problems, eventIndex: events.lastIndex };
}

function throwFirst(plan: ProjectPlan): void {
  const errors = plan.problems.filter((problem) => problem.severity !== 'warning');
  const [first, ...more] = errors;
  if (first === undefined) return;
  throw new OrcError(more.length === 0 ? first : { ...first, others: more });
}

/** Networks that a container of this host names exist; volumes are made. */
export async function ensureObjects({ replica }: ProjectParts, spec: ContainerSpec): Promise<void> {
  for (const name of attachedNetworks(spec)) {
    if (name === DEFAULT_NETWORK) continue;
    if (named(replica.state(), 'network', name) === undefined) throw noNetwork(name);
    await grant(replica, name);
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

/** Plans, commits, and throws what forbids it. */
export async function decide(replica: Replica, by: string, plan: Plan): Promise<void> {
  await replica.propose(by, (state, proposer) => {
    const made = plan(state, proposer);
    throwFirst(made);
    return { changes: made.changes, result: undefined };
  });
}

async function makeVolume(replica: Replica, name: string, spec: VolumeSpec): Promise<VolumeObj> {
  const there = named(replica.state(), 'volume', name);
  if (there !== undefined && Object.keys(spec.options ?? {}).length === 0) return there;
  await decide(replica, 'volume create', (state, proposer) => createVolume(state, name, spec, proposer));
  return named(replica.state(), 'volume', name) as VolumeObj;
}

/** A node's own containers take addresses of a state network out of blocks that it was granted (DECISIONS 26). */
async function grant(replica: Replica, network: string): Promise<void> {
  const held = named(replica.state(), 'network', network)?.status.blocks ?? [];
  if (!held.some((block) => block.node === replica.node.id)) await growBlocks(replica, network);
}

const growing = new WeakMap<Replica, Map<string, Promise<unknown>>>();

/** A further block; those who ask while one is on its way wait for that one. */
export async function growBlocks(replica: Replica, network: string): Promise<void> {
  const underWay = growing.get(replica) ?? new Map<string, Promise<unknown>>();
  growing.set(replica, underWay);
  const known = underWay.get(network);
  const one = known ?? grantOne(replica, network).finally(() => underWay.delete(network));
  underWay.set(network, one);
  await one;
}

const grantOne = (replica: Replica, network: string): Promise<unknown> =>
  replica.propose('grant', (state) => {
    const { changes, problem } = grantBlock(state, network, replica.node.id, replica.options);
    if (problem !== undefined) throw new OrcError(problem);
    return { changes, result: undefined };
  });

export const objectsBackend = (parts: ProjectParts): Networks & Volumes => ({
  ...networksBackend(parts),
  ...volumesBackend(parts),
});

function networksBackend(parts: ProjectParts): Networks {
  const { replica, agent } = parts;
  const networks = (): NetworkObj[] => [...parts.predefined, ...all(replica.state(), 'network')];
  const findNetwork = (reference: string): NetworkObj => found(networks(), reference, noNetwork);
  const isPredefined = (name: string): boolean => parts.predefined.some((each) => each.name === name);
  return {
    listNetworks: async () => networks(),
    async createNetwork(name, spec) {
      if (isPredefined(name)) throw fail('conflict.name', `network ${name} exists already`);
      await decide(replica, 'network create', (state, proposer) =>
        createNetwork(state, name, spec, proposer),
      );
      return findNetwork(name);
    },
    async getNetwork(reference) {
      const network = findNetwork(reference);
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
      if (isPredefined(network.name)) throw predefinedStays(network.name);
      const by = agent.users('network', network.name);
      if (by.length > 0) throw inUse('network', network.name, by);
      await decide(replica, 'network rm', (state, proposer) =>
        removeObject(state, 'network', network.id, proposer),
      );
    },
  };
}

function volumesBackend({ replica, agent, images, world }: ProjectParts): Volumes {
  const listVolumes = async (): Promise<readonly VolumeObj[]> => {
    const objects = all(replica.state(), 'volume');
    const known = new Set(objects.map(({ name }) => name));
    const rest = (await agent.volumes()).filter(({ name }) => !known.has(name));
    return [...objects, ...rest.map((each) => anonymousVolume(each, replica.node.id))];
  };
  const findVolume = async (reference: string): Promise<VolumeObj> =>
    found(await listVolumes(), reference, (name) =>
      fail('notfound.volume', `no such volume: ${name}`, { hint: 'list them with: orc volume ls' }),
    );
  const placed = (volume: VolumeObj): VolumeObj & { mountpoint: string } => ({
    ...volume,
    mountpoint: agent.volumePath(volume.name),
  });
  return {
    listVolumes: async () => (await listVolumes()).map(placed),
    async createVolume(name, spec) {
      if (name !== undefined) return placed(await makeVolume(replica, name, spec));
      const labels = { ...spec.labels, [ANONYMOUS_VOLUME_LABEL]: '' };
      const made = newContainerId((count) => world.random.bytes(count));
      return placed(await makeVolume(replica, made, { ...spec, labels }));
    },
    getVolume: async (reference) => placed(await findVolume(reference)),
    volumeSize: async (reference) => ({
      bytes: await images.contentBytes(agent.volumePath((await findVolume(reference)).name)),
    }),
    async removeVolume(reference, { force = false }) {
      if (force && !(await listVolumes()).some(({ name }) => name === reference)) return;
      const volume = await findVolume(reference);
      const by = [...agent.users('volume', volume.name), ...expectedBy(replica.state(), volume.name)];
      if (by.length > 0) throw inUse('volume', volume.name, [...new Set(by)]);
      if (named(replica.state(), 'volume', volume.name) !== undefined)
        await decide(replica, 'volume rm', (state, proposer) =>
          removeObject(state, 'volume', volume.id, proposer),
        );
      await agent.removeVolume(volume.name);
    },
  };
}

/** Of a container or a slot, made by its start: the log does not know it. Its id follows from its name. */
function anonymousVolume(
  { name, createdAt }: { readonly name: string; readonly createdAt: number },
  node: NonNullable<VolumeObj['status']['node']>,
): VolumeObj {
  const id = newObjectId((count) => createHash('sha256').update(name).digest().subarray(0, count));
  const spec: VolumeSpec = { driver: 'local', labels: { [ANONYMOUS_VOLUME_LABEL]: '' } };
  return { kind: 'volume', id, name, specVersion: 1, statusVersion: 1, createdAt, spec, status: { node } };
}

/** Tasks that are to take it over from the container before them, which may be gone already. */
const expectedBy = (state: State, volume: string): readonly string[] =>
  all(state, 'task')
    .filter(
      ({ spec }) =>
        spec.desired.state !== 'remove' && isAnonymousOf({ id: spec.containerId, owner: spec }, volume),
    )
    .map(({ name }) => name);

const predefinedStays = (name: string): OrcError =>
  fail('conflict.state', `${name} is a pre-defined network and cannot be removed`, {
    hint: 'it is there as long as the daemon is',
  });

const inUse = (kind: string, name: string, by: readonly string[]): OrcError =>
  fail('conflict.inuse', `${kind} ${name} is in use by ${by.join(', ')}`, {
    hint: 'remove these containers first',
  });

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
