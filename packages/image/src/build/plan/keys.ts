/**
 * Keys of the build cache. All that could change what a step writes is in them: the layers below, the whole
 * config so far, every variable, the step itself and the bytes it copies (classic builders left parts out
 * and could be poisoned: CVE-2024-24557).
 */
import type { Digest } from '@orc/model';
import type { Work } from './evaluate.ts';
import { PROXY_ARGS } from './stages.ts';
import type { StageState } from './state.ts';

/** 2: layers of the first may lack files that were brought back below what `.dockerignore` leaves out. */
const VERSION = 'build-2';

export type KeyParts = {
  readonly layers: readonly Digest[];
  readonly state: StageState;
  readonly platform: string;
  readonly work: Work;
  /** What the step takes its files from: a digest of the files, or the layers of the stage they lie in. */
  readonly content?: string;
  /** For RUN: hosts and network that the build was given. */
  readonly surroundings?: unknown;
};

export function cacheKey(parts: KeyParts): string {
  const env = Object.entries(parts.state.env).filter(([name]) => !PROXY_ARGS.has(name));
  const { layers, platform, work, content, surroundings } = parts;
  const sorted = env.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    VERSION,
    layers,
    platform,
    parts.state.config,
    sorted,
    work,
    content ?? null,
    surroundings ?? null,
  ]);
}
