/** `ulimits:` as what setrlimit(2) takes. */
import { fail, nearestWord, RLIMIT_NAMES, type Ulimit } from '@orc/model';

export const RLIM_INFINITY: bigint = 2n ** 64n - 1n;

export type Rlimit = { readonly resource: number; readonly soft: bigint; readonly hard: bigint };

/**
 * Docker's. Limits are otherwise inherited from the shell that happened to start the launcher, so these are always
 * written; a host that cannot give them gives what it can.
 */
export const DEFAULT_ULIMITS: readonly Ulimit[] = [
  { name: 'core', soft: -1, hard: -1 },
  { name: 'nproc', soft: -1, hard: -1 },
  { name: 'nofile', soft: 1048576, hard: 1048576 },
];

/** The defaults with `ulimits` over them, by number. -1 is unlimited. Throws `input.invalid`. */
export function resolveRlimits(ulimits: readonly Ulimit[]): readonly Rlimit[] {
  const all = new Map<number, Rlimit>();
  for (const each of [...DEFAULT_ULIMITS, ...ulimits]) {
    const rlimit = resolve(each);
    all.set(rlimit.resource, rlimit);
  }
  return [...all.values()].sort((a, b) => a.resource - b.resource);
}

/**
 * `resolveRlimits` within what this host can give (`most`, by number; absent: anything). A default above it is lowered;
 * what the user asked for is refused with `kernel.missing`.
 */
export function boundedRlimits(
  ulimits: readonly Ulimit[],
  most: ReadonlyMap<number, bigint> | undefined,
): readonly Rlimit[] {
  const asked = new Set(ulimits.map((each) => resolve(each).resource));
  return resolveRlimits(ulimits).map((each) => {
    const bound = most?.get(each.resource);
    if (bound === undefined || each.hard <= bound) return each;
    if (!asked.has(each.resource))
      return { ...each, soft: each.soft < bound ? each.soft : bound, hard: bound };
    throw fail(
      'kernel.missing',
      `ulimit ${RLIMIT_NAMES[each.resource]}: ${each.hard === RLIM_INFINITY ? 'unlimited' : each.hard} is above the daemon's own hard limit ${bound}`,
      {
        hint: 'the daemon lacks CAP_SYS_RESOURCE: lower the limit, or give the daemon that capability',
      },
    );
  });
}

function resolve(ulimit: Ulimit): Rlimit {
  const name = ulimit.name.toLowerCase().replace(/^rlimit_/, '');
  const resource = RLIMIT_NAMES.indexOf(name);
  if (resource < 0) {
    const meant = nearestWord(name, RLIMIT_NAMES);
    const hint = meant === undefined ? `known are ${RLIMIT_NAMES.join(', ')}` : `did you mean ${meant}?`;
    throw fail('input.invalid', `unknown ulimit ${JSON.stringify(ulimit.name)}`, { hint });
  }
  const [soft, hard] = [toLimit(ulimit, ulimit.soft), toLimit(ulimit, ulimit.hard)];
  if (soft > hard) {
    const message = `ulimit ${name}: soft limit ${ulimit.soft} is above the hard limit ${ulimit.hard}`;
    throw fail('input.invalid', message, { hint: 'raise the hard limit or lower the soft one' });
  }
  return { resource, soft, hard };
}

function toLimit(ulimit: Ulimit, value: number): bigint {
  if (value === -1) return RLIM_INFINITY;
  if (Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw fail('input.invalid', `ulimit ${ulimit.name}: ${value} is no limit`, {
    hint: 'a whole number, or -1 for unlimited',
  });
}
