/** Who lives in the namespaces of whom (DECISIONS 7): a sandbox stays for as long as anybody runs in it. */
import type { Clock, ContainerId, ContainerSpec, NetworkMode } from '@orc/model';
import type { Running } from '@orc/runtime';
import { LIMITS } from '../limits.ts';
import type { Stored } from './folder.ts';
import type { Life } from './life.ts';

type Joining = Extract<NetworkMode, { readonly kind: 'service' | 'container' }>;

export const joiningOf = ({ spec }: Stored): Joining | undefined =>
  spec.networkMode?.kind === 'service' || spec.networkMode?.kind === 'container'
    ? spec.networkMode
    : undefined;

const joiningsOf = ({ networkMode, pidMode, ipcMode, utsMode }: ContainerSpec): readonly Joining[] =>
  [networkMode, pidMode, ipcMode, utsMode].filter(
    (mode): mode is Joining => mode?.kind === 'service' || mode?.kind === 'container',
  );

type Find = (of: Stored, mode: Joining) => Life | undefined;

/**
 * Whether one of those that ran when a start began has ended since: then the start came to nothing by that. Its end may be
 * told a moment after the kernel has taken its namespaces away.
 */
export async function hasEnded(
  before: readonly (Running | undefined)[],
  now: () => readonly (Running | undefined)[],
  clock: Clock,
): Promise<boolean> {
  const ends = before.flatMap((each) => each?.exited ?? []);
  if (ends.length > 0) await Promise.race([...ends, clock.sleep(LIMITS.holderEndMs)]);
  return now().some((each, at) => each !== before[at]);
}

/** Whose sandbox a container is in: its own, or that of whom it joins, who may join another. */
export function hostOf<T>(
  of: T,
  storedOf: (each: T) => Stored,
  find: (of: Stored, mode: Joining) => T | undefined,
): T | undefined {
  const met = new Set<T>();
  let at: T | undefined = of;
  while (at !== undefined && !met.has(at)) {
    met.add(at);
    const mode = joiningOf(storedOf(at));
    if (mode === undefined) return at;
    at = find(storedOf(at), mode);
  }
  return undefined;
}

export type Sharing = {
  holders(of: Life): readonly Life[];
  /** Somebody else runs in its sandbox. */
  isShared(life: Life): boolean;
  /** It may have been the last in the sandbox of another, which can go then; or others waited for it. */
  changed(life: Life): void;
};

export function openSharing(lives: ReadonlyMap<ContainerId, Life>, find: Find): Sharing {
  const holders = ({ stored }: Life): readonly Life[] =>
    joiningsOf(stored.spec).flatMap((mode) => find(stored, mode) ?? []);
  const host = (life: Life): Life | undefined => hostOf(life, ({ stored }) => stored, find);
  const mayRun = (life: Life): boolean => life.running !== undefined || life.outOfReach !== undefined;
  return {
    holders,
    isShared(life) {
      for (const each of lives.values())
        if (each !== life && joiningOf(each.stored) !== undefined && mayRun(each) && host(each) === life)
          return true;
      return false;
    },
    changed(life) {
      for (const each of lives.values()) if (each.waitsForHolder && holders(each).includes(life)) each.wake();
      if (joiningOf(life.stored) === undefined || mayRun(life)) return;
      const owner = host(life);
      if (owner !== undefined && owner.running === undefined) owner.wake();
    },
  };
}
