/** Identities. Ids are chosen by whoever proposes an object, from the `World`'s randomness. */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 64 lower-case hex digits, as docker's. */
export type ContainerId = Branded<'ContainerId'>;
/** 25 characters of base 36. */
export type ObjectId = Branded<'ObjectId'>;
/** `sha256:` and 64 hex digits. */
export type Digest = Branded<'Digest'>;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const CONTAINER_ID = /^[0-9a-f]{64}$/;

export const isDigest = (text: string): text is Digest => DIGEST.test(text);
export const isContainerId = (text: string): text is ContainerId => CONTAINER_ID.test(text);

type RandomBytes = (count: number) => Uint8Array;

/** Never all decimal digits in the first twelve, so that a short id cannot be read as a number. */
export function newContainerId(random: RandomBytes): ContainerId {
  for (;;) {
    const id = Array.from(random(32), (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (/[a-f]/.test(id.slice(0, 12))) return id as ContainerId;
  }
}

export function newObjectId(random: RandomBytes): ObjectId {
  let value = 0n;
  for (const byte of random(17)) value = (value << 8n) | BigInt(byte);
  return value.toString(36).padStart(25, '0').slice(-25) as ObjectId;
}

export type Resolved<T> =
  | { readonly found: T }
  | { readonly missing: true }
  | { readonly ambiguous: readonly string[] };

/** By whole id, whole name, or unique prefix of an id; in this order, as docker resolves. */
export function resolveId<T extends { readonly id: string; readonly name: string }>(
  all: Iterable<T>,
  wanted: string,
): Resolved<T> {
  const rows = [...all];
  const exact = rows.find((row) => row.id === wanted) ?? rows.find((row) => row.name === wanted);
  if (exact !== undefined) return { found: exact };
  const prefixed = wanted === '' ? [] : rows.filter((row) => row.id.startsWith(wanted));
  if (prefixed.length === 1) return { found: prefixed[0] as T };
  return prefixed.length === 0 ? { missing: true } : { ambiguous: prefixed.map((row) => row.id) };
}
