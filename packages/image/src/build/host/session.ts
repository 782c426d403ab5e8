/** One running build: what all its stages share. */
import type { Digest } from '@orc/model';
import type { BuildInternals, StoredLayer } from '../../store/internals.ts';
import type { BuildRequest } from '../../types.ts';
import type { ContextFilter } from '../plan/context-filter.ts';
import type { PlannedBuild } from '../plan/dockerfile.ts';
import type { Platform } from '../../plan/documents.ts';
import type { FileHashes } from './hashes.ts';
import type { Slices } from './slices.ts';
import type { Tree } from './tree.ts';

export type Session = {
  readonly internals: BuildInternals;
  readonly request: BuildRequest;
  readonly planned: PlannedBuild;
  readonly targetPlatform: Platform;
  readonly context: {
    readonly tree: Tree;
    /** Text of `.dockerignore`. */
    readonly ignored: string;
    readonly filter: ContextFilter;
    readonly hashes: FileHashes;
  };
  readonly holdings: Holdings;
  readonly limit: Limiter;
  /** Of the caller, or because another stage failed. */
  readonly signal: AbortSignal;
  readonly pause: Slices;
};

/** Keeps what the build uses from collection, under one lease. */
export type Holdings = {
  add(images: readonly Digest[], layers: readonly StoredLayer[]): Promise<void>;
  release(): Promise<void>;
};

export function openHoldings(internals: BuildInternals, holder: string): Holdings {
  const images = new Set<Digest>();
  const layers = new Set<Digest>();
  let last: Promise<void> = Promise.resolve();
  return {
    add: (moreImages, moreLayers) => {
      const before = images.size + layers.size;
      for (const image of moreImages) images.add(image);
      for (const { diffId } of moreLayers) layers.add(diffId);
      if (images.size + layers.size === before) return last;
      const uses = { images: [...images], layers: [...layers] };
      last = last.catch(() => undefined).then(() => internals.lease(holder, uses));
      return last;
    },
    release: async () => {
      await last.catch(() => undefined);
      await internals.release(holder);
    },
  };
}

/** At most so many jobs at once; the others wait in order. */
export type Limiter = <T>(job: () => Promise<T>) => Promise<T>;

export function newLimiter(atOnce: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  const enter = async (): Promise<void> => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return async (job) => {
    await enter();
    try {
      return await job();
    } finally {
      leave();
    }
  };
}
