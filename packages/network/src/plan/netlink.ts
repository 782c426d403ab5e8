/**
 * rtnetlink messages as bytes (rtnetlink(7), netlink(7)); the layouts are the kernel's uapi/linux/{rtnetlink,if_link,
 * if_addr,veth,pkt_sched,pkt_cls}.h, little-endian hosts only, which amd64 and arm64 are. Each message carries NLM_F_ACK.
 */
import { assert, type Cidr } from '@orc/model';
import type { Instruction } from './guard.ts';

export const RTM = {
  newlink: 16,
  dellink: 17,
  setlink: 19,
  newaddr: 20,
  newroute: 24,
  newqdisc: 36,
  newtfilter: 44,
  deltfilter: 45,
} as const;
export const NLM = { request: 1, ack: 4, replace: 0x100, excl: 0x200, create: 0x400 } as const;
export const IFLA = {
  address: 1,
  ifname: 3,
  mtu: 4,
  master: 10,
  linkinfo: 18,
  netNsFd: 28,
} as const;
export const INFO = {
  kind: 1,
  data: 2,
  slaveKind: 4,
  slaveData: 5,
  peer: 1,
  nfCallIptables: 36,
  nfCallIp6tables: 37,
} as const;
export const BRPORT_MODE = 4;
export const IFA = { address: 1, local: 2, broadcast: 4 } as const;
export const RTA = { destination: 1, oif: 4, gateway: 5 } as const;
export const TCA = { kind: 1, options: 2, bpfOpsLength: 4, bpfOps: 5, bpfFlags: 8 } as const;
const AF_INET = 2;
const IFF_UP = 1;
const HEADER = 16;

/** `offset`: where a namespace's descriptor belongs in the message, for `KernelOp.namespaceFds`. */
export type Message = {
  readonly bytes: Uint8Array;
  readonly namespaceFd?: { readonly offset: number; readonly path: string };
};

export type Bridge = {
  readonly name: string;
  readonly index: number;
  readonly mac: string;
  readonly mtu?: number;
};
/** A new bridge, down. It asks netfilter itself and does not rely on the global switch (DECISIONS 24). */
export const newBridge = (bridge: Bridge): Message =>
  link(RTM.newlink, NLM.create | NLM.excl, { index: bridge.index }, [
    text(IFLA.ifname, bridge.name),
    bytes(IFLA.address, macBytes(bridge.mac)),
    ...(bridge.mtu === undefined ? [] : [u32(IFLA.mtu, bridge.mtu)]),
    bridgeInfo(),
  ]);

/** Refused (EOPNOTSUPP) for a link of another kind. */
export const sameBridge = (index: number): Message => link(RTM.newlink, 0, { index }, [bridgeInfo()]);

const bridgeInfo = (): Uint8Array =>
  nested(IFLA.linkinfo, [
    text(INFO.kind, 'bridge'),
    nested(INFO.data, [u8(INFO.nfCallIptables, 1), u8(INFO.nfCallIp6tables, 1)]),
  ]);

export type VethEnd = { readonly name: string; readonly index: number };
export type Veth = {
  readonly host: VethEnd;
  readonly peer: VethEnd;
  readonly namespace?: string;
  readonly mtu?: number;
};
/**
 * A pair in one message, both ends down. The kernel takes the peer's index only when the host's is given too
 * (veth_newlink), and *up* in the peer's part is ENOTCONN.
 */
export function newVeth(veth: Veth): Message {
  const mtu = veth.mtu === undefined ? [] : [u32(IFLA.mtu, veth.mtu)];
  const descriptor = veth.namespace === undefined ? [] : [marked(IFLA.netNsFd)];
  const peer = concat([
    linkHeader({ index: veth.peer.index }),
    text(IFLA.ifname, veth.peer.name),
    ...mtu,
    ...descriptor,
  ]);
  const message = link(RTM.newlink, NLM.create | NLM.excl, { index: veth.host.index }, [
    text(IFLA.ifname, veth.host.name),
    ...mtu,
    nested(IFLA.linkinfo, [text(INFO.kind, 'veth'), nested(INFO.data, [bytes(INFO.peer, peer)])]),
  ]);
  if (veth.namespace === undefined) return message;
  return { ...message, namespaceFd: { offset: markOffset(message.bytes), path: veth.namespace } };
}

