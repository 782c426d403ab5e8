/** What must hold after a daemon was killed, whenever it was. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Instance, until } from './instance.ts';
import { cgroups } from './leftovers.ts';

/** After `rm` of all: no mount, veth, rule, cgroup or folder of a container; the pool of sandboxes has emptied itself. */
export const CLEAN_MS = 30_000;

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
    ...shims(lines),
  ];
}

/** Shims, and what they have begun: all but the launcher. */
const shims = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => /^process \d+ orc-(shim|init|exec) /.test(line));

export const kindsLeft = (instance: Instance): readonly string[] =>
  [...new Set(leftOfContainers(instance).map((line) => line.split(' ')[0] as string))].sort();

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

/** The whole table of the instance, without what its DNS server's port, a new one for each daemon, makes of it. */
export function rulesOf({ name }: Instance): string {
  const { stdout } = spawnSync('nft', ['list', 'table', 'inet', name], { encoding: 'utf8' });
  return (stdout ?? '').replace(/counter packets \d+ bytes \d+/g, 'counter').replace(/\b\d{4,5}\b/g, 'PORT');
}

/** As the daemon measured it itself. */
export type Adoption = { readonly adopted: number; readonly adoptionMs: number; readonly startMs: number };

/** Of the daemon that was started last. */
export function adoptionOf(log: string): Adoption {
  const line = log.split('\n').findLast((each) => each.includes('"adoptionMs":'));
  if (line === undefined) throw new Error('no daemon said what it adopted');
  const { adopted, adoptionMs, startMs } = JSON.parse(line) as Adoption;
  return { adopted, adoptionMs, startMs };
}

/** One line: how it is distributed, and how many were over `limit`. */
export function distribution(name: string, values: readonly number[], limit?: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0);
  const over =
    limit === undefined
      ? ''
      : `; ${sorted.filter((each) => each >= limit).length} of ${sorted.length} not under ${limit} ms`;
  return `${name}: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms${over}`;
}
