/** What has to happen in the kernel for a network or a sandbox, as ordered operations. `explain` prints them. */
import { assert, formatIpv4, macOf, parseIpv4, type Cidr, type Endpoint, type KernelOp } from '@orc/model';
import { PASS, senderProgram, type Sender } from './guard.ts';
import {
  deleteFilter,
  deleteLink,
  joinMessages,
  newAddress,
  newBridge,
  newDefaultRoute,
  type FilterPlace,
  newFilter,
  newIngress,
  newLinkRoute,
  newVeth,
  sameBridge,
  setLink,
  withHairpin,
  type Message,
} from './netlink.ts';

export { explain } from './explain.ts';

const ENOENT = 2;
const EEXIST = 17;
const ENODEV = 19;

/** A network as its bridge has to be; addresses are unsigned 32-bit numbers. */
export type BridgeWish = {
  readonly name: string;
  readonly index: number;
  readonly mtu?: number;
  readonly gateways: readonly { readonly address: number; readonly prefixLength: number }[];
};

/** The rules are loaded before: no bridge is up for an instant without them. */
export function planBridge(wish: BridgeWish): KernelOp[] {
  const mac = bridgeMac(wish.gateways[0]?.address ?? wish.index);
  const { name, index } = wish;
  return [
    netlink([newBridge({ name, index, mac, ...(wish.mtu === undefined ? {} : { mtu: wish.mtu }) })]),
    ...planMadeBridge(wish),
  ];
}

/** What a bridge needs that was made and no more: it may run twice. */
function planMadeBridge({ name, index, gateways }: BridgeWish): KernelOp[] {
  return [
    withoutIpv6(name),
    { op: 'sysctl', key: `net/ipv4/conf/${name}/route_localnet`, value: '1' },
    netlink([
      ...gateways.map((each) => newAddress(index, each.address, each.prefixLength)),
      setLink({ index, up: true }),
    ]),
  ];
}

/** A link of this name is there: if it is no bridge, it is somebody else's. */
export const planTakenBridge = (wish: BridgeWish): KernelOp[] => [
  netlink([sameBridge(wish.index)]),
  ...planMadeBridge(wish),
];

/** Subnets that a network got later. */
export const planAddresses = (wish: BridgeWish): KernelOp[] => [
  netlink(wish.gateways.map((each) => newAddress(wish.index, each.address, each.prefixLength))),
];

/** A bridge of no address, joined to the network's first one by a cable: one segment, so one gateway. */
export function planExtension(extension: {
  readonly bridge: { readonly name: string; readonly index: number; readonly mtu?: number };
  readonly first: number;
  readonly cable: readonly [{ name: string; index: number }, { name: string; index: number }];
}): KernelOp[] {
  const { bridge, cable } = extension;
  const mtu = bridge.mtu === undefined ? {} : { mtu: bridge.mtu };
  return [
    netlink([newBridge({ name: bridge.name, index: bridge.index, mac: bridgeMac(bridge.index), ...mtu })]),
    withoutIpv6(bridge.name),
    netlink([newVeth({ host: cable[0], peer: cable[1], ...mtu })]),
    ...cable.map((each) => withoutIpv6(each.name)),
    netlink([
      ...attach(cable[0].index, extension.first),
      ...attach(cable[1].index, bridge.index),
      setLink({ index: bridge.index, up: true }),
    ]),
  ];
}

/**
 * A bridge's port must not answer for itself, and each link with IPv6 is a route of the host's: the kernel goes through
 * all of them whenever a link goes.
 */
const withoutIpv6 = (name: string): KernelOp => ({
  op: 'sysctl',
  key: `net/ipv6/conf/${name}/disable_ipv6`,
  value: '1',
  tolerate: [ENOENT],
});

export const planDelete = (names: readonly string[]): KernelOp[] =>
  names.map((name) => netlink([deleteLink(name)], { tolerate: [ENODEV] }));

/** What docker sets in each namespace, and no IPv6 on links that get none. */
const NAMESPACE_SYSCTLS: readonly (readonly [string, string])[] = [
  ['net/ipv6/conf/default/disable_ipv6', '1'],
  ['net/ipv4/ip_unprivileged_port_start', '0'],
  ['net/ipv4/ping_group_range', '0 2147483647'],
];

export const planNamespace = (path: string): KernelOp[] => [
  { op: 'netns', path },
  ...NAMESPACE_SYSCTLS.map(
    ([key, value]): KernelOp => ({ op: 'sysctl', namespace: path, key, value, tolerate: [ENOENT] }),
  ),
];

/** One cable of a sandbox: the host's end, and the container's with its name until it is attached. */
export type Cable = { readonly name: string; readonly hostIndex: number; readonly peerIndex: number };
export const PEER_NAME = 'eth0';

/** `guarded`: the place for its filter is made too, see host/pool.ts. */
export const planPooled = (path: string, cable: Cable, guarded: boolean): KernelOp[] => [
  ...planNamespace(path),
  netlink([newCable(path, cable, PEER_NAME), ...(guarded ? [newIngress(cable.hostIndex)] : [])]),
  withoutIpv6(cable.name),
];

/**
 * Whether the kernel has what guards are made of is told by putting one on this link, which lets all pass, and off again.
 * The place for filters stays: others may have some there.
 */
export const planGuardProbe = (index: number): KernelOp[] => [
  netlink([newIngress(index)], { tolerate: [EEXIST] }),
  netlink([newFilter(index, [PASS], PROBE), deleteFilter(index, PROBE)]),
];

const PROBE: FilterPlace = { handle: 0xfffe, preference: 0xfffe };

