/** The subnets that a network asks for: such as one can have, and clear of those that others have. */
import {
  type Cidr,
  contains,
  formatCidr,
  LOCAL_NETWORK,
  type NetworkObj,
  type NetworkSpec,
  overlaps,
  parseCidr,
  parseIpv4,
  type Problem,
  type Subnet,
  whyNoSubnet,
} from '@orc/model';
import { now } from '../state/draft.ts';
import { all } from '../state/table.ts';
import type { Planning } from './types.ts';

type Held = { readonly cidr: Cidr; readonly by: string };

export function checkSubnets(planning: Planning, name: string, { subnets = [] }: NetworkSpec): void {
  const { problems, proposer } = planning;
  const { local = [], routes = [] } = proposer.host?.() ?? {};
  const held = [...heldByOthers(planning, name), ...heldBy(local, `network ${LOCAL_NETWORK} of this host`)];
  for (const given of subnets) {
    const cidr = parseCidr(given.subnet);
    if (cidr === undefined) {
      problems.push(noSubnet(name, given.subnet, 'it is none'));
      continue;
    }
    const why = whyNoSubnet(cidr);
    if (why !== undefined) problems.push(noSubnet(name, given.subnet, why));
    problems.push(...outside(name, given, cidr));
    for (const by of holdersOf(cidr, held)) problems.push(taken(name, given.subnet, by));
    for (const by of holdersOf(cidr, heldBy(routes, ''))) problems.push(routed(name, given.subnet, by));
    held.push({ cidr, by: 'another of its own' });
  }
}

const holdersOf = (cidr: Cidr, held: readonly Held[]): ReadonlySet<string> =>
  new Set(held.filter((each) => overlaps(each.cidr, cidr)).map((each) => each.by));

const heldBy = (texts: readonly string[], by: string): Held[] =>
  texts.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr === undefined ? [] : [{ cidr, by: by === '' ? text : by }];
  });

const heldByOthers = ({ draft }: Planning, name: string): Held[] =>
  all(now(draft), 'network')
    .filter((other) => other.name !== name)
    .flatMap((other) => heldBy(lastingSubnets(other), `network ${other.name}`));

/** What a network gives up may be another's next; what it has asked for is its own before it has it. */
const lastingSubnets = ({ spec, status }: NetworkObj): readonly string[] =>
  [...(status.former === undefined ? status.subnets : []), ...(spec.subnets ?? [])].map(
    (each) => each.subnet,
  );

const noSubnet = (name: string, subnet: string, why: string): Problem => ({
  code: 'input.invalid',
  message: `network ${name} cannot have the subnet ${subnet}: ${why}`,
  hint: 'write a CIDR such as 10.9.0.0/24',
});

const taken = (name: string, subnet: string, by: string): Problem => ({
  code: 'conflict.state',
  message: `the subnet ${subnet} of network ${name} overlaps with ${by}`,
  hint: 'choose another subnet, or none to be given a free one',
});

/** As docker has it: who names a subnet may mean it. */
const routed = (name: string, subnet: string, route: string): Problem => ({
  code: 'conflict.state',
  severity: 'warning',
  message: `the subnet ${subnet} of network ${name} overlaps with the route to ${route} of this host: what has its addresses there is out of reach while the network is here`,
  hint: 'choose another subnet, or none to be given a free one',
});

/** What is named of a subnet lies in it. */
function outside(name: string, { subnet, gateway, ipRange }: Subnet, cidr: Cidr): readonly Problem[] {
  const address = parseIpv4(gateway ?? '');
  const range = parseCidr(ipRange ?? '');
  const named = [
    { what: 'gateway', text: gateway, isIn: address !== undefined && contains(cidr, address) },
    { what: 'range', text: ipRange, isIn: range !== undefined && isWithin(range, cidr) },
  ];
  return named
    .filter(({ text, isIn }) => text !== undefined && !isIn)
    .map(({ what, text }) => ({
      code: 'input.invalid',
      message: `the ${what} ${text} of network ${name} is not in its subnet ${subnet}`,
      hint: `choose one in ${formatCidr(cidr)}`,
    }));
}

const isWithin = (range: Cidr, cidr: Cidr): boolean =>
  range.prefixLength >= cidr.prefixLength && contains(cidr, range.base);
