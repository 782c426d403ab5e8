/** What must hold after a daemon was killed, whenever it was. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Instance, until } from './instance.ts';
import { cgroups } from './leftovers.ts';

/** After `rm` of all: no mount, veth, rule, cgroup or folder of a container; the pool of sandboxes has emptied itself. */
export const CLEAN_MS = 10_000;

export async function untilClean(instance: Instance): Promise<void> {
  let left: readonly string[] = [];
  const clean = (): boolean => {
    left = leftOfContainers(instance);
    return left.length === 0;
  };
  await until(clean, () => `nothing to be left of containers:\n${left.join('\n')}`, undefined, CLEAN_MS);
}

export function leftOfContainers(instance: Instance): readonly string[] {
  const { folder, name } = instance;
  const lines = instance.leftovers();
  return [
    ...lines.filter((line) => line.startsWith('mount ') && !line.endsWith('/run/ns')),
    ...lines.filter((line) => line.startsWith(`link ${name}v`)),
    ...['ports', 'ports_at'].flatMap((map) => elements(name, map)),
    ...cgroups(name)
      .filter((path) => /\/[0-9a-f]{64}$/.test(path))
      .map((path) => `cgroup ${path}`),
    ...['containers', 'trash/containers'].flatMap((each) => namesIn(join(folder, 'root', each))),
    ...lines.filter((line) => line.startsWith('process ') && line.includes('/containers/')),
  ];
}

/** Ports that are translated to a container's address. */
function elements(instance: string, map: string): string[] {
  const { stdout } = spawnSync('nft', ['list', 'map', 'inet', instance, map], { encoding: 'utf8' });
  const found = /elements = \{([^}]*)\}/.exec(stdout ?? '')?.[1] ?? '';
  return found.split(',').flatMap((each) => (each.trim() === '' ? [] : [`rule ${each.trim()}`]));
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => `folder ${join(folder, name)}`);
}

/** Numbers in [0, 1) from a seed (mulberry32): a failure can be had again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
