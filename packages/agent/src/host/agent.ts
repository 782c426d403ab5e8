/** One node: wires containers, tasks, health and recovery around the host rooms. */
import { join } from 'node:path';
import { type Assignment, fail, turns } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { isAnonymousOf } from '../plan/mounts.ts';
import type { Agent, AgentOptions } from '../types.ts';
import { openRunStep } from './build.ts';
import { openContainers } from './containers.ts';
import type { LifeDeps } from './deps.ts';
import type { Stored } from './folder.ts';
import type { Life } from './life.ts';
import { recover } from './recover.ts';
import { openRegistry, type Registry } from './registry.ts';
import { retainLogs } from './retention.ts';
import { openSharing } from './sharing.ts';
import { openTasks, type Tasks } from './tasks.ts';
import { openTrash } from './trash.ts';
import { openVolumes } from './volumes.ts';

/** Adopts what runs before it resolves. */
export async function openAgent(options: AgentOptions): Promise<Agent> {
  const volumes = await openVolumes(options);
  const trash = await openTrash(options);
  const closing = new AbortController();
  let tasks: Tasks | undefined;
  const changed = (life: Life): void => {
    if (life.removed) registry.forget(life.id);
    tasks?.changed(life);
    sharing.changed(life);
  };
  const deps: LifeDeps = {
    ...options,
    volumes,
    trash,
    starts: turns(LIMITS.startsPerCore * options.cores),
    probes: turns(LIMITS.probesPerCore * options.cores),
    jitter: () => options.random.number(),
    file: (kind, name) => tasks?.file(kind, name) ?? options.file(kind, name),
    find: (of, mode) => find(registry, of, mode),
    holders: (of) => sharing.holders(of),
    isShared: (life) => sharing.isShared(life),
    networksReady: () => tasks?.networksReady() ?? Promise.resolve(undefined),
    removeVolume: async (of, name) => {
      const others = [...registry.lives.values()].some((life) => life !== of && usesVolume(life, name));
      if (!others) await volumes.remove(name);
    },
    grow: async (network) => {
      await options.grow(network);
      await tasks?.networksReady();
    },
    closing: closing.signal,
    event: (stored, action, attributes) => publish(options, stored, action, attributes),
    changed,
  };
  const registry: Registry = openRegistry(deps);
  const sharing = openSharing(registry.lives, (of, mode) => findIfThere(registry, of, mode));
  const recovered = await recover(options, deps, registry);
  tasks = openTasks({
    ...options,
    registry,
    networks: async (assignment: Assignment) => {
      // What can be named is, whatever else could not be made.
      await options.network
        .networks(assignment.networks)
        .finally(() => options.network.names(assignment.names));
    },
  });
  for (const life of registry.lives.values()) tasks.changed(life);
  void retainLogs({ ...options, closing: closing.signal, isThere: (id) => registry.lives.has(id) });
  return {
    assign: (assignment) => tasks?.assign(assignment),
    containers: openContainers(deps, registry, options.random),
    runStep: openRunStep(options),
    recovered,
    users: (kind, name) => users(registry, kind, name),
    upperFolder: (reference) => join(registry.find(reference).folder, 'upper'),
    volumePath: (name) => volumes.pathOf(name),
    volumes: () => volumes.list(),
    async removeVolume(name) {
      mustBeFree(registry, name);
      await volumes.remove(name);
    },
    async close() {
      closing.abort();
      tasks?.close();
      await trash.emptied();
    },
  };
}

function mustBeFree(registry: Registry, volume: string): void {
  const by = users(registry, 'volume', volume);
  if (by.length > 0)
    throw fail('conflict.inuse', `volume ${volume} is in use by ${by.join(', ')}`, {
      hint: 'remove these containers first',
    });
}

function find(registry: Registry, of: Stored, mode: Parameters<LifeDeps['find']>[1]): Life | undefined {
  const { owner } = of;
  if (mode.kind === 'container') return registry.find(mode.container);
  return [...registry.lives.values()].find(({ stored: { owner: other } }) => {
    if (owner === undefined || other === undefined || other.oneOff === true) return false;
    return (
      other.project === owner.project &&
      other.service === mode.service &&
      (owner.oneOff === true || other.slot === owner.slot)
    );
  });
}

function findIfThere(
  registry: Registry,
  ...asked: [Stored, Parameters<LifeDeps['find']>[1]]
): Life | undefined {
  try {
    return find(registry, ...asked);
  } catch {
    return undefined;
  }
}

/** docker's attributes: name, image and labels; and whose container it is. */
function publish(
  { events }: AgentOptions,
  stored: Stored,
  action: string,
  attributes: Readonly<Record<string, string>>,
): void {
  const { owner } = stored;
  const whose =
    owner === undefined ? {} : { project: owner.project, service: owner.service, slot: String(owner.slot) };
  events.publish('container', action, stored.id, {
    ...stored.spec.labels,
    image: stored.spec.image,
    name: stored.name,
    ...whose,
    ...attributes,
  });
}

const usesVolume = ({ stored, state }: Life, name: string): boolean =>
  (stored.spec.mounts ?? []).some((mount) => mount.type === 'volume' && mount.source === name) ||
  Object.values(state.volumes).includes(name) ||
  isAnonymousOf(stored, name);

function users(registry: Registry, kind: 'network' | 'volume' | 'image', name: string): readonly string[] {
  const uses: Record<typeof kind, (life: Life) => boolean> = {
    network: ({ stored }) =>
      stored.spec.networkMode?.kind === 'networks' &&
      stored.spec.networkMode.attachments.some(({ network }) => network === name),
    volume: (life) => usesVolume(life, name),
    image: ({ state }) => state.imageId === name,
  };
  return [...registry.lives.values()].filter(uses[kind]).map(({ stored }) => stored.name);
}
