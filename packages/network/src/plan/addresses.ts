/** Addresses of node-local containers, and who has which address of all containers. */
import {
  contains,
  fail,
  formatIpv4,
  macOf,
  parseCidr,
  parseIpv4,
  sizeOf,
  type AssignedNetwork,
  type Cidr,
  type ContainerId,
  type Endpoint,
  type OrcError,
} from '@orc/model';

export type Wish = { readonly wanted?: string; readonly aliases?: readonly string[]; readonly mac?: string };

/** One network's addresses. The cursor moves on, so that an address that was given back rests for a while. */
export type AddressBook = { readonly owners: Map<number, ContainerId>; cursor: number };

export function allocateEndpoint(
  network: AssignedNetwork,
  ranges: readonly Cidr[],
  book: AddressBook,
  container: ContainerId,
  wish: Wish,
): Endpoint {
  const address =
    wish.wanted === undefined
      ? nextFree(network, ranges, book)
      : fixed(network, book, container, wish.wanted);
  book.owners.set(address, container);
  const subnet = network.status.subnets.find((each) => within(each.subnet, address));
  return {
    network: network.name,
    interface: 'eth0',
    ipv4: formatIpv4(address),
    ipv4PrefixLength: parseCidr(subnet?.subnet ?? '')?.prefixLength ?? 32,
    mac: wish.mac ?? macOf(address),
    ...(subnet === undefined ? {} : { gateway: subnet.gateway }),
    aliases: wish.aliases ?? [],
  };
}

/** What this node may give: all of the node-local network, its blocks of others. */
export function rangesOf(network: AssignedNetwork, local: boolean, node: string | undefined): Cidr[] {
  const blocks = network.status.blocks.filter((each) => node === undefined || each.node === node);
  const texts = local ? network.status.subnets.map((each) => each.subnet) : blocks.map((each) => each.cidr);
  return texts.map((text) => parseCidr(text)).filter((each) => each !== undefined);
}

function nextFree(network: AssignedNetwork, ranges: readonly Cidr[], book: AddressBook): number {
  const all = ranges.flatMap((range) => [range.base, range.base + sizeOf(range)] as const);
  const total = ranges.reduce((sum, range) => sum + sizeOf(range), 0);
  for (let step = 0; step < total; step += 1) {
    const address = nth(all, (book.cursor + step) % total);
    if (!book.owners.has(address) && usable(network, address)) {
      book.cursor = (book.cursor + step + 1) % total;
      return address;
    }
  }
  throw exhausted(network, ranges);
}

/** The n-th address of ranges given as pairs of bounds. */
function nth(bounds: readonly number[], n: number): number {
  let left = n;
  for (let at = 0; at < bounds.length; at += 2) {
    const [from, to] = [bounds[at] as number, bounds[at + 1] as number];
    if (left < to - from) return from + left;
    left -= to - from;
  }
  return 0;
}

/** In a subnet, and neither its network, broadcast nor gateway address. */
function usable(network: AssignedNetwork, address: number): boolean {
  const subnet = network.status.subnets.find((each) => within(each.subnet, address));
  const cidr = parseCidr(subnet?.subnet ?? '');
  if (subnet === undefined || cidr === undefined) return false;
  const edge = address === cidr.base || address === cidr.base + sizeOf(cidr) - 1;
  return !(edge && cidr.prefixLength < 31) && parseIpv4(subnet.gateway) !== address;
}

function within(subnet: string, address: number): boolean {
  const cidr = parseCidr(subnet);
  return cidr !== undefined && contains(cidr, address);
}

function fixed(network: AssignedNetwork, book: AddressBook, container: ContainerId, wanted: string): number {
  const address = parseIpv4(wanted);
  if (address === undefined || !usable(network, address)) {
    throw fail('input.invalid', `${wanted} is not an address for a container on network ${network.name}`, {
      hint: `its subnets are ${network.status.subnets.map((each) => each.subnet).join(', ')}`,
    });
  }
  const owner = book.owners.get(address);
  if (owner !== undefined && owner !== container) {
    throw fail('conflict.inuse', `address ${wanted} on network ${network.name} is in use`, {
      hint: `container ${owner.slice(0, 12)} has it`,
    });
  }
  return address;
}

function exhausted(network: AssignedNetwork, ranges: readonly Cidr[]): OrcError {
  const hint =
    ranges.length === 0
      ? 'the cluster grants this node a block of addresses as soon as it has a quorum'
      : 'remove containers, or make the network anew with a larger subnet';
  return fail('network.exhausted', `network ${network.name} has no free address for this container`, {
    hint,
    retry: true,
  });
}
