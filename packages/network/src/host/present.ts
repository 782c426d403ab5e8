/** What the kernel has of this instance now. Files of /proc are read on the main thread, whose namespaces count. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Cidr } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { linkRole, type LinkRole } from '../plan/links.ts';
import { parseRoutes } from '../plan/pool.ts';
import { runProgram } from './program.ts';

export type PresentLink = {
  readonly name: string;
  readonly index: number;
  readonly role: LinkRole;
  readonly master?: string;
};

export async function presentLinks(instance: string): Promise<PresentLink[]> {
  const ran = await runProgram(['ip', '-j', 'link', 'show'], {
    package: 'iproute2',
    timeoutMs: LIMITS.nftTimeoutMs,
  });
  if (ran.code !== 0) throw fail('network.failed', `ip link show failed: ${ran.stderr}`);
  const rows = JSON.parse(ran.stdout) as readonly { ifindex: number; ifname: string; master?: string }[];
  return rows.flatMap((row) => {
    const role = linkRole(instance, row.ifname);
    const master = row.master === undefined ? {} : { master: row.master };
    return role === undefined ? [] : [{ name: row.ifname, index: row.ifindex, role, ...master }];
  });
}

/** Paths below `<run>/ns`: `pinned` ones are namespaces, others are files that a crash left. */
export function presentNamespaces(run: string): {
  readonly all: readonly string[];
  readonly pinned: ReadonlySet<string>;
} {
  const folder = namespaceFolder(run);
  const mounts = new Set(
    readFileSync('/proc/thread-self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? ''),
  );
  const all = readdirSync(folder).map((name) => join(folder, name));
  return { all, pinned: new Set(all.filter((path) => mounts.has(path))) };
}

export const namespaceFolder = (run: string): string => join(run, 'ns');

export const hostRoutes = (instance: string): Cidr[] =>
  parseRoutes(
    readFileSync('/proc/thread-self/net/route', 'utf8'),
    (link) => linkRole(instance, link) !== undefined,
  );