export type LinkChange = {
  readonly index: number;
  readonly name?: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** Index of the bridge. */
  readonly master?: number;
  readonly up?: boolean;
};
export const setLink = (change: LinkChange): Message =>
  link(RTM.setlink, 0, { index: change.index, up: change.up === true }, [
    ...(change.name === undefined ? [] : [text(IFLA.ifname, change.name)]),
    ...(change.mac === undefined ? [] : [bytes(IFLA.address, macBytes(change.mac))]),
    ...(change.mtu === undefined ? [] : [u32(IFLA.mtu, change.mtu)]),
    ...(change.master === undefined ? [] : [u32(IFLA.master, change.master)]),
  ]);

/**
 * A container's own published port comes back through the port that it left by: with nf_call_iptables the bridge
 * translates before it forwards. The link is a bridge's port already.
 */
export const withHairpin = (index: number): Message =>
  link(RTM.newlink, 0, { index }, [
    nested(IFLA.linkinfo, [text(INFO.slaveKind, 'bridge'), nested(INFO.slaveData, [u8(BRPORT_MODE, 1)])]),
  ]);

export const deleteLink = (name: string): Message =>
  link(RTM.dellink, 0, { index: 0 }, [text(IFLA.ifname, name)]);

/** Replaces an equal address, so that it can be said twice. */
export function newAddress(index: number, address: number, prefixLength: number): Message {
  const header = new Uint8Array([AF_INET, prefixLength, 0, 0, 0, 0, 0, 0]);
  new DataView(header.buffer).setUint32(4, index, true);
  const hostBits = prefixLength === 32 ? 0 : 0xffffffff >>> prefixLength;
  const broadcast = prefixLength < 31 ? [ipv4(IFA.broadcast, (address | hostBits) >>> 0)] : [];
  const attributes = [ipv4(IFA.local, address), ipv4(IFA.address, address), ...broadcast];
  return message(RTM.newaddr, NLM.create | NLM.replace, concat([header, ...attributes]));
}

/** The IPv4 default route; its link follows from the gateway. */
export function newDefaultRoute(gateway: number, index: number): Message {
  const [table, protocol, scope, unicast] = [254, 4, 0, 1];
  const header = new Uint8Array([AF_INET, 0, 0, 0, table, protocol, scope, unicast, 0, 0, 0, 0]);
  const attributes = [ipv4(RTA.gateway, gateway), u32(RTA.oif, index)];
  return message(RTM.newroute, NLM.create | NLM.replace, concat([header, ...attributes]));
}

/** To a subnet on the link itself; said twice it is there once. */
export function newLinkRoute({ base, prefixLength }: Cidr, index: number): Message {
  const [table, protocol, scope, unicast] = [254, 4, 253, 1];
  const header = new Uint8Array([AF_INET, prefixLength, 0, 0, table, protocol, scope, unicast, 0, 0, 0, 0]);
  return message(
    RTM.newroute,
    NLM.create | NLM.replace,
    concat([header, ipv4(RTA.destination, base), u32(RTA.oif, index)]),
  );
}

/** Where filters of a link's incoming packets hang (tc(8), `ingress`); said twice it is there once. */
export const newIngress = (index: number): Message =>
  message(RTM.newqdisc, NLM.create, concat([ingressHeader(index), text(TCA.kind, 'ingress')]));

/** Where a filter is among those of a link; the one with the lowest preference is asked first. */
export type FilterPlace = { readonly handle: number; readonly preference: number };
const FIRST: FilterPlace = { handle: 1, preference: 1 };

/** Of all protocols; it replaces the one in its place. The program's result is the verdict. */
export function newFilter(index: number, program: readonly Instruction[], place = FIRST): Message {
  const directAction = 1;
  const header = filterHeader(index, place);
  const options = nested(TCA.options, [
    bytes(TCA.bpfOpsLength, new Uint8Array([program.length & 255, program.length >> 8])),
    bytes(TCA.bpfOps, concat(program.map(instructionBytes))),
    u32(TCA.bpfFlags, directAction),
  ]);
  return message(RTM.newtfilter, NLM.create, concat([header, text(TCA.kind, 'bpf'), options]));
}

export const deleteFilter = (index: number, place: FilterPlace): Message =>
  message(RTM.deltfilter, 0, concat([filterHeader(index, place), text(TCA.kind, 'bpf')]));

