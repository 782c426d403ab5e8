/** The bridges of this host's networks, and which of them has a free port. */
import {
  type AssignedNetwork,
  fail,
  faultOfNetworkOption,
  type Kernel,
  MTU_OPTION,
  type OrcError,
  parseCidr,
  parseIpv4,
} from '@orc/model';
import { LIMITS } from '../limits.ts';
import { bridgeName, cableNames, extensionName } from '../plan/links.ts';
import {
  planAddresses,
  planBridge,
  planDelete,
  planExtension,
  planTakenBridge,
  type BridgeWish,
} from '../plan/netplan.ts';
import type { BridgeRules } from '../plan/nft.ts';
import { presentLinks, type PresentLink } from './present.ts';
import { raiseNeighbours } from './switches.ts';

type Port = { readonly name: string; readonly index: number; readonly serial?: number; used: number };
type State = { readonly network: AssignedNetwork; readonly bridges: Port[] };

/** Numbers for new links: interface indexes and serials of names, none of them used again soon. */
export type Numbers = {
  readonly index: () => number;
  readonly serial: () => number;
  /** Whether the name of a link or a namespace carries a number that was given here. */
  readonly given: (name: string) => boolean;
};

export type Bridges = {
  readonly get: (network: string) => AssignedNetwork | undefined;
  readonly all: () => readonly AssignedNetwork[];
  readonly rules: (more?: readonly AssignedNetwork[]) => readonly BridgeRules[];
  /** Takes note of bridges that are there already. */
  readonly adopt: (networks: readonly AssignedNetwork[], present: readonly PresentLink[]) => void;
  /** Makes those that are missing, and gives addresses to the others. */
  readonly add: (networks: readonly AssignedNetwork[]) => Promise<void>;
  readonly drop: (networks: readonly AssignedNetwork[]) => Promise<void>;
  /** Reserves a port on a bridge of the network; makes a further bridge when all are full. */
  readonly port: (network: string) => Promise<Port>;
  /** Counts a port that a sandbox of an earlier daemon has; a further bridge is known again by it. */
  readonly adoptPort: (network: string, bridge: string, present: readonly PresentLink[]) => void;
  readonly free: (network: string, bridge: string) => void;
  readonly indexOf: (bridge: string) => number | undefined;
  /** Bridges and cables, also those that are being made. */
  readonly names: () => readonly string[];
};

export function openBridges(
  instance: string,
  kernel: Kernel,
  numbers: Numbers,
  portsMax: number = LIMITS.bridgePortsMax,
): Bridges {
  const states = new Map<string, State>();
  const extending = new Map<string, Promise<void>>();
  /** Names of bridges that are about to be there. */
  const coming = new Set<string>();
  const parts = { instance, kernel, numbers, states, coming };

  const extended = (state: State): Promise<void> => {
    const { name } = state.network;
    const running =
      extending.get(name) ?? extend(instance, kernel, numbers, state).finally(() => extending.delete(name));
    extending.set(name, running);
    return running;
  };
  const port = async (network: string): Promise<Port> => {
    for (;;) {
      const state = states.get(network);
      if (state === undefined) throw unknownNetwork(network);
      const free = state.bridges.find((each) => each.used < portsMax);
      if (free !== undefined) {
        free.used += 1;
        return free;
      }
      await extended(state);
    }
  };

  return {
    get: (network) => states.get(network)?.network,
    all: () => [...states.values()].map((state) => state.network),
    rules: (more = []) => rulesOf(instance, [...states.values()], more),
    adopt: (networks, present) => {
      for (const network of networks) {
        const link = present.find((each) => each.name === bridgeName(instance, network.status.index));
        if (link === undefined) continue;
        states.set(network.name, { network, bridges: [{ name: link.name, index: link.index, used: 0 }] });
      }
    },
    add: async (networks) => {
      for (const network of networks) await add(parts, network);
    },
    drop: async (networks) => {
      const gone = networks.map((network) => states.get(network.name)).filter((state) => state !== undefined);
      for (const network of networks) states.delete(network.name);
      await kernel.run(planDelete(gone.flatMap((state) => linksOf(instance, state))));
    },
    port,
    adoptPort: (network, bridge, present) => {
      const found =
        portOf(states.get(network), bridge) ?? adoptExtension(states.get(network), bridge, present);
      if (found !== undefined) found.used += 1;
    },
    free: (network, bridge) => {
      const found = portOf(states.get(network), bridge);
      if (found !== undefined) found.used -= 1;
    },
    indexOf: (bridge) =>
      [...states.values()].flatMap((state) => state.bridges).find((each) => each.name === bridge)?.index,
    names: () => [...coming, ...[...states.values()].flatMap((state) => linksOf(instance, state))],
  };
}

