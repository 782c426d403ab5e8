/** Which image of an index runs here (containerd's platforms: normalised names, variants in falling order). */
import { fail } from '@orc/model';
import type { Descriptor, Platform } from './documents.ts';

const ARCHITECTURES: Readonly<Record<string, Platform>> = {
  x86_64: { os: 'linux', architecture: 'amd64' },
  'x86-64': { os: 'linux', architecture: 'amd64' },
  x64: { os: 'linux', architecture: 'amd64' },
  aarch64: { os: 'linux', architecture: 'arm64' },
  armhf: { os: 'linux', architecture: 'arm', variant: 'v7' },
  armel: { os: 'linux', architecture: 'arm', variant: 'v6' },
  i386: { os: 'linux', architecture: '386' },
  i686: { os: 'linux', architecture: '386' },
  ia32: { os: 'linux', architecture: '386' },
};
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7' };

/** `linux/arm64/v8`, `linux/amd64`, `arm64`. Throws `input.invalid`. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const [first = '', second, variant] = parts.length === 1 ? ['linux', parts[0] as string] : parts;
  const valid = parts.length <= 3 && parts.every((part) => /^[a-z0-9_.-]+$/.test(part));
  if (!valid || second === undefined) {
    throw fail('input.invalid', `invalid platform ${JSON.stringify(text)}`, {
      hint: 'write os/architecture[/variant]',
    });
  }
  return normalise({ os: first, architecture: second, ...(variant === undefined ? {} : { variant }) });
}

/** Of Node's `process.arch`. */
export const hostPlatform = (arch: string): Platform =>
  normalise({ os: 'linux', architecture: arch === 'arm' ? 'armhf' : arch });

export const formatPlatform = (platform: Platform): string =>
  [platform.os, platform.architecture, ...(platform.variant === undefined ? [] : [platform.variant])].join(
    '/',
  );

export const matchesPlatform = (wanted: Platform, found: Platform): boolean =>
  rank(wanted, normalise(found)) > 0;

/** The best match; attestations and unknown platforms never match. `undefined`: none. */
export function choosePlatform(wanted: Platform, rows: readonly Descriptor[]): Descriptor | undefined {
  const ranked = rows
    .map((row) => ({ row, rank: row.platform === undefined ? 0 : rank(wanted, normalise(row.platform)) }))
    .filter((each) => each.rank > 0);
  ranked.sort((a, b) => b.rank - a.rank);
  if (ranked[0] !== undefined) return ranked[0].row;
  return rows.length === 1 && rows[0]?.platform === undefined ? rows[0] : undefined;
}

/** 0: does not run. A lower variant of the same architecture does; the nearest is the best. */
function rank(wanted: Platform, found: Platform): number {
  if (wanted.os !== found.os || wanted.architecture !== found.architecture) return 0;
  const [want, have] = [variantNumber(wanted), variantNumber(found)];
  return have > want ? 0 : 100 - (want - have);
}

const variantNumber = (platform: Platform): number => {
  const variant = platform.variant ?? DEFAULT_VARIANTS[platform.architecture] ?? 'v1';
  const number = Number(variant.replace(/^v/, ''));
  return Number.isFinite(number) ? number : 99;
};

function normalise(platform: Platform): Platform {
  const known = ARCHITECTURES[platform.architecture];
  const architecture = known?.architecture ?? platform.architecture;
  const variant = platform.variant ?? known?.variant;
  const plain = variant === undefined || variant === DEFAULT_VARIANTS[architecture];
  return { os: platform.os, architecture, ...(plain ? {} : { variant }) };
}
