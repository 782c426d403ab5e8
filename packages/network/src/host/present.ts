/** What the kernel has of this instance now. Files of /proc are read on the main thread, whose namespaces count. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, formatCidr, type Cidr } from '@orc/model';
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
  return linksOfSys(instance) ?? (await linksOfIp(instance));
}

/** A program's start is most of the time that this takes. Undefined: /sys shows another network namespace. */
function linksOfSys(instance: string): PresentLink[] | undefined {
  const rows = readFileSync('/proc/thread-self/net/dev', 'utf8').split('\n').slice(2);
  const names = rows.map((row) => row.slice(0, Math.max(0, row.indexOf(':'))).trim());
  try {
    const shown = readdirSync(SYS).filter((name) => name !== 'bonding_masters');
    if (shown.toSorted().join() !== names.filter(Boolean).toSorted().join()) return undefined;
    return names.flatMap((name) => presentLink(instance, name, () => linkOfSys(name)));
  } catch {
    return undefined;
  }
}

const SYS = '/sys/class/net';

function linkOfSys(name: string): { index: number; master: string | undefined } {
  const index = Number(readFileSync(join(SYS, name, 'ifindex'), 'utf8'));
  const master = join(SYS, name, 'master');
  return { index, master: existsSync(master) ? basename(readlinkSync(master)) : undefined };
}

async function linksOfIp(instance: string): Promise<PresentLink[]> {
  const ran = await runProgram(['ip', '-j', 'link', 'show'], {
    package: 'iproute2',
    timeoutMs: LIMITS.nftTimeoutMs,
  });
  if (ran.code !== 0) throw fail('network.failed', `ip link show failed: ${ran.stderr}`);
  const rows = JSON.parse(ran.stdout) as readonly { ifindex: number; ifname: string; master?: string }[];
  return rows.flatMap((row) =>
    presentLink(instance, row.ifname, () => ({ index: row.ifindex, master: row.master })),
  );
}

function presentLink(
  instance: string,
  name: string,
  read: () => { readonly index: number; readonly master: string | undefined },
): PresentLink[] {
  const role = linkRole(instance, name);
  if (role === undefined) return [];
  const { index, master } = read();
  return [{ name, index, role, ...(master === undefined ? {} : { master }) }];
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

/** CIDRs that routes of this host lead to, but the default route and those to bridges of the instance. */
export const foreignRoutes = (instance: string): readonly string[] => [
  ...new Set(hostRoutes(instance).map(formatCidr)),
];
