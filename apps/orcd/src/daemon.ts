/** Builds the World and wires the rooms; no logic of its own. */
import { chmod, mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { type Agent, openAgent } from '@orc/agent';
import { type Backend, type Places, serve } from '@orc/api';
import { named, project, takeReport } from '@orc/cluster';
import { type ImageStore, openImageStore } from '@orc/image';
import type { AssignedFile, Emit, SecretObj, World } from '@orc/model';
import { foreignRoutes, type NetworkHost, openNetwork } from '@orc/network';
import { openRuntime, type Runtime } from '@orc/runtime';
import { type EventStream, openEvents } from '@orc/telemetry';
import { containersBackend } from './backend/containers.ts';
import { imagesBackend } from './backend/images.ts';
import { predefinedNetworks } from './backend/predefined.ts';
import { ensureObjects, growBlocks, guestsOf, objectsBackend, projectsBackend } from './backend/projects.ts';
import { systemBackend } from './backend/system.ts';
import { actOnTask } from './backend/task-actions.ts';
import { publishChanges } from './changes.ts';
import type { Config } from './config.ts';
import { removeOwnFiles } from './own-files.ts';
import { poolsOf } from './pools.ts';
import { hostRoutes } from './routes.ts';
import { openReplica, type Replica } from './replica.ts';
import { openSealing, type Sealing } from './sealing.ts';
import { removeVolumeData } from './volume-data.ts';

export type Daemon = {
  readonly recovered: Agent['recovered'];
  /** Lets go; containers live on. */
  close(): Promise<void>;
  /** Ends every container of the instance and removes all that it has on this host, its data included. */
  purge(): Promise<void>;
};

const PRIVATE = 0o700;
/** The socket is reached through it by the group; nothing else in it is readable. */
const RUN_MODE = 0o711;

/** One that cannot start leaves no process behind. */
export async function openDaemon(places: Places, config: Config, world: World): Promise<Daemon> {
  const { root, run, instance } = places;
  await makeFolders(places);
  const opening = openRuntime({ root, run, instance, ...world });
  try {
    return await openAround(opening, places, config, world);
  } catch (error) {
    await opening.then((runtime) => runtime.abandon()).catch(() => {});
    throw error;
  }
}

async function openAround(
  opening: Promise<Runtime>,
  places: Places,
  config: Config,
  world: World,
): Promise<Daemon> {
  const rooms = await openRooms(opening, places, config, world);
  const { replica, agent, network, images, runtime } = rooms;
  const server = await serve(backendOf(places, rooms, world), {
    socketPath: places.socket,
    group: 'orc',
    emit: world.emit,
  });
  const close = async (): Promise<void> => {
    await server.close();
    await agent.close();
    await replica.close();
    await network.close();
    await images.close();
    await runtime.close();
  };
  return {
    recovered: agent.recovered,
    close,
    async purge() {
      await removeAll(agent, replica);
      await network.shutdown();
      await runtime.shutdown();
      await close();
      await removeOwnFiles(places);
    },
  };
}

async function makeFolders({ root, run }: Places): Promise<void> {
  await mkdir(root, { recursive: true, mode: PRIVATE });
  // It may have been there, open to all: layers hold setuid programs (DECISIONS 36).
  await chmod(root, PRIVATE);
  await mkdir(run, { recursive: true, mode: RUN_MODE });
}

type Rooms = {
  readonly events: EventStream;
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly network: NetworkHost;
  readonly replica: Replica;
  readonly agent: Agent;
};

/** In this order: what a later one adopts, the earlier ones hold. */
async function openRooms(
  opening: Promise<Runtime>,
  { root, run, instance }: Places,
  config: Config,
  world: World,
): Promise<Rooms> {
  const { clock } = world;
  const events = openEvents(clock, clock.now() * 1000);
  const chosen = config.addressPools ?? poolsOf(instance);
  const pools = chosen === undefined ? {} : { pools: chosen };
  const [runtime, images] = await Promise.all([opening, openImageStore({ root, ...world })]);
  /** What is opened after the replica, which makes no pass before all of it is here. */
  const here: { agent?: Agent; network?: NetworkHost } = {};
  const local = (): readonly string[] =>
    (here.network?.defaultNetwork.status.subnets ?? []).map(({ subnet }) => subnet);
  const options = {
    ...pools,
    guests: (name: string): readonly string[] =>
      here.agent === undefined || here.network === undefined
        ? []
        : guestsOf({ agent: here.agent, holders: here.network.holders })(name),
    /** Read at each pass: other instances make networks at any time. */
    get avoid() {
      return [...local(), ...hostRoutes()];
    },
    host: () => ({ local: local(), routes: foreignRoutes(instance) }),
  };
  const sealed = sealings(root);
  const replica = await openReplica(root, world, sealed.open, options);
  const noHostFirewall = config.noHostFirewall === undefined ? {} : { noHostFirewall: config.noHostFirewall };
  const network = await openNetwork({
    root,
    run,
    instance,
    node: replica.node.id,
    kernel: runtime.kernel,
    ...world,
    ...pools,
    ...noHostFirewall,
  });
  here.network = network;
  const agent = await openAgent({
    root,
    run,
    node: replica.node.id,
    runtime,
    images,
    network,
    events,
    ...world,
    cores: cpus().length,
    grow: async (network) => {
      await growBlocks(replica, network);
      assign();
    },
    file: (kind, name) => fileOf(replica, kind, name, sealed.opened()),
    report: async (report) => {
      await replica.propose('report', (state) => ({ changes: takeReport(state, report), result: undefined }));
    },
  });
  replica.onApplied((before, after) => publishChanges(events, before, after));
  // Both before the first assignment: tasks take leases, and volumes by their names.
  await removeVolumeData({ replica, agent, world });
  await images.collect(new Set(agent.containers.list().map(({ id }) => id)));
  const assign = assignOnChange(replica, agent, sealed.opened(), world.emit);
  here.agent = agent;
  replica.begin();
  return { events, runtime, images, network, replica, agent };
}

const unsealing =
  (sealing: Sealing) =>
  ({ id, specVersion, spec }: SecretObj): string =>
    sealing.open(`${id}/${specVersion}`, spec.data);

function fileOf(
  replica: Replica,
  kind: 'secret' | 'config',
  name: string,
  sealing: Sealing,
): AssignedFile | undefined {
  const found = named(replica.state(), kind, name);
  if (found === undefined) return undefined;
  const data = found.kind === 'secret' ? unsealing(sealing)(found) : found.spec.data;
  return { id: found.id, name, data };
}

/** The replica says whether there may be a new key; the assignment needs what it opened. */
function sealings(root: string): { open(isNew: boolean): Sealing; opened(): Sealing } {
  let sealing: Sealing | undefined;
  return {
    open(isNew) {
      sealing = openSealing(root, isNew);
      return sealing;
    },
    opened: () => sealing as Sealing,
  };
}

function backendOf(places: Places, rooms: Rooms, world: World): Backend {
  const { replica, agent, images, events, network } = rooms;
  const predefined = predefinedNetworks(replica.node, network.defaultNetwork);
  const parts = { replica, agent, images, events, world, holders: network.holders, predefined };
  return {
    ...systemBackend({ places, ...rooms, clock: world.clock }),
    ...projectsBackend(parts),
    ...objectsBackend(parts),
    ...imagesBackend(images, agent, events),
    ...containersBackend({
      agent,
      images,
      events,
      actOnTask: (owner, action, signal) => actOnTask(parts, owner, action, signal),
      ensure: (spec) => ensureObjects(parts, spec),
    }),
  };
}

/** What cannot be ended here ends with its cgroup, afterwards. */
async function removeAll(agent: Agent, replica: Replica): Promise<void> {
  const empty = { tasks: [], networks: [], volumes: [], secrets: [], configs: [], names: [] };
  agent.assign({ node: replica.node.id, revision: Number.MAX_SAFE_INTEGER, ...empty });
  const gone = agent.containers
    .list()
    .map(({ id }) => agent.containers.remove(id, { force: true, volumes: true }));
  await Promise.allSettled(gone);
}

/** The newest assignment, once for all entries that were applied in one turn of the loop. */
function assignOnChange(replica: Replica, agent: Agent, sealing: Sealing, emit: Emit): () => void {
  const open = unsealing(sealing);
  /** One that does not open fails the tasks that want it, nothing else (DECISIONS 16). */
  const unseal = (secret: SecretObj): string | undefined => {
    try {
      return open(secret);
    } catch (error) {
      emit('error', 'a secret does not open', { secret: secret.name, error: String(error) });
      return undefined;
    }
  };
  let armed = false;
  const assign = (): void => {
    armed = false;
    agent.assign(project(replica.state(), replica.node.id, unseal));
  };
  replica.onApplied(() => {
    if (armed) return;
    armed = true;
    setImmediate(assign);
  });
  assign();
  return assign;
}
