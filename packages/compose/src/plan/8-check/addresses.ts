/** Addresses that services ask for, against the subnets that the same files give to the networks. */
import { type Cidr, contains, formatCidr, formatIpv4, parseCidr, parseIpv4, sizeOf } from '@orc/model';
import { type Loading, report } from '../loading.ts';
import { type MapNode, type Node, at, get, textOf } from '../node.ts';

export function checkAddresses(loading: Loading, tree: MapNode): void {
  const services = get(tree, 'services');
  if (services?.kind !== 'map' || !loading.interpolate) return;
  for (const [name, { value }] of services.entries) {
    const networks = get(value, 'networks');
    if (networks?.kind !== 'map') continue;
    for (const [key, { value: wish }] of networks.entries)
      checkAddress(loading, `services.${name}.networks.${key}`, get(wish, 'ipv4_address'), {
        key,
        subnets: subnetsOf(at(tree, ['networks', key])),
      });
  }
}

type Subnet = { readonly cidr: Cidr; readonly gateway: number };
type Network = { readonly key: string; readonly subnets: readonly Subnet[] };

function checkAddress(loading: Loading, label: string, node: Node | undefined, network: Network): void {
  const text = textOf(node);
  if (text === undefined || text === '') return;
  const refuse = (why: string, hint: string): void =>
    report(loading, 'compose.schema', node, `${label}.ipv4_address: ${why}`, { hint });
  const address = parseIpv4(text);
  const [first] = network.subnets;
  const example = first === undefined ? '10.9.0.5' : formatIpv4(exampleOf(first));
  if (address === undefined) return refuse(`"${text}" is not an IPv4 address`, `such as ${example}`);
  if (first === undefined) return;
  const home = network.subnets.find(({ cidr }) => contains(cidr, address));
  if (home === undefined) {
    const ranges = network.subnets.map(({ cidr }) => formatCidr(cidr)).join(', ');
    refuse(`${text} is not in the subnet ${ranges} of the network ${network.key}`, `such as ${example}`);
  } else if (address === home.gateway)
    refuse(`${text} is the gateway of the network ${network.key}`, `such as ${example}`);
  else if (isEdge(home.cidr, address))
    refuse(`${text} is no host's address in ${formatCidr(home.cidr)}`, `such as ${example}`);
}

/** The address of the network and that of its broadcasts; subnets of two or one have none. */
const isEdge = (cidr: Cidr, address: number): boolean =>
  cidr.prefixLength < 31 && (address === cidr.base || address === cidr.base + sizeOf(cidr) - 1);

const exampleOf = ({ cidr, gateway }: Subnet): number =>
  [cidr.base + 2, cidr.base + 1].find((each) => each !== gateway && contains(cidr, each)) ?? cidr.base;

/** Of IPv4; what stands in for a gateway that is not given is the first address. */
function subnetsOf(network: Node | undefined): readonly Subnet[] {
  const list = at(network, ['ipam', 'config']);
  return (list?.kind === 'seq' ? list.items : []).flatMap((item) => {
    const cidr = parseCidr(textOf(get(item, 'subnet')) ?? '');
    const gateway = parseIpv4(textOf(get(item, 'gateway')) ?? '');
    return cidr === undefined ? [] : [{ cidr, gateway: gateway ?? cidr.base + 1 }];
  });
}
