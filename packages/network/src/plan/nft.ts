/**
 * The instance's one nftables table, rendered whole from the state. Ports are looked up in maps and bridges in sets,
 * so a packet costs the same with a thousand ports, and a port comes and goes as one element.
 */
import type { Protocol } from '@orc/model';
import { GUARD } from './firewall.ts';

export type BridgeRules = {
  readonly bridge: string;
  readonly extensions: readonly string[];
  /** No way in or out but from the host itself. */
  readonly internal: boolean;
  readonly masquerade: boolean;
  /** CIDRs. */
  readonly subnets: readonly string[];
  readonly gateways: readonly string[];
};
export type PublishedPort = {
  readonly protocol: Protocol;
  /** Absent: every address of the host. */
  readonly hostIp?: string;
  readonly hostPort: number;
  readonly address: string;
  readonly containerPort: number;
};
export type RuleState = {
  readonly bridges: readonly BridgeRules[];
  readonly ports: readonly PublishedPort[];
  /** The port that our name servers have on each gateway. */
  readonly dnsPort: number;
  /** The host forwards for us only. */
  readonly guarded: boolean;
};

/** Replaces the table in one transaction: at no instant are there no rules. */
export function renderTable(table: string, state: RuleState): string {
  return [
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...bodyOf(sets(state), chains(state)),
    '}',
    '',
  ].join('\n');
}

const bodyOf = (sets: readonly string[], chains: ReturnType<typeof closing>): readonly string[] => [
  ...sets.map((line) => `  ${line}`),
  ...chains.flatMap((chain) => [
    `  chain ${chain.name} {`,
    ...chain.lines.map((line) => `    ${line}`),
    '  }',
  ]),
];

/**
 * The commands that turn `before` into `after` when only ports differ; undefined when the table has to be rendered
 * anew; empty when nothing differs. Deletions come first, so that a port can move to another container.
 */
export function renderPortChanges(
  table: string,
  before: RuleState,
  after: RuleState,
): readonly string[] | undefined {
  const frame = (state: RuleState): string => JSON.stringify([state.bridges, state.dnsPort, state.guarded]);
  if (frame(before) !== frame(after)) return undefined;
  const [had, has] = [elementsOf(before.ports), elementsOf(after.ports)];
  const gone = [...had].filter(([key, value]) => has.get(key)?.data !== value.data);
  const come = [...has].filter(([key, value]) => had.get(key)?.data !== value.data);
  return [
    ...gone.map(([, each]) => `delete element inet ${table} ${each.map} { ${each.key} }`),
    ...come.map(([, each]) => `add element inet ${table} ${each.map} { ${each.key} : ${each.data} }`),
  ];
}

/**
 * What closes, in a table that its process owns; names and ports are left to the other. Of the owner's process only: the
 * first of its lines makes it, in the same transaction.
 */
export function renderKept(table: string, state: RuleState): string {
  const name = `inet ${table}-kept`;
  const links = state.bridges.flatMap((each) => [each.bridge, ...each.extensions]);
  return [
    `table ${name} { flags owner; }`,
    `delete table ${name}`,
    `table ${name} {`,
    '  flags owner;',
    ...bodyOf(linkSets(state, links), closing(state)),
    '}',
    '',
  ].join('\n');
}

export const renderDelete = (table: string): string => `table inet ${table}\ndelete table inet ${table}\n`;

type Chain = { readonly name: string; readonly lines: readonly string[] };

type Element = { readonly map: 'ports' | 'ports_at'; readonly key: string; readonly data: string };

function elementsOf(ports: readonly PublishedPort[]): ReadonlyMap<string, Element> {
  return new Map(ports.map((port) => elementOf(port)).map((each) => [`${each.map} ${each.key}`, each]));
}

function elementOf(port: PublishedPort): Element {
  const key = `${port.protocol} . ${port.hostPort}`;
  const data = `${port.address} . ${port.containerPort}`;
  return port.hostIp === undefined
    ? { map: 'ports', key, data }
    : { map: 'ports_at', key: `${port.hostIp} . ${key}`, data };
}

const linkSets = ({ bridges }: RuleState, links: readonly string[]): string[] => [
  ...set('bridges', 'type ifname', links.map(quoted)),
  ...set(
    'internal',
    'type ifname',
    bridges.filter((each) => each.internal).map((each) => quoted(each.bridge)),
  ),
  ...set(
    'same',
    'type ifname . ifname',
    links.map((each) => `${quoted(each)} . ${quoted(each)}`),
  ),
];

