/** The containers of this host by name and id, and what the engine's commands do to them. */
import {
  type Container,
  type ContainerId,
  type ContainerOwner,
  type ContainerSpec,
  type Endpoint,
  type Exit,
  fail,
  newContainerId,
  OrcError,
  type Random,
  resolveId,
  type TaskDesired,
} from '@orc/model';
import { readLog } from '@orc/telemetry';
import { join } from 'node:path';
import { LIMITS } from '../limits.ts';
import { CONTAINER_NAME, randomName } from '../plan/names.ts';
import type { Containers } from '../types.ts';
import type { LifeDeps } from './deps.ts';
import { openExecs } from './execs.ts';
import { createFolder, EMPTY_STATE, type Stored } from './folder.ts';
import { Life } from './life.ts';
import { logFolder } from './start.ts';

export type Registry = Containers & {
  readonly lives: ReadonlyMap<ContainerId, Life>;
  add(life: Life): void;
  /** A container of a task, or of whoever gives no owner. */
  make(request: {
    readonly id: ContainerId;
    readonly name: string;
    readonly spec: ContainerSpec;
    readonly owner?: ContainerOwner;
    readonly endpoints?: readonly Endpoint[];
    readonly volumes?: Readonly<Record<string, string>>;
    readonly desired: TaskDesired;
  }): Promise<Life>;
  forget(id: ContainerId): void;
};

const INITIAL_GENERATION = 0;

