/** Names of links within 15 bytes. Whose a link is can be told from its name alone: this is what sweeping goes by. */
import { assert } from '@orc/model';
import { LIMITS } from '../limits.ts';

/** `plain` instances are called `orc`; others `orc-3fa9c1`, and their bridges carry the index in hex to fit. */
const separator = (instance: string): string => (instance.includes('-') ? '-' : '');

export function bridgeName(instance: string, index: number): string {
  const number = separator(instance) === '' ? String(index) : index.toString(16);
  return bounded(`${instance}${separator(instance)}${number}`);
}

/** A further bridge of a network with more containers than one bridge has ports. */
export const extensionName = (instance: string, serial: number): string =>
  bounded(`${instance}x${base36(serial)}`);
/** Both ends of the cable between a network's bridge and its extension. */
export const cableNames = (instance: string, serial: number): readonly [string, string] => [
  bounded(`${instance}j${base36(serial)}`),
  bounded(`${instance}k${base36(serial)}`),
];
export const vethName = (instance: string, serial: number): string =>
  bounded(`${instance}v${base36(serial)}`);

/** A namespace without a cable; others have the name of theirs. */
export const namespaceName = (index: number): string => `n${index.toString(36)}`;
export function namespaceIndex(name: string): number | undefined {
  const match = /^n([0-9a-z]{5,6})$/.exec(name);
  return match === null ? undefined : Number.parseInt(match[1] ?? '', 36);
}

export const SERIALS: number = 36 ** 4;
const base36 = (serial: number): string => (serial % SERIALS).toString(36).padStart(4, '0');

function bounded(name: string): string {
  assert(name.length <= LIMITS.interfaceNameMax, `the link name ${name} has at most 15 bytes`);
  return name;
}

export type LinkRole = 'bridge' | 'extension' | 'cable' | 'veth';

/** What a link of this instance is for; undefined for the links of everybody else. */
export function linkRole(instance: string, name: string): LinkRole | undefined {
  if (!name.startsWith(instance)) return undefined;
  const rest = name.slice(instance.length);
  const bridge = separator(instance) === '' ? /^\d+$/ : /^-[0-9a-f]+$/;
  if (bridge.test(rest)) return 'bridge';
  const match = /^([xjkv])[0-9a-z]{4}$/.exec(rest);
  if (match === null) return undefined;
  return match[1] === 'x' ? 'extension' : match[1] === 'v' ? 'veth' : 'cable';
}

/** How the rule of another firewall names all bridges of this instance. */
export const bridgePattern = (instance: string): string => `${instance}${separator(instance)}*`;

/** An interface index out of the range that the kernel hands out last, from any 32 random bits. */
export const indexBase = (random: number): number => 0x1000_0000 + (random % 0x6000_0000);
