/** The loop around `loadProject`: facts are read by the caller's reader until nothing more is needed. */
import { assert } from '@orc/model';
import { LIMITS } from './limits.ts';
import { loadProject } from './plan/load.ts';
import type { Fact, LoadInput, LoadResult, Need } from './types.ts';

export type Resolved = Extract<LoadResult, { kind: 'done' }>;

/** `read` never rejects for what is missing or unreadable: that is a `Fact`. */
export async function resolveProject(
  read: (need: Need) => Promise<Fact>,
  input: Omit<LoadInput, 'facts'>,
): Promise<Resolved> {
  const facts = new Map<string, Fact>();
  for (let round = 0; round < LIMITS.roundsMax; round += 1) {
    const result = loadProject({ ...input, facts });
    if (result.kind === 'done') return result;
    const found = await Promise.all(result.paths.map(async (need) => [need.path, await read(need)] as const));
    for (const [path, fact] of found) facts.set(path, fact);
  }
  assert(false, 'loading a project ends within its rounds');
}