type Parts = {
  readonly instance: string;
  readonly kernel: Kernel;
  readonly numbers: Numbers;
  readonly states: Map<string, State>;
  readonly coming: Set<string>;
};

async function add(
  { instance, kernel, numbers, states, coming }: Parts,
  network: AssignedNetwork,
): Promise<void> {
  const name = bridgeName(instance, network.status.index);
  const known = states.get(network.name)?.bridges;
  const wish = wishOf(name, known?.[0]?.index ?? numbers.index(), network);
  coming.add(name);
  try {
    if (known !== undefined) await kernel.run(planAddresses(wish));
    const index = known === undefined ? await makeBridge(instance, kernel, wish) : wish.index;
    states.set(network.name, { network, bridges: known ?? [{ name, index, used: 0 }] });
  } finally {
    coming.delete(name);
  }
}

const portOf = (state: State | undefined, bridge: string): Port | undefined =>
  state?.bridges.find((each) => each.name === bridge);

/**
 * Its index. What a daemon asked of the kernel is also done after the daemon's end, when the next one has looked at what
 * there is: a bridge that stands there by now is taken over.
 */
async function makeBridge(instance: string, kernel: Kernel, wish: BridgeWish): Promise<number> {
  try {
    await kernel.run(planBridge(wish));
    return wish.index;
  } catch (error) {
    const found = (await presentLinks(instance)).find((link) => link.name === wish.name);
    if (found === undefined) throw error;
    await kernel.run(planTakenBridge({ ...wish, index: found.index }));
    return found.index;
  }
}

async function extend(instance: string, kernel: Kernel, numbers: Numbers, state: State): Promise<void> {
  const serial = numbers.serial();
  const bridge = { name: extensionName(instance, serial), index: numbers.index() };
  const [one, other] = cableNames(instance, serial);
  const cable = [
    { name: one, index: numbers.index() },
    { name: other, index: numbers.index() },
  ] as const;
  const first = state.bridges[0] as Port;
  await raiseNeighbours(kernel);
  await kernel.run(planExtension({ bridge, first: first.index, cable }));
  state.bridges.push({ ...bridge, serial, used: 0 });
}

export const unknownNetwork = (network: string): OrcError =>
  fail('notfound.network', `there is no network ${network} on this host`, {
    hint: '`orc network ls` lists them',
  });

function adoptExtension(
  state: State | undefined,
  name: string,
  present: readonly PresentLink[],
): Port | undefined {
  const link = present.find((each) => each.name === name && each.role === 'extension');
  if (state === undefined || link === undefined) return undefined;
  const port = { name, index: link.index, serial: Number.parseInt(name.slice(-4), 36), used: 0 };
  state.bridges.push(port);
  return port;
}

function linksOf(instance: string, state: State): string[] {
  const cables = state.bridges.flatMap((each) =>
    each.serial === undefined ? [] : [cableNames(instance, each.serial)[0]],
  );
  return [...cables, ...state.bridges.map((each) => each.name)];
}

function wishOf(name: string, index: number, network: AssignedNetwork): BridgeWish {
  const gateways = network.status.subnets.map((each) => ({
    address: parseIpv4(each.gateway) ?? 0,
    prefixLength: parseCidr(each.subnet)?.prefixLength ?? 32,
  }));
  const mtu = mtuOf(network);
  return { name, index, gateways, ...(mtu === undefined ? {} : { mtu }) };
}

export function mtuOf(network: AssignedNetwork): number | undefined {
  const text = network.spec.options?.[MTU_OPTION];
  return text === undefined || faultOfNetworkOption(MTU_OPTION, text) !== undefined
    ? undefined
    : Number(text);
}

/** Routers, and whoever shares an address with others, need a network without. */
export const isGuarded = ({ spec }: AssignedNetwork): boolean =>
  spec.options?.['io.orc.network.spoof_guard'] !== 'false';

function rulesOf(
  instance: string,
  states: readonly State[],
  more: readonly AssignedNetwork[],
): BridgeRules[] {
  const known = new Set(states.map((state) => state.network.name));
  return [
    ...states.map((state) =>
      ruleOf(
        state.network,
        state.bridges.map((each) => each.name),
      ),
    ),
    ...more
      .filter((network) => !known.has(network.name))
      .map((network) => ruleOf(network, [bridgeName(instance, network.status.index)])),
  ].toSorted((a, b) => (a.bridge < b.bridge ? -1 : 1));
}

const ruleOf = (network: AssignedNetwork, names: readonly string[]): BridgeRules => ({
  bridge: names[0] ?? '',
  extensions: names.slice(1),
  internal: network.spec.internal === true,
  masquerade: network.spec.options?.['com.docker.network.bridge.enable_ip_masquerade'] !== 'false',
  subnets: network.status.subnets.map((each) => each.subnet),
  gateways: network.status.subnets.map((each) => each.gateway),
});