export type Attachment = {
  readonly endpoint: Endpoint;
  readonly cable: Cable;
  /** Index of the bridge that has a free port. */
  readonly bridge: number;
  readonly mtu?: number;
  /** The pair is there already, out of the pool. */
  readonly pooled: boolean;
  /** The other subnets of its network: on the same segment, so reached without the gateway, which internal ones lack. */
  readonly subnets?: readonly Cidr[];
};
/** `prepared`: its cable is out of a pool that was `guarded`. */
export type Guard = Sender & { readonly index: number; readonly prepared: boolean };
export type Wiring = {
  readonly namespace: string;
  readonly attachments: readonly Attachment[];
  /** Of all its cables, also those that it has already: what it may send there follows from all its addresses. */
  readonly guards?: readonly Guard[];
  /** Whose gateway is the default route. */
  readonly gateway?: string;
  readonly sysctls?: Readonly<Record<string, string>>;
};

/**
 * Attachment, address and route in one batch; it may run twice, and the second time changes nothing. A pooled link gets
 * its name first, so that a new one may have the name that it had.
 */
export function planWiring(wiring: Wiring): KernelOp[] {
  const { namespace, attachments } = wiring;
  const made = attachments.filter((each) => !each.pooled);
  const renamed = attachments.filter((each) => each.pooled && each.endpoint.interface !== PEER_NAME);
  return [
    ...renamed.map((each) =>
      netlink([setLink({ index: each.cable.peerIndex, name: each.endpoint.interface })], { namespace }),
    ),
    ...made.flatMap((each) => [
      netlink([newCable(namespace, each.cable, each.endpoint.interface, each.mtu)], { tolerate: [EEXIST] }),
      withoutIpv6(each.cable.name),
    ]),
    ...joined([...(wiring.guards ?? []).flatMap(guard), ...attachments.flatMap((each) => hostSide(each))]),
    ...(attachments.length === 0
      ? []
      : [
          netlink([...attachments.flatMap((each) => insideSide(each)), ...defaultRoute(wiring)], {
            namespace,
          }),
        ]),
    ...Object.entries(wiring.sysctls ?? {}).map(
      ([key, value]): KernelOp => ({ op: 'sysctl', namespace, key: key.replaceAll('.', '/'), value }),
    ),
  ];
}

const joined = (messages: readonly Message[]): KernelOp[] =>
  messages.length === 0 ? [] : [netlink(messages)];

/** Subnets that a network got since the container was attached. */
export const planReach = (namespace: string, cable: Cable, subnets: readonly Cidr[]): KernelOp[] => [
  netlink(
    subnets.map((each) => newLinkRoute(each, cable.peerIndex)),
    { namespace },
  ),
];

export const planRemove = (paths: readonly string[]): KernelOp[] =>
  paths.map((path) => ({ op: 'netns-remove', path }));

function newCable(path: string, cable: Cable, peer: string, mtu?: number): Message {
  return newVeth({
    host: { name: cable.name, index: cable.hostIndex },
    peer: { name: peer, index: cable.peerIndex },
    namespace: path,
    ...(mtu === undefined ? {} : { mtu }),
  });
}

/** Before anything is attached: no frame comes by unseen. */
const guard = ({ index, prepared, ...sender }: Guard): Message[] => [
  ...(prepared ? [] : [newIngress(index)]),
  newFilter(index, senderProgram(sender)),
];

function hostSide(each: Attachment): Message[] {
  const mtu = each.pooled && each.mtu !== undefined ? { mtu: each.mtu } : {};
  return [...attach(each.cable.hostIndex, each.bridge, mtu), withHairpin(each.cable.hostIndex)];
}

/** The master first: a port that comes up alone would answer for itself. */
const attach = (index: number, master: number, mtu: { readonly mtu?: number } = {}): Message[] => [
  setLink({ index, master, up: true, ...mtu }),
];

function insideSide(each: Attachment): Message[] {
  const { endpoint, cable } = each;
  const mtu = each.pooled && each.mtu !== undefined ? { mtu: each.mtu } : {};
  const address = endpoint.ipv4 === undefined ? undefined : addressOf(endpoint.ipv4);
  return [
    setLink({ index: cable.peerIndex, mac: endpoint.mac, ...mtu }),
    ...(address === undefined ? [] : [newAddress(cable.peerIndex, address, endpoint.ipv4PrefixLength ?? 32)]),
    setLink({ index: cable.peerIndex, up: true }),
    ...(each.subnets ?? []).map((subnet) => newLinkRoute(subnet, cable.peerIndex)),
  ];
}

function defaultRoute(wiring: Wiring): Message[] {
  const through = wiring.attachments.find((each) => each.endpoint.network === wiring.gateway);
  const gateway = through?.endpoint.gateway;
  return through === undefined || gateway === undefined
    ? []
    : [newDefaultRoute(addressOf(gateway), through.cable.peerIndex)];
}

function netlink(
  messages: readonly Message[],
  more: { readonly namespace?: string; readonly tolerate?: readonly number[] } = {},
): KernelOp {
  const joined = joinMessages(messages);
  const fds = joined.namespaceFds.length === 0 ? {} : { namespaceFds: joined.namespaceFds };
  return { op: 'netlink', messages: joined.bytes, ...fds, ...more };
}

function addressOf(text: string): number {
  const address = parseIpv4(text);
  assert(address !== undefined, `${text} is an IPv4 address`);
  return address;
}

/** Fixed, because a bridge otherwise takes the lowest of its ports' and changes it as they come and go. */
const bridgeMac = (seed: number): string => `02:43${macOf(seed).slice(5)}`;
export const formatGateway = (gateway: { readonly address: number; readonly prefixLength: number }): string =>
  `${formatIpv4(gateway.address)}/${gateway.prefixLength}`;
