/** Switches of the whole host, touched only as far as containers need it. */
import { existsSync, readFileSync } from 'node:fs';
import type { Emit, Kernel } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { runProgram } from './program.ts';

const ENOENT = 2;
const BRIDGE = 'net/bridge/bridge-nf-call-';
const NEIGHBOURS = 'net/ipv4/neigh/default/gc_thresh';

/** The netfilter of bridges: loaded by us, it must not act on bridges of others (DECISIONS 24). */
export async function openSwitches(kernel: Kernel, emit: Emit): Promise<void> {
  if (existsSync(`/proc/sys/${BRIDGE}iptables`)) return;
  const loaded = await runProgram(['modprobe', 'br_netfilter'], {
    package: 'kmod',
    timeoutMs: LIMITS.nftTimeoutMs,
  }).catch(() => undefined);
  if (loaded?.code !== 0) {
    emit('warn', 'br_netfilter is not there: the rules do not see traffic within one network');
    return;
  }
  const off = ['iptables', 'ip6tables', 'arptables'];
  await kernel.run(
    off.map((each) => ({ op: 'sysctl', key: `${BRIDGE}${each}`, value: '0', tolerate: [ENOENT] }) as const),
  );
}

/** The kernel's 1,024 neighbours are one short for a second bridge. Only the first namespace has this switch. */
export async function raiseNeighbours(kernel: Kernel): Promise<void> {
  const file = `/proc/sys/${NEIGHBOURS}3`;
  if (!existsSync(file) || Number(readFileSync(file, 'utf8')) >= LIMITS.neighboursMin) return;
  await kernel.run([
    { op: 'sysctl', key: `${NEIGHBOURS}3`, value: String(LIMITS.neighboursMin), tolerate: [ENOENT] },
    { op: 'sysctl', key: `${NEIGHBOURS}2`, value: String(LIMITS.neighboursMin / 2), tolerate: [ENOENT] },
  ]);
}
