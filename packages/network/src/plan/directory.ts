/** Which container has which address, and which networks an asker may see. */
import {
  contains,
  parseCidr,
  parseIpv4,
  type AssignedNetwork,
  type ContainerId,
  type Endpoint,
} from '@orc/model';
import type { Asker } from './names.ts';

export type Sighting = { readonly container: ContainerId; readonly endpoints: readonly Endpoint[] };

/** By container when the source is one's, by subnet otherwise; undefined: not one of ours, and not answered. */
export function askerOf(
  source: string,
  containers: ReadonlyMap<string, Sighting>,
  networks: readonly AssignedNetwork[],
): Asker | undefined {
  const found = containers.get(source);
  const names =
    found === undefined ? bySubnet(source, networks) : found.endpoints.map((each) => each.network);
  if (names.length === 0) return undefined;
  const external = networks.some((each) => names.includes(each.name) && each.spec.internal !== true);
  return { networks: names, external, ...(found === undefined ? {} : { container: found.container }) };
}

function bySubnet(source: string, networks: readonly AssignedNetwork[]): string[] {
  const address = parseIpv4(source);
  if (address === undefined) return [];
  const inside = (subnet: string): boolean => {
    const cidr = parseCidr(subnet);
    return cidr !== undefined && contains(cidr, address);
  };
  return networks
    .filter((each) => each.status.subnets.some((row) => inside(row.subnet)))
    .map((each) => each.name);
}
