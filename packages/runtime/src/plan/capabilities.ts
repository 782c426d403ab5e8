/**
 * Capability sets of a container's first process, by docker's rules. Inheritable and ambient stay empty whatever is
 * asked: a filled inheritable set was CVE-2022-24769 and its relatives.
 */
import { CAPABILITY_NAMES, fail, nearestWord } from '@orc/model';

export const ALL_CAPABILITIES: bigint = (1n << BigInt(CAPABILITY_NAMES.length)) - 1n;
/** Docker's fourteen. */
export const DEFAULT_CAPABILITIES: bigint = 0xa80425fbn;

export type Capabilities = {
  readonly bounding: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
  /** Of the bounding set, with `CAP_`, by number. */
  readonly names: readonly string[];
};

/**
 * `add` wins over `drop`; `ALL` in `add` is everything but what `drop` names; `ALL` in `drop` leaves what `add` names.
 * A user other than root starts with nothing permitted, the bounding set kept, as the kernel does at setuid. Throws
 * `input.invalid` for a name that no kernel knows.
 */
export function resolveCapabilities(request: {
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly privileged: boolean;
  readonly uid: number;
  /** What this host has to give (CapBnd of /proc/self/status): some lack a few, and capset(2) refuses the rest. */
  readonly available?: bigint;
}): Capabilities {
  const add = toMask(request.add);
  const drop = toMask(request.drop);
  const wanted = request.privileged ? ALL_CAPABILITIES : combine(add, drop);
  const bounding = wanted & (request.available ?? ALL_CAPABILITIES);
  const held = request.uid === 0 ? bounding : 0n;
  const names = CAPABILITY_NAMES.filter((_, at) => (bounding >> BigInt(at)) & 1n).map(
    (name) => `CAP_${name}`,
  );
  return { bounding, permitted: held, effective: held, inheritable: 0n, ambient: 0n, names };
}

type Mask = { readonly all: boolean; readonly bits: bigint };

function combine(add: Mask, drop: Mask): bigint {
  if (add.all) return ALL_CAPABILITIES & ~drop.bits;
  if (drop.all) return add.bits;
  return (DEFAULT_CAPABILITIES & ~drop.bits) | add.bits;
}

function toMask(names: readonly string[]): Mask {
  let all = false;
  let bits = 0n;
  for (const name of names) {
    const plain = name.toUpperCase().replace(/^CAP_/, '');
    if (plain === 'ALL') all = true;
    else bits |= bitOf(name, plain);
  }
  return { all, bits };
}

function bitOf(name: string, plain: string): bigint {
  const at = CAPABILITY_NAMES.indexOf(plain);
  if (at !== -1) return 1n << BigInt(at);
  const meant = nearestWord(plain, CAPABILITY_NAMES);
  const hint = meant === undefined ? 'see capabilities(7) for their names' : `did you mean ${meant}?`;
  throw fail('input.invalid', `unknown capability ${JSON.stringify(name)}`, { hint });
}
