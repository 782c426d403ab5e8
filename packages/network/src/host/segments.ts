/** The set of networks that have a bridge here, and the order in which rules and bridges come and go. */
import { type AssignedNetwork, type Emit, OrcError, toProblem } from '@orc/model';
import type { PublishedPort, RuleState } from '../plan/nft.ts';
import type { Bridges } from './bridges.ts';
import { bridgeName } from '../plan/links.ts';
import { soundNetworks } from '../plan/sound.ts';
import type { PresentLink } from './present.ts';
import type { Records } from './records.ts';
import type { Rules } from './rules.ts';

export type Segments = {
  readonly rules: () => RuleState;
  readonly gateways: () => readonly string[];
  /** Finds the networks of an earlier daemon again; rules know them from then on. */
  readonly adopt: (links: readonly PresentLink[]) => void;
  /** Makes the bridges that `adopt` decided on. */
  readonly up: () => Promise<void>;
  readonly set: (
    networks: readonly AssignedNetwork[],
    rules: Rules,
    listen: (gateways: readonly string[]) => Promise<void>,
  ) => Promise<void>;
  /** Whether a bridge was added since the last call. */
  readonly grown: () => boolean;
  /** Resolves when nothing is made any more, whoever asks: what is removed after it stays away. */
  readonly close: () => Promise<void>;
};

export type SegmentsOptions = {
  readonly instance: string;
  readonly bridges: Bridges;
  readonly records: Records;
  readonly defaultNetwork: AssignedNetwork;
  readonly ports: () => PublishedPort[];
  readonly dnsPort: () => number;
  readonly guarded: () => boolean;
  readonly emit: Emit;
  /** Tells containers of subnets that these networks may have got. */
  readonly reach: (networks: readonly string[]) => Promise<void>;
};

const WITHOUT_IPV6 = 'a network asks for IPv6, which bridges do not have yet: it runs with IPv4';

export function openSegments(options: SegmentsOptions): Segments {
  const { bridges, records, defaultNetwork } = options;
  const coming: Coming = { networks: [] };
  let queue: Promise<void> = Promise.resolve();
  let known = 0;
  let closed = false;

  return {
    rules: () => ({
      bridges: bridges.rules(coming.networks),
      ports: options.ports(),
      dnsPort: options.dnsPort(),
      guarded: options.guarded(),
    }),
    gateways: () => gatewaysOf(bridges),
    adopt: (links) => {
      const kept = presentOf(options, links).filter((each) => each.name !== defaultNetwork.name);
      const { sound, refused } = soundNetworks([defaultNetwork, ...kept]);
      for (const { message } of refused) options.emit('error', message);
      coming.networks = sound;
      bridges.adopt(sound, links);
    },
    up: async () => {
      records.putNetworks(coming.networks);
      await bridges.add(coming.networks);
      coming.networks = [];
      known = bridges.names().length;
    },
    set: (networks, rules, listen) => {
      const wanted = [defaultNetwork, ...networks.filter((each) => bridged(each))];
      queue = queue
        .catch(() => undefined)
        .then(() => (closed ? undefined : change(options, coming, wanted, rules)));
      const changed = queue;
      // Names are answered on the bridges that are there, also when one of the others could not be made.
      return queue
        .catch(() => undefined)
        .then(() => listen(gatewaysOf(bridges)))
        .then(() => {
          known = bridges.names().length;
          return rules.apply();
        })
        .then(() => changed);
    },
    grown: () => {
      const count = bridges.names().length;
      const grew = count > known;
      known = count;
      return grew;
    },
    close: () => {
      closed = true;
      return queue.catch(() => undefined);
    },
  };
}

/** Networks that are about to get a bridge: their rules come first. */
type Coming = { networks: readonly AssignedNetwork[] };

/** Throws the first of what could not be done, when all the rest is. */
async function change(
  options: SegmentsOptions,
  coming: Coming,
  wanted: readonly AssignedNetwork[],
  rules: Rules,
): Promise<void> {
  const { bridges } = options;
  const { sound, refused } = soundNetworks(presentFirst(bridges, wanted));
  const gone = bridges.all().filter((each) => !sound.some((other) => same(each, other)));
  const fresh = sound.filter((each) => !unchanged(bridges.get(each.name), each));
  const failures = refused.map((problem) => new OrcError(problem));
  if (gone.length > 0 || fresh.length > 0) {
    warnOfIpv6(fresh, options.emit);
    // First: one that is made anew may have a subnet of the one before it, and rules cannot have it twice.
    await bridges.drop(gone);
    options.records.putNetworks(sound);
    coming.networks = sound;
    // What was not made has no rules either: they would be in the way of everybody's.
    failures.push(...(await make(bridges, fresh, rules).finally(() => (coming.networks = []))));
    await rules.apply();
    await options.reach(fresh.map((each) => each.name));
  }
  if (failures[0] !== undefined) throw failures[0];
}

/** What became of those that could not be made: the others do not wait for them. */
async function make(
  bridges: Bridges,
  fresh: readonly AssignedNetwork[],
  rules: Rules,
): Promise<readonly OrcError[]> {
  const failures: OrcError[] = [];
  await rules.apply();
  for (const each of fresh)
    await bridges.add([each]).catch((error: unknown) => void failures.push(new OrcError(toProblem(error))));
  return failures;
}

/** The node's own, then those that are there: containers are on them. */
function presentFirst(bridges: Bridges, networks: readonly AssignedNetwork[]): readonly AssignedNetwork[] {
  const [own, ...others] = networks;
  const there = (each: AssignedNetwork): boolean => {
    const present = bridges.get(each.name);
    return present !== undefined && same(present, each);
  };
  return [
    ...(own === undefined ? [] : [own]),
    ...others.filter(there),
    ...others.filter((each) => !there(each)),
  ];
}

function warnOfIpv6(networks: readonly AssignedNetwork[], emit: Emit): void {
  for (const { name, spec } of networks)
    if (spec.ipv6 === true) emit('warn', WITHOUT_IPV6, { network: name });
}

/** Those on record whose bridge is there. */
function presentOf(
  { records, instance }: SegmentsOptions,
  links: readonly PresentLink[],
): readonly AssignedNetwork[] {
  const present = new Set(links.map((link) => link.name));
  return records.networks().filter((each) => present.has(bridgeName(instance, each.status.index)));
}

const gatewaysOf = (bridges: Bridges): readonly string[] =>
  bridges.all().flatMap((each) => each.status.subnets.map((row) => row.gateway));
const bridged = (network: AssignedNetwork): boolean => network.spec.driver === 'bridge';
const same = (a: AssignedNetwork, b: AssignedNetwork): boolean =>
  a.name === b.name && a.status.index === b.status.index && a.id === b.id;
const unchanged = (a: AssignedNetwork | undefined, b: AssignedNetwork): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
