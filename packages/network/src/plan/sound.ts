/**
 * Networks that one table of rules holds together: two that share an address are one too many for an interval set of nft,
 * which refuses the table, and so the changes of all others with it.
 */
import {
  type AssignedNetwork,
  type Cidr,
  contains,
  overlaps,
  parseCidr,
  parseIpv4,
  type Problem,
  whyNoSubnet,
} from '@orc/model';

export type Judged = { readonly sound: readonly AssignedNetwork[]; readonly refused: readonly Problem[] };

type Held = { readonly cidr: Cidr; readonly by: string };

/** Who comes first has its subnets. */
export function soundNetworks(networks: readonly AssignedNetwork[]): Judged {
  const held: Held[] = [];
  const sound: AssignedNetwork[] = [];
  const refused: Problem[] = [];
  for (const network of networks) {
    const own = subnetsOf(network, held);
    if (typeof own === 'string') {
      refused.push(problemOf(network.name, own));
      continue;
    }
    sound.push(network);
    held.push(...own);
  }
  return { sound, refused };
}

/** Or why it cannot have one of them. */
function subnetsOf({ name, status }: AssignedNetwork, held: readonly Held[]): readonly Held[] | string {
  const own: Held[] = [];
  for (const given of status.subnets) {
    const cidr = parseCidr(given.subnet);
    if (cidr === undefined) return `${given.subnet} is no subnet of IPv4`;
    const why = faultOf(given, cidr, [...held, ...own]);
    if (why !== undefined) return why;
    own.push({ cidr, by: name });
  }
  return own;
}

type Given = AssignedNetwork['status']['subnets'][number];

function faultOf({ subnet, gateway }: Given, cidr: Cidr, held: readonly Held[]): string | undefined {
  const address = parseIpv4(gateway);
  const why = whyNoSubnet(cidr);
  if (why !== undefined) return `it has the subnet ${subnet}, and ${why}`;
  if (address === undefined || !contains(cidr, address))
    return `its gateway ${gateway} is not in its subnet ${subnet}`;
  const other = held.find((each) => overlaps(each.cidr, cidr));
  return other && `its subnet ${subnet} overlaps with that of network ${other.by}`;
}

const problemOf = (network: string, why: string): Problem => ({
  code: 'network.failed',
  message: `network ${network} cannot be made on this host: ${why}`,
  hint: 'remove one of the two, or make it anew with another subnet',
});