/** ETH_P_ALL, in the order of the net. */
const ALL_PROTOCOLS = 0x0300;
const filterHeader = (index: number, { handle, preference }: FilterPlace): Uint8Array =>
  trafficHeader([index, handle, INGRESS, preference * 2 ** 16 + ALL_PROTOCOLS]);

const INGRESS = 0xffff0000;
const INGRESS_PARENT = 0xfffffff1;
const ingressHeader = (index: number): Uint8Array => trafficHeader([index, INGRESS, INGRESS_PARENT, 0]);

/** struct tcmsg: family and padding, then index, handle, parent, info. */
function trafficHeader(fields: readonly [number, number, number, number]): Uint8Array {
  const out = new Uint8Array(20);
  const view = new DataView(out.buffer);
  fields.forEach((each, at) => view.setUint32(4 + 4 * at, each, true));
  return out;
}

function instructionBytes([code, jumpTrue, jumpFalse, operand]: Instruction): Uint8Array {
  const out = new Uint8Array([code, 0, jumpTrue, jumpFalse, 0, 0, 0, 0]);
  new DataView(out.buffer).setUint32(4, operand, true);
  return out;
}

/** Numbered one after the other, so that an ACK names its message. */
export function joinMessages(messages: readonly Message[]): {
  readonly bytes: Uint8Array;
  readonly namespaceFds: readonly { readonly offset: number; readonly path: string }[];
} {
  const joined = concat(messages.map((each) => each.bytes));
  const namespaceFds: { offset: number; path: string }[] = [];
  let at = 0;
  messages.forEach((each, sequence) => {
    new DataView(joined.buffer).setUint32(at + 8, sequence + 1, true);
    if (each.namespaceFd !== undefined) {
      namespaceFds.push({ offset: at + each.namespaceFd.offset, path: each.namespaceFd.path });
    }
    at += each.bytes.length;
  });
  return { bytes: joined, namespaceFds };
}

function link(
  type: number,
  flags: number,
  header: { readonly index: number; readonly up?: boolean },
  attributes: readonly Uint8Array[],
): Message {
  return message(type, flags, concat([linkHeader(header), ...attributes]));
}

/** struct ifinfomsg: family, pad, type, index, flags, change. */
function linkHeader(header: { readonly index: number; readonly up?: boolean }): Uint8Array {
  const out = new Uint8Array(16);
  const view = new DataView(out.buffer);
  view.setInt32(4, header.index, true);
  view.setUint32(8, header.up === true ? IFF_UP : 0, true);
  view.setUint32(12, header.up === true ? IFF_UP : 0, true);
  return out;
}

function message(type: number, flags: number, body: Uint8Array): Message {
  const out = new Uint8Array(HEADER + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, out.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags | NLM.request | NLM.ack, true);
  out.set(body, HEADER);
  return { bytes: out };
}

/** struct rtattr: its length counts header and payload; the padding to four bytes comes after. */
function bytes(type: number, payload: Uint8Array): Uint8Array {
  const length = 4 + payload.length;
  assert(length <= 0xffff, 'a netlink attribute is at most 64 KB');
  const out = new Uint8Array((length + 3) & ~3);
  const view = new DataView(out.buffer);
  view.setUint16(0, length, true);
  view.setUint16(2, type, true);
  out.set(payload, 4);
  return out;
}

const nested = (type: number, attributes: readonly Uint8Array[]): Uint8Array =>
  bytes(type, concat(attributes));
const text = (type: number, value: string): Uint8Array => bytes(type, new TextEncoder().encode(`${value}\0`));
const u8 = (type: number, value: number): Uint8Array => bytes(type, new Uint8Array([value]));

function u32(type: number, value: number): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, value, true);
  return bytes(type, payload);
}

function ipv4(type: number, value: number): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, value, false);
  return bytes(type, payload);
}

/** The descriptor is the last attribute of a veth's message, nested at the end of everything. */
const marked = (type: number): Uint8Array => u32(type, 0);
const markOffset = (whole: Uint8Array): number => whole.length - 4;

function macBytes(mac: string): Uint8Array {
  const parts = mac.split(':').map((part) => Number.parseInt(part, 16));
  assert(parts.length === 6 && parts.every((part) => part >= 0 && part <= 255), `${mac} is a MAC address`);
  return new Uint8Array(parts);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
