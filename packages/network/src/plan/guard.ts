/**
 * What a container may send, as a classic BPF program (Linux Documentation/networking/filter.rst) for the host's end of its
 * cable: frames from its own MAC address, and in them IPv4 and ARP from its own addresses. Offsets count from the Ethernet header.
 */
import { assert, parseIpv4 } from '@orc/model';

/** `addresses`: all of the container's, also those on its other cables, since Linux may ask and answer with any of them. */
export type Sender = { readonly mac: string; readonly addresses: readonly string[] };
/** struct sock_filter: one of them is code, true, false, operand. */
export type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];

/**
 * A frame too short for a load ends the program with 0, which is TC_ACT_OK: its receiver cannot read the sender either.
 * Without an address (DHCP, the probe for a duplicate) the sender is 0.0.0.0, which names nobody.
 */
export function senderProgram({ mac, addresses }: Sender): readonly Instruction[] {
  const { high, low } = splitMac(mac);
  const arp = [load16(22), ...only(high), load32(24), ...only(low), load32(28)];
  return [
    load32(8),
    ...only(low),
    load16(6),
    ...only(high),
    load16(12),
    ...TAGS.flatMap((each) => ifEqual(each, [DROP])),
    ...ifEqual(ETHERTYPE.ipv4, [load32(26), skip(2 + arp.length)]),
    ...ifOther(ETHERTYPE.arp, [PASS]),
    ...arp,
    ...[0, ...addresses.map(addressOf)].flatMap((each) => ifEqual(each, [PASS])),
    DROP,
  ];
}

const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806 } as const;
/**
 * The kernel takes the outer VLAN tag off before the program runs; a second one would hide what is behind it, and receivers
 * take off two of VLAN 0.
 */
const TAGS = [0x8100, 0x88a8] as const;

/** TC_ACT_UNSPEC: filters of others, if there are any, go on; and TC_ACT_SHOT. */
export const PASS: Instruction = [0x06, 0, 0, 0xffffffff];
const DROP: Instruction = [0x06, 0, 0, 2];

const load16 = (offset: number): Instruction => [0x28, 0, 0, offset];
const load32 = (offset: number): Instruction => [0x20, 0, 0, offset];
const skip = (count: number): Instruction => [0x05, 0, 0, count];
const ifEqual = (value: number, then: readonly Instruction[]): Instruction[] => [
  [0x15, 0, then.length, value],
  ...then,
];
const ifOther = (value: number, then: readonly Instruction[]): Instruction[] => [
  [0x15, then.length, 0, value],
  ...then,
];
const only = (value: number): Instruction[] => ifOther(value, [DROP]);

function splitMac(mac: string): { readonly high: number; readonly low: number } {
  const value = Number.parseInt(mac.replaceAll(':', ''), 16);
  assert(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac), `${mac} is a MAC address`);
  return { high: Math.floor(value / 2 ** 32), low: value % 2 ** 32 };
}

function addressOf(text: string): number {
  const address = parseIpv4(text);
  assert(address !== undefined, `${text} is an IPv4 address`);
  return address;
}
