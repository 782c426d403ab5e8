/** Subnets out of the address pools, clear of everything that the host routes already. */
import { contains, formatIpv4, overlaps, sizeOf, type Cidr } from '@orc/model';

/** Cluster networks are taken from the front of the same pools, so a node's own network comes from the back. */
export const DEFAULT_POOLS = ['10.128.0.0/10', '172.16.0.0/12', '192.168.0.0/16'];
export const DEFAULT_PREFIX = 20;

export function lastFreeSubnet(
  pools: readonly Cidr[],
  prefixLength: number,
  taken: readonly Cidr[],
): Cidr | undefined {
  const step = 2 ** (32 - prefixLength);
  for (const pool of pools) {
    for (let base = pool.base + sizeOf(pool) - step; base >= pool.base; base -= step) {
      const candidate = { base, prefixLength };
      if (!taken.some((each) => overlaps(each, candidate))) return candidate;
    }
  }
  return undefined;
}

/**
 * What /proc/net/route says, without default routes and without routes over `own` links. Addresses are there as the
 * machine's own number, which is little-endian.
 */
export function parseRoutes(text: string, own: (link: string) => boolean): Cidr[] {
  const rows = text.trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const columns = row.trim().split(/\s+/);
    const [link, base, mask] = [columns[0] ?? '', swapped(columns[1] ?? ''), swapped(columns[7] ?? '')];
    if (own(link) || mask === 0) return [];
    return [{ base, prefixLength: 32 - Math.round(Math.log2(2 ** 32 - mask)) }];
  });
}

function swapped(hex: string): number {
  const value = Number.parseInt(hex, 16);
  const bytes = [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The host's own resolvers must not be covered either, or names would go to containers. */
export const coversNone = (subnet: Cidr, addresses: readonly number[]): boolean =>
  addresses.every((each) => !contains(subnet, each));
export const gatewayOf = (subnet: Cidr): string => formatIpv4(subnet.base + 1);
