/** Ethernet frames as a forger would put them together: each of the sender's names is said apart. */
import { parseIpv4 } from '@orc/model';

export type Named = { readonly mac: string; readonly ip: string };

export const BROADCAST = 'ff:ff:ff:ff:ff:ff';
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');

export function ipBytes(ip: string): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(parseIpv4(ip) ?? 0);
  return out;
}

/** `tags`: of VLANs, the outer one first. */
export const ethernet = (
  to: string,
  from: string,
  type: number,
  payload: Uint8Array,
  tags: readonly number[] = [],
): Buffer =>
  Buffer.concat([
    macBytes(to),
    macBytes(from),
    ...tags.map((vlan) => Buffer.from([0x81, 0, vlan >> 8, vlan & 255])),
    Buffer.from([type >> 8, type & 255]),
    payload,
  ]);

/** A UDP packet that says `text`; RFC 791 and 768. */
export function ipv4(from: string, to: string, text: string): Buffer {
  const data = Buffer.from(text);
  const udp = Buffer.from([0x27, 0x0f, 0x27, 0x0f, 0, 8 + data.length, 0, 0, ...data]);
  const head = Buffer.from([0x45, 0, 0, 20 + udp.length, 0, 0, 0, 0, 64, 17, 0, 0]);
  const whole = Buffer.concat([head, ipBytes(from), ipBytes(to)]);
  whole.writeUInt16BE(checksum(whole), 10);
  return Buffer.concat([whole, udp]);
}

function checksum(head: Buffer): number {
  let sum = 0;
  for (let at = 0; at < head.length; at += 2) sum += head.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** RFC 826; `operation` 1 asks, 2 answers. */
export const arp = (operation: 1 | 2, sender: Named, target: Named): Buffer =>
  Buffer.concat([
    Buffer.from([0, 1, 8, 0, 6, 4, 0, operation]),
    macBytes(sender.mac),
    ipBytes(sender.ip),
    macBytes(target.mac),
    ipBytes(target.ip),
  ]);

export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
export const macFrom = (value: number): string =>
  (value.toString(16).padStart(12, '0').match(/../g) ?? []).join(':');
