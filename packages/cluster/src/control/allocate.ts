/** Subnets of networks and addresses of containers. An address is taken until its task is gone (DECISIONS 26). */
import {
  type Cidr,
  contains,
  type Endpoint,
  firstFreeAddress,
  firstFreeSubnet,
  formatCidr,
  formatIpv4,
  hostsOf,
  LOCAL_NETWORK,
  macOf,
  type NetworkAttachment,
  type NetworkObj,
  type NetworkStatus,
  overlaps,
  type PlacementReason,
  parseCidr,
  parseIpv4,
  type ServiceObj,
  sizeOf,
  type TaskObj,
} from '@orc/model';
import { attachmentsOf, tasksOn } from '../project/hash.ts';
import {
  BLOCK_PREFIX_LENGTH,
  NETWORK_INDEX_MAX,
  NETWORK_PREFIX_LENGTH,
  NETWORK_SUBNETS_MAX,
} from '../limits.ts';
import { type Draft, fresh, now, patchStatus, put, remove } from '../state/draft.ts';
import { all, get, named } from '../state/table.ts';
import type { Pass } from './pass.ts';

/** Networks that have no subnet or no index yet get them; one that finds none stays without. */
export function allocateNetworks(pass: Pass): void {
  for (const network of all(now(pass.draft), 'network')) makeAnew(pass, network);
  const networks = all(now(pass.draft), 'network').toSorted((a, b) => a.createdAt - b.createdAt);
  for (const network of networks) {
    if (network.spec.driver !== 'bridge' || network.status.subnets.length > 0) continue;
    if (heldUpBy(pass.draft, network) !== undefined) continue;
    const subnets = subnetsOf(pass, network);
    if (subnets.length === 0) continue;
    const index = network.status.index || freeIndex(pass.draft);
    if (index === undefined) continue;
    patchStatus<'network'>(pass.draft, network, { subnets, index });
  }
}

/** Another object with another index: nodes take the bridge of the former one away before they make that of this one. */
function makeAnew({ draft, ids, now: time }: Pass, network: NetworkObj): void {
  const { id, name, spec, status } = network;
  if (status.former === undefined || tasksOn(now(draft), name).length > 0) return;
  remove(draft, 'network', id);
  put(draft, fresh('network', ids.object(), name, time, spec, { subnets: [], index: 0, blocks: [] }));
}

/** A network on its way out whose subnet this one is to have. */
function heldUpBy(draft: Draft, { id, spec }: NetworkObj): NetworkObj | undefined {
  const wanted = cidrsOf(spec.subnets ?? []);
  return all(now(draft), 'network').find(
    ({ id: other, status }) =>
      other !== id &&
      status.former !== undefined &&
      cidrsOf(status.subnets).some((held) => wanted.some((each) => overlaps(held, each))),
  );
}

const cidrsOf = (subnets: readonly { readonly subnet: string }[]): readonly Cidr[] =>
  subnets.flatMap(({ subnet }) => parseCidr(subnet) ?? []);

/** What networks are given subnets out of. */
export type Subnets = Pick<Pass, 'draft' | 'pools' | 'avoid'>;

/**
 * A further subnet for a network that is full (DECISIONS 26), unless its user chose its subnets; the network as it is
 * then. Undefined: it stays as it is.
 */
export function growNetwork(given: Subnets, { id }: NetworkObj): NetworkObj | undefined {
  const network = get(now(given.draft), 'network', id);
  if (network === undefined || (network.spec.subnets ?? []).length > 0) return undefined;
  const { subnets } = network.status;
  if (subnets.length === 0 || subnets.length >= NETWORK_SUBNETS_MAX) return undefined;
  const more = freeSubnet(given);
  if (more === undefined) return undefined;
  patchStatus<'network'>(given.draft, network, { subnets: [...subnets, more] });
  return get(now(given.draft), 'network', id);
}

type GivenSubnet = NetworkStatus['subnets'][number];

function subnetsOf(pass: Pass, network: NetworkObj): readonly GivenSubnet[] {
  const wanted = (network.spec.subnets ?? []).filter((each) => parseCidr(each.subnet) !== undefined);
  if (wanted.length > 0)
    return wanted.map(({ subnet, gateway }) => givenSubnet(parseCidr(subnet) as Cidr, gateway));
  const free = freeSubnet(pass);
  return free === undefined ? [] : [free];
}

