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

export const MTU_OPTION = 'com.docker.network.driver.mtu';

type Option = { readonly hint: string; readonly takes: (value: string) => boolean };

const SWITCH: Option = { hint: 'write true or false', takes: (value) => /^(true|false)$/.test(value) };

/** What can be said of a network beside its fields. */
const OPTIONS: Readonly<Record<string, Option>> = {
  [MTU_OPTION]: {
    hint: 'write a number of bytes from 68 to 65535',
    takes: (value) => /^\d{2,5}$/.test(value) && Number(value) >= 68 && Number(value) <= 65_535,
  },
  'com.docker.network.bridge.enable_ip_masquerade': SWITCH,
  'io.orc.network.spoof_guard': SWITCH,
};

/** Why a network cannot have this option; undefined: it can. */
export function faultOfNetworkOption(
  option: string,
  value: string,
):
  | { readonly code: 'input.unsupported' | 'input.invalid'; readonly why: string; readonly hint: string }
  | undefined {
  const known = Object.hasOwn(OPTIONS, option) ? OPTIONS[option] : undefined;
  if (known === undefined) {
    const hint = `known are ${Object.keys(OPTIONS).join(', ')}`;
    return { code: 'input.unsupported', why: `the option "${option}" is not supported`, hint };
  }
  if (known.takes(value)) return undefined;
  return { code: 'input.invalid', why: `the option "${option}" cannot be "${value}"`, hint: known.hint };
}
