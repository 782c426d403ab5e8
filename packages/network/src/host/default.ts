/** The node-local default network: chosen once, clear of the host's routes, and kept over restarts and reboots. */
import {
  fail,
  formatCidr,
  overlaps,
  parseCidr,
  type AssignedNetwork,
  type Cidr,
  type ObjectId,
} from '@orc/model';
import { DEFAULT_POOLS, DEFAULT_PREFIX, gatewayOf, lastFreeSubnet } from '../plan/pool.ts';
import { hostRoutes } from './present.ts';
import { defaultSubnetFile } from './records.ts';

export const DEFAULT_NETWORK = 'bridge';

/** `present`: the network has its bridge already. Only without one may another subnet be chosen. */
export function openDefaultNetwork(
  root: string,
  instance: string,
  pools: readonly string[] | undefined,
  present: boolean,
): AssignedNetwork {
  const file = defaultSubnetFile(root);
  const kept = stillFree(parseCidr(file.read() ?? ''), present ? [] : hostRoutes(instance));
  const subnet = kept ?? choose(parsePools(pools ?? DEFAULT_POOLS), hostRoutes(instance));
  if (kept === undefined) file.write(formatCidr(subnet));
  return {
    id: '0'.repeat(25) as ObjectId,
    name: DEFAULT_NETWORK,
    spec: { driver: 'bridge' },
    status: { subnets: [{ subnet: formatCidr(subnet), gateway: gatewayOf(subnet) }], index: 0, blocks: [] },
  };
}

const stillFree = (subnet: Cidr | undefined, taken: readonly Cidr[]): Cidr | undefined =>
  subnet !== undefined && taken.some((each) => overlaps(each, subnet)) ? undefined : subnet;

function parsePools(texts: readonly string[]): Cidr[] {
  return texts.map((text) => {
    const pool = parseCidr(text);
    if (pool !== undefined) return pool;
    throw fail('input.invalid', `${text} is not an address pool`, { hint: 'write it as 10.128.0.0/10' });
  });
}

function choose(pools: readonly Cidr[], taken: readonly Cidr[]): Cidr {
  const subnet = lastFreeSubnet(pools, DEFAULT_PREFIX, taken);
  if (subnet !== undefined) return subnet;
  throw fail(
    'network.exhausted',
    `no free /${DEFAULT_PREFIX} in the address pools ${pools.map(formatCidr).join(', ')}`,
    {
      hint: 'the routes of this host cover them all: configure other pools',
    },
  );
}
