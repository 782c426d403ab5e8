/** IPv4 arithmetic for whoever hands out addresses. An address is an unsigned 32-bit number. */

export type Cidr = { readonly base: number; readonly prefixLength: number };

const OCTETS = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

export function parseIpv4(text: string): number | undefined {
  const match = OCTETS.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1).map(Number);
  if (parts.some((part) => part > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + part, 0);
}

export const formatIpv4 = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');

/** The base is masked: `10.0.0.7/24` has base 10.0.0.0. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, length, ...rest] = text.split('/');
  const value = parseIpv4(address ?? '');
  const prefixLength = Number(length);
  if (value === undefined || rest.length > 0 || !/^\d{1,2}$/.test(length ?? '') || prefixLength > 32)
    return undefined;
  return { base: maskTo(value, prefixLength), prefixLength };
}

export const formatCidr = (cidr: Cidr): string => `${formatIpv4(cidr.base)}/${cidr.prefixLength}`;
export const sizeOf = (cidr: Cidr): number => 2 ** (32 - cidr.prefixLength);
export const maskTo = (value: number, prefixLength: number): number =>
  prefixLength === 0 ? 0 : (value & (~0 << (32 - prefixLength))) >>> 0;
export const contains = (cidr: Cidr, address: number): boolean =>
  maskTo(address, cidr.prefixLength) === cidr.base;
export const overlaps = (a: Cidr, b: Cidr): boolean => contains(a, b.base) || contains(b, a.base);

/** The first subnet of `prefixLength` in `pool` that overlaps none of `taken`. */
export function firstFreeSubnet(pool: Cidr, prefixLength: number, taken: readonly Cidr[]): Cidr | undefined {
  const step = 2 ** (32 - prefixLength);
  for (let base = pool.base; base < pool.base + sizeOf(pool); base += step) {
    const candidate = { base: base >>> 0, prefixLength };
    if (!taken.some((each) => overlaps(each, candidate))) return candidate;
  }
  return undefined;
}

/** The first host address of `cidr` in `range` that is not taken; never the network or broadcast address of `cidr`. */
export function firstFreeAddress(
  cidr: Cidr,
  taken: ReadonlySet<number>,
  range: Cidr = cidr,
): number | undefined {
  const [first, last] = hostsOf(cidr, range);
  for (let address = first; address <= last; address += 1) if (!taken.has(address)) return address;
  return undefined;
}

/** From the first to the last address of `range` that a host in `cidr` can have; none when the first is above the last. */
export const hostsOf = (cidr: Cidr, range: Cidr): readonly [number, number] => [
  Math.max(range.base, cidr.base + 1),
  Math.min(range.base + sizeOf(range) - 1, cidr.base + sizeOf(cidr) - 2),
];

/** Locally administered, from the address: `02:42:ac:11:00:02`, as docker does. */
export const macOf = (address: number): string =>
  [
    '02',
    '42',
    ...[24, 16, 8, 0].map((shift) => ((address >>> shift) & 255).toString(16).padStart(2, '0')),
  ].join(':');
