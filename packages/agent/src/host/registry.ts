/** The containers of this host by name and id. */
import { join } from 'node:path';
import {
  type ContainerId,
  type ContainerOwner,
  type ContainerSpec,
  type Endpoint,
  fail,
  OrcError,
  resolveId,
  type TaskDesired,
} from '@orc/model';
import type { Running } from '@orc/runtime';
import type { LifeDeps } from './deps.ts';
import { createFolder, EMPTY_STATE, type Stored } from './folder.ts';
import { Life } from './life.ts';

export type MakeRequest = {
  readonly id: ContainerId;
  readonly name: string;
  readonly spec: ContainerSpec;
  readonly owner?: ContainerOwner;
  readonly endpoints?: readonly Endpoint[];
  readonly desired: TaskDesired;
};

export type Registry = {
  readonly lives: ReadonlyMap<ContainerId, Life>;
  isTaken(name: string): boolean;
  /** By name, id or unique prefix. Throws `notfound.container`, `id.ambiguous`. */
  find(reference: string): Life;
  /** Throws `conflict.state` too. */
  runningOf(reference: string): Running;
  add(life: Life): void;
  /** A container of a task, or of whoever gives no owner; on disk when it resolves. Throws `conflict.name`. */
  make(request: MakeRequest): Promise<Life>;
  forget(id: ContainerId): void;
};

export function openRegistry(deps: LifeDeps): Registry {
  const lives = new Map<ContainerId, Life>();
  const names = new Map<string, ContainerId>();
  const find = (reference: string): Life => findLife(lives, names, reference.replace(/^\//, ''));
  const add = (life: Life): void => {
    lives.set(life.id, life);
    names.set(life.stored.name, life.id);
  };
  return {
    lives,
    isTaken: (name) => names.has(name),
    find,
    runningOf(reference) {
      const life = find(reference);
      if (life.running !== undefined) return life.running;
      if (life.outOfReach !== undefined) throw new OrcError(life.outOfReach);
      throw fail('conflict.state', `container ${life.stored.name} is not running`, {
        hint: `start it with: orc container start ${life.stored.name}`,
      });
    },
    add,
    async make(request) {
      const { id, name, owner } = request;
      const holder = names.get(name);
      if (holder !== undefined && !sameSlot(lives.get(holder)?.stored.owner, owner))
        throw nameTaken(name, holder);
      names.set(name, id);
      const life = await makeLife(request, deps).catch((error: unknown) => {
        // It is whose it was: of the container that this one was to replace, if that is still there.
        if (holder !== undefined && lives.has(holder)) names.set(name, holder);
        else names.delete(name);
        throw error;
      });
      add(life);
      deps.event(life.stored, 'create', {});
      life.wake();
      return life;
    },
    forget(id) {
      const life = lives.get(id);
      lives.delete(id);
      if (life !== undefined && names.get(life.stored.name) === id) names.delete(life.stored.name);
    },
  };
}

function findLife(
  lives: ReadonlyMap<ContainerId, Life>,
  names: ReadonlyMap<string, ContainerId>,
  reference: string,
): Life {
  const named = names.get(reference);
  // Mostly it is whole: nobody looks at a thousand others then.
  const exact = lives.get(reference as ContainerId) ?? (named === undefined ? undefined : lives.get(named));
  if (exact !== undefined) return exact;
  const rows = [...lives.values()].map((life) => ({ id: life.id as string, name: life.stored.name, life }));
  const found = resolveId(rows, reference);
  if ('found' in found) return found.found.life;
  if ('ambiguous' in found)
    throw fail('id.ambiguous', `more than one container begins with ${reference}`, {
      hint: 'give more digits of the id',
    });
  throw fail('notfound.container', `no such container: ${reference}`, {
    hint: 'list them with: orc container ls -a',
  });
}

async function makeLife(request: MakeRequest, deps: LifeDeps): Promise<Life> {
  const { id, name, spec, owner, desired, endpoints = [] } = request;
  const about = { schema: 1 as const, id, name, createdAt: deps.clock.now(), spec };
  const stored: Stored = owner === undefined ? about : { ...about, owner };
  const folder = join(deps.root, 'containers', id);
  await createFolder(folder, stored);
  deps.failpoint('agent.create.written');
  return new Life(stored, folder, { ...EMPTY_STATE, desired, endpoints }, deps);
}

/** Two tasks of one slot share the name for a moment, while one replaces the other. */
const sameSlot = (a: ContainerOwner | undefined, b: ContainerOwner | undefined): boolean =>
  a !== undefined && a.project === b?.project && a.service === b.service && a.slot === b.slot;

const nameTaken = (name: string, by: ContainerId): OrcError =>
  fail('conflict.name', `the container name "${name}" is already in use by container ${by.slice(0, 12)}`, {
    hint: `remove it with: orc container rm ${name}, or choose another name`,
  });
