/**
 * Other firewalls of the host. An accept of ours cannot undo a drop in another base chain, so where one drops by
 * default it gets commented rules of ours (DECISIONS 23). Read from `nft -j`, written as `nft` commands.
 */
import { bridgePattern } from './links.ts';

export type Barrier = {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly hook: 'forward' | 'input';
  /** Why it stands in the way: `policy drop`, or `ends with drop`. */
  readonly why: string;
};

type Row = {
  readonly table?: { readonly family: string; readonly name: string };
  readonly chain?: {
    readonly family: string;
    readonly table: string;
    readonly name: string;
    readonly hook?: string;
    readonly type?: string;
    readonly policy?: string;
  };
  readonly rule?: {
    readonly handle: number;
    readonly comment?: string;
    readonly expr?: readonly Expression[];
  };
};
type Expression = Readonly<Record<string, unknown>>;

const parse = (json: string): readonly Row[] => (JSON.parse(json) as { nftables: readonly Row[] }).nftables;

/** Tables of instances stop nobody else's packets, and change with each of their containers. */
const OF_AN_INSTANCE = /^orc(-[0-9a-f]{6})?(-kept)?$/;
const isKept = (table: string): boolean => table.endsWith('-kept');

/** Base chains on our way, of every table but ours; `why` is empty where only their rules can tell. */
export function baseChains(json: string, own: string): Barrier[] {
  return parse(json).flatMap(({ chain }) => {
    if (chain === undefined || chain.type !== 'filter' || !['ip', 'inet'].includes(chain.family)) return [];
    const ours = chain.table === own || (chain.family === 'inet' && OF_AN_INSTANCE.test(chain.table));
    if (ours || (chain.hook !== 'forward' && chain.hook !== 'input')) return [];
    const { family, table, name, hook } = chain;
    return [{ family, table, chain: name, hook, why: chain.policy === 'drop' ? 'policy drop' : '' }];
  });
}

/** The chain of an instance's table that keeps strangers from being forwarded. */
export const GUARD = 'strangers';

export const hasGuard = (json: string): boolean =>
  parse(json).some(
    ({ chain }) => chain?.name === GUARD && chain.family === 'inet' && OF_AN_INSTANCE.test(chain.table),
  );

/** Their tables. */
export const otherInstances = (json: string, own: string): readonly string[] =>
  parse(json).flatMap(({ table }) =>
    table?.family === 'inet' && table.name !== own && OF_AN_INSTANCE.test(table.name) && !isKept(table.name)
      ? [table.name]
      : [],
  );

/** NFPROTO_INET. */
const OF_A_TABLE = /^table 1 (\S+)$/;

/** Of a table that `Kernel.ruleWatch` tells of: whether it may be about other firewalls, or about our own table. */
export function concerns(line: string, own: string): boolean {
  const table = OF_A_TABLE.exec(line)?.[1];
  return table === undefined || table === own || !OF_AN_INSTANCE.test(table);
}

export const hasTable = (json: string, own: string): boolean =>
  parse(json).some(({ chain }) => chain?.family === 'inet' && chain.table === own);

/** Where the rules go: docker keeps a chain for them, and reads its own before ours otherwise. */
export function placeOf(barrier: Barrier, json: string): Barrier {
  const user = parse(json).some(
    ({ chain }) =>
      chain?.name === 'DOCKER-USER' && chain.table === barrier.table && chain.family === barrier.family,
  );
  return user && barrier.hook === 'forward' ? { ...barrier, chain: 'DOCKER-USER' } : barrier;
}

/** A chain that accepts by policy may still end with a rule that drops everything, as firewalld's do. */
export function closingRule(json: string): string {
  const last = parse(json).findLast((row) => row.rule !== undefined)?.rule?.expr ?? [];
  const verdicts = last.filter((each) => !('counter' in each) && !('log' in each));
  const [only] = verdicts;
  if (verdicts.length !== 1 || only === undefined) return '';
  return 'drop' in only ? 'ends with drop' : 'reject' in only ? 'ends with reject' : '';
}

/** It tells the port too, so that a rule for another one is known to be out of date. */
export const ruleComment = (instance: string, place: Barrier, dnsPort: number): string =>
  place.hook === 'forward' ? `${instance} containers` : `${instance} names ${dnsPort}`;

export type OwnRule = { readonly handle: number; readonly comment: string };

export const ownRules = (json: string, instance: string): OwnRule[] =>
  parse(json).flatMap(({ rule }) => {
    const comment = rule?.comment ?? '';
    const own = comment === `${instance} containers` || comment.startsWith(`${instance} names `);
    return rule !== undefined && own ? [{ handle: rule.handle, comment }] : [];
  });

/** What lets containers through: all of theirs when forwarding, since our own table isolates them; only names as input. */
export function acceptRules(instance: string, place: Barrier, dnsPort: number): string[] {
  const links = `"${bridgePattern(instance)}"`;
  const comment = `comment "${ruleComment(instance, place, dnsPort)}"`;
  const matches =
    place.hook === 'forward'
      ? [`iifname ${links}`, `oifname ${links}`]
      : [`iifname ${links} udp dport ${dnsPort}`, `iifname ${links} tcp dport ${dnsPort}`];
  return matches.map((each) => `insert rule ${at(place)} ${each} accept ${comment}`);
}

export const deleteRules = (place: Barrier, rules: readonly OwnRule[]): string[] =>
  rules.map((rule) => `delete rule ${at(place)} handle ${rule.handle}`);

export const at = (place: Barrier): string => `${place.family} ${place.table} ${place.chain}`;
export const describe = (barrier: Barrier, place: Barrier): string =>
  `${at(barrier)} (${barrier.hook}, ${barrier.why}): accepted in ${place.chain}`;
