/** Rules for networks that the compose file, the state and the host judge alike. */
import { type Cidr, overlaps, parseCidr } from './address.ts';

/** The network that every node has of its own: the state does not know it, and the node gives its addresses. */
export const LOCAL_NETWORK = 'bridge';
/** What every node has, and nobody makes. */
export const PREDEFINED_NETWORKS: readonly string[] = [LOCAL_NETWORK, 'host', 'none'];

/** The network's address, the gateway's, a container's and that of the broadcasts. */
const SMALLEST_PREFIX = 30;

const RESERVED: readonly { readonly cidr: Cidr; readonly why: string }[] = [
  { cidr: parseCidr('0.0.0.0/8') as Cidr, why: 'no host has an address in 0.0.0.0/8' },
  { cidr: parseCidr('127.0.0.0/8') as Cidr, why: '127.0.0.0/8 is the loopback of every host' },
  { cidr: parseCidr('224.0.0.0/4') as Cidr, why: '224.0.0.0/4 is for multicast' },
  { cidr: parseCidr('255.255.255.255/32') as Cidr, why: '255.255.255.255 is for broadcasts' },
];

/** Why no network can have this subnet; undefined: one can. */
export function whyNoSubnet(cidr: Cidr): string | undefined {
  if (cidr.prefixLength > SMALLEST_PREFIX)
    return `it has no address for a container: /${SMALLEST_PREFIX} is the smallest`;
  return RESERVED.find((each) => overlaps(each.cidr, cidr))?.why;
}
