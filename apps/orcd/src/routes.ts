/** Subnets that routes of this host lead to: networks of ours never overlap them. */
import { readFileSync } from 'node:fs';
import { formatIpv4 } from '@orc/model';

/** /proc/net/route (proc(5)): addresses are little-endian hexadecimal; the default route is left out. */
export function hostRoutes(text = readFileSync('/proc/net/route', 'utf8')): readonly string[] {
  return text
    .trim()
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const columns = line.split('\t');
      const mask = littleEndian(columns[7] ?? '00000000');
      return mask === 0
        ? []
        : [`${formatIpv4(littleEndian(columns[1] ?? '00000000'))}/${32 - trailingZeros(mask)}`];
    });
}

const littleEndian = (hex: string): number => Buffer.from(hex, 'hex').readUInt32LE(0);

const trailingZeros = (mask: number): number => 31 - Math.clz32(mask & -mask);