function freeSubnet(given: Subnets): GivenSubnet | undefined {
  const taken = takenSubnets(given);
  for (const pool of given.pools.map(parseCidr)) {
    const free = pool && firstFreeSubnet(pool, NETWORK_PREFIX_LENGTH, taken);
    if (free !== undefined) return givenSubnet(free, undefined);
  }
  return undefined;
}

const givenSubnet = (cidr: Cidr, gateway: string | undefined): GivenSubnet => ({
  subnet: formatCidr(cidr),
  gateway: gateway ?? formatIpv4(cidr.base + 1),
});

/** Also what networks have asked for and not been given yet. */
function takenSubnets(pass: Subnets): readonly Cidr[] {
  const networks = all(now(pass.draft), 'network');
  const texts = networks.flatMap(({ spec, status }) => [...status.subnets, ...(spec.subnets ?? [])]);
  return [...texts.map((each) => each.subnet), ...pass.avoid].flatMap((text) => parseCidr(text) ?? []);
}

function freeIndex(draft: Draft): number | undefined {
  const networks = [...all(draft.base, 'network'), ...all(now(draft), 'network')];
  const taken = new Set(networks.map((network) => network.status.index));
  for (let index = 1; index <= NETWORK_INDEX_MAX; index += 1) if (!taken.has(index)) return index;
  return undefined;
}

/** Addresses in use, by network; gathered once for a pass. */
export type Addresses = (network: NetworkObj) => Set<number>;

export function openAddresses(draft: Draft): Addresses {
  const byNetwork = new Map<string, Set<number>>();
  const gather = (): void => {
    for (const task of all(now(draft), 'task')) {
      for (const { network, ipv4 } of task.spec.endpoints) add(byNetwork, network, ipv4);
    }
    for (const { spec } of all(now(draft), 'service')) {
      for (const { network, ipv4 } of attachmentsOf(spec.template)) add(byNetwork, network, ipv4);
    }
  };
  return (network) => {
    if (byNetwork.size === 0) gather();
    for (const { gateway } of network.status.subnets) add(byNetwork, network.name, gateway);
    const found = byNetwork.get(network.name) ?? new Set();
    byNetwork.set(network.name, found);
    return found;
  };
}

function add(byNetwork: Map<string, Set<number>>, network: string, text: string | undefined): void {
  const address = parseIpv4(text ?? '');
  if (address === undefined) return;
  const found = byNetwork.get(network);
  if (found === undefined) byNetwork.set(network, new Set([address]));
  else found.add(address);
}

/** All of a task's addresses, or why there is none. The network with the default route is eth0. */
export function allocateEndpoints(
  pass: Pass,
  task: TaskObj,
  service: ServiceObj,
): readonly Endpoint[] | PlacementReason {
  const attachments = attachmentsOf(service.spec.template).toSorted(
    (a, b) => (b.gatewayPriority ?? 0) - (a.gatewayPriority ?? 0),
  );
  const endpoints: Endpoint[] = [];
  for (const [at, attachment] of attachments.entries()) {
    // Its node gives the address, at the start.
    if (attachment.network === LOCAL_NETWORK) continue;
    const endpoint = allocateEndpoint(pass, task, attachment, `eth${at}`);
    if ('kind' in endpoint) return endpoint;
    endpoints.push(endpoint);
  }
  return endpoints;
}

function allocateEndpoint(
  pass: Pass,
  task: TaskObj,
  attachment: NetworkAttachment,
  name: string,
): Endpoint | PlacementReason {
  const network = named(now(pass.draft), 'network', attachment.network);
  if (network === undefined) return { kind: 'network-missing', network: attachment.network };
  const given = addressIn(pass, network, attachment);
  if ('kind' in given) return given;
  const { address, subnet, gateway } = given;
  const { service, containerId } = task.spec;
  const aliases = [...new Set([service, task.name, containerId.slice(0, 12), ...(attachment.aliases ?? [])])];
  return {
    network: network.name,
    interface: name,
    ipv4: formatIpv4(address),
    ipv4PrefixLength: subnet.prefixLength,
    mac: attachment.mac ?? macOf(address),
    gateway,
    aliases,
  };
}

type Given = { readonly address: number; readonly subnet: Cidr; readonly gateway: string };

