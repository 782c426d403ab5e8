/** Who lives in the network of whom (DECISIONS 7): a sandbox stays for as long as anybody runs in it. */
import type { ContainerId, NetworkMode } from '@orc/model';
import type { Stored } from './folder.ts';
import type { Life } from './life.ts';

type Joining = Extract<NetworkMode, { readonly kind: 'service' | 'container' }>;

export const joiningOf = ({ spec }: Stored): Joining | undefined =>
  spec.networkMode?.kind === 'service' || spec.networkMode?.kind === 'container'
    ? spec.networkMode
    : undefined;

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
  /** Somebody else runs in its sandbox. */
  isShared(life: Life): boolean;
  /** It may have been the last in the sandbox of another, which can go then. */
  changed(life: Life): void;
};

export function openSharing(
  lives: ReadonlyMap<ContainerId, Life>,
  find: (of: Stored, mode: Joining) => Life | undefined,
): Sharing {
  const host = (life: Life): Life | undefined => hostOf(life, ({ stored }) => stored, find);
  const mayRun = (life: Life): boolean => life.running !== undefined || life.outOfReach !== undefined;
  return {
    isShared(life) {
      for (const each of lives.values())
        if (each !== life && joiningOf(each.stored) !== undefined && mayRun(each) && host(each) === life)
          return true;
      return false;
    },
    changed(life) {
      if (joiningOf(life.stored) === undefined || mayRun(life)) return;
      const owner = host(life);
      if (owner !== undefined && owner.running === undefined) owner.wake();
    },
  };
}
