/**
 * Forwarding is a switch of the whole host. Where it was off before the first of our instances came, none but bridges are
 * forwarded (plan/nft.ts), so that the host does not become a router; and it is off again after the last one.
 */
import { readFileSync } from 'node:fs';
import type { Emit, Kernel } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { hasGuard, otherInstances } from '../plan/firewall.ts';
import { runProgram } from './program.ts';
import type { Records } from './records.ts';

export type Forwarding = {
  /** Whether the rules have to keep strangers out. */
  readonly guarded: () => boolean;
  /** Finds out, before the first rule is written. */
  readonly look: () => Promise<void>;
  /** Once the rules are there. */
  readonly on: () => Promise<void>;
  /** As it was before, while our rules are still there. */
  readonly restore: () => Promise<void>;
};
export type ForwardingOptions = {
  readonly instance: string;
  readonly kernel: Kernel;
  readonly records: Records;
  readonly emit: Emit;
};

export function openForwarding({ instance, kernel, records, emit }: ForwardingOptions): Forwarding {
  let guarded = false;
  const set = (value: '0' | '1'): Promise<unknown> =>
    kernel.run([{ op: 'sysctl', key: 'net/ipv4/ip_forward', value }]);
  return {
    guarded: () => guarded,
    look: async () => {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      guarded = !isOn() || records.forwarding() === boot || (await wasOff());
      if (guarded) records.putForwarding(boot);
    },
    on: async () => {
      await set('1');
    },
    restore: async () => {
      if (!guarded || (await areOthers(instance))) return;
      const bridges = await strangers();
      if (bridges.length > 0) {
        emit('info', 'forwarding stays on: others may need it by now', { bridges: bridges.join(' ') });
        return;
      }
      await set('0');
      // One that has come meanwhile switched it on after its rules were there, or finds it off.
      if (await areOthers(instance)) await set('1');
    },
  };
}

const isOn = (): boolean => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() !== '0';

/** Another instance of ours switched it on; the last of them may have switched it off since. */
async function wasOff(): Promise<boolean> {
  return hasGuard(await list('chains')) || !isOn();
}

const areOthers = async (instance: string): Promise<boolean> =>
  otherInstances(await list('tables'), instance).length > 0;

/** Bridges of somebody else's containers or machines. */
async function strangers(): Promise<readonly string[]> {
  const ran = await runProgram(['ip', '-j', 'link', 'show', 'type', 'bridge'], {
    package: 'iproute2',
    timeoutMs: LIMITS.nftTimeoutMs,
  });
  if (ran.code !== 0) return [];
  const rows = JSON.parse(ran.stdout || '[]') as readonly { readonly ifname?: string }[];
  return rows.flatMap(({ ifname }) => (ifname === undefined || ifname.startsWith('orc') ? [] : [ifname]));
}

async function list(what: 'chains' | 'tables'): Promise<string> {
  const ran = await runProgram(['nft', '-j', 'list', what], {
    package: 'nftables',
    timeoutMs: LIMITS.nftTimeoutMs,
  });
  return ran.code === 0 ? ran.stdout : '{"nftables":[]}';
}