function addressIn(pass: Pass, network: NetworkObj, { ipv4 }: NetworkAttachment): Given | PlacementReason {
  const subnets = knownSubnets(network);
  if (network.status.former !== undefined) return { kind: 'network-leaving', network: network.name };
  if (subnets.length === 0) {
    const other = heldUpBy(pass.draft, network);
    if (other !== undefined) return { kind: 'network-leaving', network: other.name };
    return { kind: 'no-subnet', network: network.name };
  }
  if (ipv4 !== undefined) return fixedAddress(pass, network, ipv4, subnets);
  const free = freeAddress(pass, network);
  if (free !== undefined) return free;
  const grown = growNetwork(pass, network);
  return (grown && freeAddress(pass, grown)) ?? { kind: 'no-address', network: network.name };
}

const knownSubnets = ({ spec, status }: NetworkObj): readonly Known[] =>
  status.subnets.flatMap(({ subnet: text, gateway }) => {
    const subnet = parseCidr(text);
    if (subnet === undefined) return [];
    const asked = (spec.subnets ?? []).find((each) => isSame(parseCidr(each.subnet), subnet));
    return [{ subnet, gateway, range: parseCidr(asked?.ipRange ?? '') ?? subnet }];
  });

const isSame = (a: Cidr | undefined, b: Cidr): boolean => a !== undefined && formatCidr(a) === formatCidr(b);

function freeAddress(pass: Pass, network: NetworkObj): Given | undefined {
  const taken = pass.addresses(network);
  const held = withBlocks(taken, network);
  for (const { subnet, gateway, range } of knownSubnets(network)) {
    const address = firstFreeAddress(subnet, held, range);
    if (address === undefined) continue;
    taken.add(address);
    return { address, subnet, gateway };
  }
  return undefined;
}

type Known = {
  readonly subnet: Cidr;
  readonly gateway: string;
  /** What addresses are given out of that nobody named: `ip_range`, or all of it. */
  readonly range: Cidr;
};

function fixedAddress(
  pass: Pass,
  network: NetworkObj,
  text: string,
  subnets: readonly Known[],
): Given | PlacementReason {
  const address = parseIpv4(text);
  const home = address === undefined ? undefined : subnets.find(({ subnet }) => contains(subnet, address));
  if (address === undefined || home === undefined)
    return { kind: 'address-foreign', network: network.name, address: text };
  const holder = all(now(pass.draft), 'task').find((task) =>
    task.spec.endpoints.some((each) => each.network === network.name && each.ipv4 === text),
  );
  if (holder === undefined) return { address, ...home };
  const leaving = holder.spec.desired.state === 'remove';
  return { kind: 'address-taken', address: text, by: holder.name, leaving };
}

/** Blocks of nodes are not for tasks. */
function withBlocks(taken: ReadonlySet<number>, network: NetworkObj): ReadonlySet<number> {
  if (network.status.blocks.length === 0) return taken;
  const held = new Set(taken);
  for (const { cidr } of network.status.blocks) {
    const block = parseCidr(cidr);
    if (block === undefined) continue;
    for (let address = block.base; address < block.base + sizeOf(block); address += 1) held.add(address);
  }
  return held;
}

/**
 * A part of the network for the node's own containers: the last one that is free and has an address for one. Undefined:
 * none is.
 */
export function freeBlock(
  draft: Draft,
  network: NetworkObj,
  prefixLength = BLOCK_PREFIX_LENGTH,
): string | undefined {
  const taken = withBlocks(openAddresses(draft)(network), network);
  const size = 2 ** (32 - prefixLength);
  for (const { subnet, range } of knownSubnets(network)) {
    for (let base = range.base + sizeOf(range) - size; base >= range.base; base -= size) {
      const block = { base, prefixLength };
      if (isFree(subnet, block, taken)) return formatCidr(block);
    }
  }
  return undefined;
}

function isFree(subnet: Cidr, block: Cidr, taken: ReadonlySet<number>): boolean {
  const [first, last] = hostsOf(subnet, block);
  for (let each = first; each <= last; each += 1) if (taken.has(each)) return false;
  return first <= last;
}

/** Of a network that has no whole block left, or never had one. */
export function smallBlock(draft: Draft, network: NetworkObj): string | undefined {
  for (let prefixLength = BLOCK_PREFIX_LENGTH + 1; prefixLength <= 32; prefixLength += 1) {
    const block = freeBlock(draft, network, prefixLength);
    if (block !== undefined) return block;
  }
  return undefined;
}