function sets(state: RuleState): string[] {
  const { bridges } = state;
  const elements = [...elementsOf(state.ports).values()];
  const of = (map: string): string[] =>
    elements.filter((each) => each.map === map).map((each) => `${each.key} : ${each.data}`);
  const links = bridges.flatMap((each) => [each.bridge, ...each.extensions]);
  return [
    ...linkSets(state, links),
    ...set(
      'gateways',
      'type ipv4_addr',
      bridges.flatMap((each) => [...each.gateways]),
    ),
    ...map(
      'members',
      'type ifname : verdict',
      bridges.filter(hasMembers).map((each) => `${quoted(each.bridge)} : jump ${membersOf(each)}`),
    ),
    ...set(
      'egress',
      'type ipv4_addr; flags interval',
      bridges.filter((each) => each.masquerade && !each.internal).flatMap((each) => [...each.subnets]),
    ),
    ...map('ports', 'type inet_proto . inet_service : ipv4_addr . inet_service', of('ports')),
    ...map(
      'ports_at',
      'type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service',
      of('ports_at'),
    ),
  ];
}

const hasMembers = ({ subnets }: BridgeRules): boolean => subnets.length > 0;
const membersOf = ({ bridge }: BridgeRules): string => `members_${bridge}`;

/**
 * Whether an address is of the bridge's own network. A set of (bridge, subnet) would say it in one lookup, but an
 * operator's `nft monitor` of 1.0.6 runs into memory that is not its own when it prints intervals of a longer key.
 */
const members = (each: BridgeRules): Chain => ({
  name: membersOf(each),
  lines: [
    `ip saddr { ${[...each.subnets].toSorted().join(', ')} } masquerade comment "to a port of its own network"`,
  ],
});

const quoted = (link: string): string => `"${link}"`;
const set = (name: string, type: string, elements: readonly string[]): string[] =>
  block(`set ${name}`, type, elements);
const map = (name: string, type: string, elements: readonly string[]): string[] =>
  block(`map ${name}`, type, elements);

function block(head: string, type: string, elements: readonly string[]): string[] {
  const sorted = [...elements].toSorted();
  const lines = sorted.map((each, at) => `    ${each}${at === sorted.length - 1 ? '' : ','}`);
  return [`${head} {`, `  ${type}`, ...(lines.length === 0 ? [] : ['  elements = {', ...lines, '  }']), '}'];
}

const TO_CONTAINER = [
  'fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @ports_at',
  'fib daddr type local dnat ip to meta l4proto . th dport map @ports',
];

/** `route_localnet` on the bridges would otherwise let a neighbour reach ports bound to 127.0.0.1. */
const LOOPBACK: Chain = {
  name: 'loopback',
  lines: [
    'type filter hook prerouting priority raw; policy accept;',
    'iifname != "lo" ip daddr 127.0.0.0/8 drop',
    'iifname != "lo" ip saddr 127.0.0.0/8 drop',
  ],
};

const ISOLATION: Chain = {
  name: 'isolation',
  lines: [
    'type filter hook forward priority filter; policy accept;',
    'iifname . oifname @same accept',
    'iifname @internal drop',
    'oifname @internal drop',
    'oifname @bridges ct state established,related accept',
    'oifname @bridges ct status dnat accept comment "published ports"',
    'oifname @bridges drop',
  ],
};

/**
 * Bridges are ours, those of our other instances, or of others who run containers or machines here and look after them. A
 * link without a kind ends the rule that asks for it, which therefore may not be the one that drops.
 */
const STRANGERS: Chain = {
  name: GUARD,
  lines: [
    'type filter hook forward priority filter; policy accept;',
    'meta nfproto != ipv4 accept',
    'meta iifkind "bridge" accept',
    'meta oifkind "bridge" accept',
    'drop comment "this host was no router"',
  ],
};

const closing = (state: RuleState): readonly Chain[] => [
  LOOPBACK,
  ISOLATION,
  ...(state.guarded ? [STRANGERS] : []),
];

/** nft 1.0.6 knows no `dstnat` in `output`: -100 is the same. */
const chains = (state: RuleState): readonly Chain[] => [
  ...state.bridges.filter(hasMembers).map(members),
  LOOPBACK,
  {
    name: 'published',
    lines: [
      'type nat hook prerouting priority dstnat; policy accept;',
      `iifname @bridges ip daddr @gateways meta l4proto { tcp, udp } th dport 53 redirect to :${state.dnsPort}`,
      ...TO_CONTAINER,
    ],
  },
  { name: 'from_host', lines: ['type nat hook output priority -100; policy accept;', ...TO_CONTAINER] },
  {
    name: 'leave',
    lines: [
      'type nat hook postrouting priority srcnat; policy accept;',
      'ct status dnat oifname vmap @members',
      'oifname @bridges ip saddr 127.0.0.0/8 masquerade comment "from 127.0.0.1 of the host"',
      'ip saddr @egress oifname != @bridges masquerade',
    ],
  },
  ISOLATION,
  ...(state.guarded ? [STRANGERS] : []),
];