export function openContainers(deps: LifeDeps, random: Random): Registry {
  const lives = new Map<ContainerId, Life>();
  const names = new Map<string, ContainerId>();
  const execs = openExecs(random);

  const find = (reference: string): Life => {
    const found = resolveId(
      [...lives.values()].map((life) => ({ id: life.id as string, name: life.stored.name, life })),
      reference.replace(/^\//, ''),
    );
    if ('found' in found) return found.found.life;
    if ('ambiguous' in found)
      throw fail('id.ambiguous', `more than one container begins with ${reference}`, {
        hint: 'give more digits of the id',
      });
    throw fail('notfound.container', `no such container: ${reference}`, {
      hint: 'list them with: orc container ls -a',
    });
  };
  const runningOf = (reference: string): NonNullable<Life['running']> => {
    const life = find(reference);
    if (life.running !== undefined) return life.running;
    throw fail('conflict.state', `container ${life.stored.name} is not running`, {
      hint: `start it with: orc container start ${life.stored.name}`,
    });
  };
  const add = (life: Life): void => {
    lives.set(life.id, life);
    names.set(life.stored.name, life.id);
  };
  const forget = (id: ContainerId): void => {
    const life = lives.get(id);
    lives.delete(id);
    if (life !== undefined && names.get(life.stored.name) === id) names.delete(life.stored.name);
  };
  const make: Registry['make'] = async (request) => {
    const { id, name, spec, owner, desired } = request;
    const holder = names.get(name);
    if (holder !== undefined && !sameSlot(lives.get(holder)?.stored.owner, owner))
      throw nameTaken(name, holder);
    names.set(name, id);
    const stored: Stored = {
      schema: 1,
      id,
      name,
      createdAt: deps.clock.now(),
      spec,
      ...(owner === undefined ? {} : { owner }),
    };
    const folder = join(deps.root, 'containers', id);
    try {
      await createFolder(folder, stored);
      deps.failpoint('agent.create.written');
    } catch (error) {
      names.delete(name);
      throw error;
    }
    const state = {
      ...EMPTY_STATE,
      desired,
      endpoints: request.endpoints ?? [],
      volumes: request.volumes ?? {},
    };
    const life = new Life(stored, folder, state, deps);
    add(life);
    deps.event(stored, 'create', {});
    life.wake();
    return life;
  };

  return {
    lives,
    add,
    make,
    forget,
    list: () => [...lives.values()].map((life) => life.record()),
    get: (reference) => find(reference).record(),
    create: (request) => create(request, make, names, random),
    start: async (reference) => start(find(reference)),
    stop: async (reference, options = {}) => stop(find(reference), options),
    restart: async (reference, options = {}) => {
      const life = find(reference);
      await stop(life, options);
      await start(life);
    },
    kill: async (reference, signal) => {
      await runningOf(reference).signal(signal);
      deps.event(find(reference).stored, 'kill', { signal });
    },
    remove: async (reference, options = {}) => remove(find(reference), options),
    wait: (reference, condition, signal) => wait(find(reference), condition, signal),
    attach: async (reference, options) => {
      const life = find(reference);
      const early =
        life.running === undefined && life.record().status === 'created' && !life.awaitsAttachment;
      return early ? life.attachEarly(options) : runningOf(reference).attach(options);
    },
    resize: async (reference, columns, rows) => runningOf(reference).resize(columns, rows),
    logs: (reference, query) => {
      const life = find(reference);
      if (life.stored.spec.logging?.driver === 'none') {
        throw fail('conflict.state', `container ${life.stored.name} keeps no logs`, {
          hint: 'its logging driver is none',
        });
      }
      const ended = life.until(() => life.running === undefined && life.record().status !== 'restarting');
      return readLog(logFolder(life.stored, life.folder, deps.root), query, ended);
    },
    stats: async (reference) => runningOf(reference).stats(),
    createExec: (reference, request) => execs.create(runningOf(reference), request),
    getExec: (id) => execs.get(id),
  };
}

/** Two tasks of one slot share the name for a moment, while one replaces the other. */
const sameSlot = (a: ContainerOwner | undefined, b: ContainerOwner | undefined): boolean =>
  a !== undefined && a.project === b?.project && a.service === b.service && a.slot === b.slot;

const nameTaken = (name: string, by: ContainerId): OrcError =>
  fail('conflict.name', `the container name "${name}" is already in use by container ${by.slice(0, 12)}`, {
    hint: `remove it with: orc container rm ${name}, or choose another name`,
  });

async function create(
  request: { readonly name?: string; readonly spec: ContainerSpec },
  make: Registry['make'],
  names: ReadonlyMap<string, ContainerId>,
  random: Random,
): Promise<Container> {
  const name = request.name ?? freeName(names, random);
  if (!CONTAINER_NAME.test(name)) {
    throw fail('input.invalid', `invalid container name "${name}"`, {
      hint: 'use two or more of letters, digits, _ . and -, a letter or digit first',
    });
  }
  const id = newContainerId((count) => random.bytes(count));
  const life = await make({
    id,
    name,
    spec: request.spec,
    desired: { state: 'ready', generation: INITIAL_GENERATION },
  });
  await life.until(() => life.image !== undefined || life.problem !== undefined);
  if (life.image !== undefined) return life.record();
  const problem = life.problem;
  life.desire({ state: 'remove', generation: INITIAL_GENERATION });
  await life.until(() => life.removed);
  throw new OrcError(problem as NonNullable<typeof problem>);
}

function freeName(names: ReadonlyMap<string, ContainerId>, random: Random): string {
  for (let attempt = 0; attempt < LIMITS.nameAttempts; attempt += 1) {
    const name = randomName(() => random.number(), attempt);
    if (!names.has(name)) return name;
  }
  throw fail('internal', 'found no free name for a container', { hint: 'give one with --name' });
}

async function start(life: Life): Promise<void> {
  if (life.running !== undefined) return;
  const generation = life.state.desired.generation + 1;
  life.desire({ state: 'run', generation });
  await life.until(
    () => life.removed || life.problem !== undefined || life.state.actedGeneration >= generation,
  );
  if (life.problem !== undefined && life.state.actedGeneration < generation) throw new OrcError(life.problem);
}

async function stop(
  life: Life,
  options: { readonly graceMs?: number; readonly signal?: string },
): Promise<void> {
  life.desire({ state: 'stop', generation: life.state.desired.generation }, options);
  await life.until(() => life.removed || (life.running === undefined && life.idle));
}

async function remove(
  life: Life,
  options: { readonly force?: boolean; readonly volumes?: boolean },
): Promise<void> {
  if (life.running !== undefined && options.force !== true) {
    throw fail('conflict.state', `container ${life.stored.name} is running: stop it before removing it`, {
      hint: 'or remove it with --force',
    });
  }
  const desired: TaskDesired = {
    state: 'remove',
    generation: life.state.desired.generation,
    removeVolumes: options.volumes === true,
  };
  life.desire(options.force === true ? { ...desired, kill: 'SIGKILL' } : desired);
  await life.until(() => life.removed);
}

async function wait(
  life: Life,
  condition: 'not-running' | 'next-exit' | 'removed',
  signal: AbortSignal,
): Promise<Exit> {
  const before = life.record().exit;
  const over = {
    'not-running': () => life.running === undefined && life.record().status !== 'restarting',
    'next-exit': () => life.removed || (life.running === undefined && life.record().exit !== before),
    removed: () => life.removed,
  }[condition];
  await life.until(over, signal);
  return (
    life.record().exit ?? { code: 0, oomKilled: false, at: life.stored.createdAt, reason: 'never started' }
  );
}
