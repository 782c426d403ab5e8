/** The network of one host: what `agent` calls, made of the parts beside this file. */
import type { AssignedNetwork, ContainerId, Emit, Kernel } from '@orc/model';
import { renderEtc } from '../plan/etc.ts';
import { bridgeName } from '../plan/links.ts';
import type { Attached, NetworkHost, NetworkOptions, Sandbox, SandboxRequest } from '../types.ts';
import { openAddresses, type Addresses } from './addresses.ts';
import { openBridges, type Bridges } from './bridges.ts';
import { openDefaultNetwork } from './default.ts';
import { openDns, type Dns } from './dns.ts';
import { openFirewall, type Firewall } from './firewall.ts';
import { openForwarding, type Forwarding } from './forwarding.ts';
import { openSpoofGuard, type SpoofGuard } from './guard.ts';
import { openKept } from './kept.ts';
import { openNames, type Names } from './names.ts';
import { openNumbers } from './numbers.ts';
import { openPortHolder, type PortHolder } from './ports.ts';
import { presentLinks, presentNamespaces, type PresentLink } from './present.ts';
import { openPublisher, type Publisher } from './publish.ts';
import { openRecords, type Records, type SandboxRecord } from './records.ts';
import { openResolvers, type Resolvers } from './resolvers.ts';
import { openRules, type Rules } from './rules.ts';
import { openSandboxes, type Sandboxes } from './sandboxes.ts';
import { openSegments, type Segments } from './segments.ts';
import { openSweeper, type Sweeper } from './sweep.ts';
import { openSwitches } from './switches.ts';

/**
 * Starting is recovering: bridges, sandboxes and ports of an earlier daemon are taken over, and rules are replaced in one
 * step. Throws `network.failed`, `network.exhausted`, `program.missing`, `kernel.missing`.
 */
export async function openNetwork(options: NetworkOptions): Promise<NetworkHost> {
  const parts = openParts(options, await presentLinks(options.instance));
  try {
    await takeOver(parts);
    await parts.forwarding.look();
    await parts.rules.apply();
    await parts.forwarding.on();
    await openSwitches(options.kernel, options.emit);
    await parts.segments.up();
    await parts.guard.look(parts.bridges.indexOf(bridgeName(options.instance, 0)) ?? 0);
    await parts.sandboxes.reach(parts.bridges.all().map((each) => each.name));
    await parts.dns.listen(parts.segments.gateways());
    await parts.rules.apply();
    await parts.firewall.open();
  } catch (error) {
    await close(parts);
    throw error;
  }
  return serve(parts);
}

type Parts = {
  readonly kernel: Kernel;
  readonly emit: Emit;
  readonly defaultNetwork: AssignedNetwork;
  readonly table: string;
  readonly links: readonly PresentLink[];
  readonly records: Records;
  readonly bridges: Bridges;
  readonly holder: PortHolder;
  readonly segments: Segments;
  readonly rules: Rules;
  readonly sandboxes: Sandboxes;
  readonly addresses: Addresses;
  readonly names: Names;
  readonly resolvers: Resolvers;
  readonly dns: Dns;
  readonly firewall: Firewall;
  readonly forwarding: Forwarding;
  readonly guard: SpoofGuard;
  readonly publisher: Publisher;
  readonly sweeper: Sweeper;
};

function openParts(options: NetworkOptions, links: readonly PresentLink[]): Parts {
  const { instance, kernel, clock, emit, run, random } = options;
  const records = openRecords(run);
  const numbers = openNumbers(random, links);
  const present = links.some((link) => link.name === bridgeName(instance, 0));
  const defaultNetwork = openDefaultNetwork(options.root, instance, options.pools, present);
  const bridges = openBridges(instance, kernel, numbers, options.bridgePortsMax);
  const holder = openPortHolder(random);
  const forwarding = openForwarding({ instance, kernel, records, emit });
  const segments = openSegments({
    instance,
    bridges,
    records,
    defaultNetwork,
    ports: holder.rules,
    dnsPort: () => dns.port(),
    guarded: forwarding.guarded,
    emit,
    reach: (networks) => sandboxes.reach(networks),
  });
  const kept = openKept({ run, clock, emit });
  const rules = openRules(instance, { clock, kept }, segments.rules);
  const guard = openSpoofGuard(kernel, emit);
  const guarded = guard.there;
  const sandboxes = openSandboxes({ instance, run, kernel, clock, emit, numbers, bridges, records, guarded });
  const addresses = openAddresses(bridges, defaultNetwork.name, options.node);
  const [names, resolvers] = [openNames(), openResolvers(clock)];
  const upstreams = (container: ContainerId | undefined): readonly string[] =>
    resolvers.of(container === undefined ? undefined : sandboxes.get(container)?.dns, segments.gateways());
  const dns = openDns({ random, emit, table: names.table, asker: addresses.asker, upstreams });
  const noHostFirewall = options.noHostFirewall === true;
  const firewall = openFirewall({
    instance,
    clock,
    emit,
    rules,
    noHostFirewall,
    dnsPort: dns.port,
    ruleWatch: kernel.ruleWatch,
  });
  const publisher = openPublisher({ holder, rules, bridges, sandboxes, emit });
  const namespaces = presentNamespaces(run);
  const sweeper = openSweeper({ ...options, numbers, bridges, sandboxes, links, namespaces });
  const made = {
    forwarding,
    guard,
    records,
    bridges,
    holder,
    segments,
    rules,
    sandboxes,
    addresses,
    names,
    resolvers,
  };
  return { kernel, emit, defaultNetwork, table: instance, links, ...made, dns, firewall, publisher, sweeper };
}

/** Everything that rules are made from is known before the first of them is written. */
async function takeOver(parts: Parts): Promise<void> {
  const { sandboxes, addresses, bridges, publisher, links } = parts;
  parts.segments.adopt(links);
  const records = parts.sweeper.living(parts.records.all());
  for (const record of records) {
    sandboxes.adopt(record);
    addresses.reserve(record.container, record.endpoints);
    for (const cable of record.cables) bridges.adoptPort(cable.network, cable.bridge, links);
  }
  await Promise.all(records.map((each) => publisher.adopt(each.container, each.endpoints, each.published)));
}

function serve(parts: Parts): NetworkHost {
  const { defaultNetwork, segments, rules, addresses, sandboxes, publisher, names, firewall } = parts;
  return {
    defaultNetwork,
    networks: (networks) => segments.set(networks, rules, (gateways) => listen(parts, gateways)),
    allocate: (container, network, wish = {}) => addresses.allocate(container, network, wish),
    holders: addresses.holders,
    sandbox: (request) => sandbox(parts, request),
    attached: async (container) => {
      await sandboxes.attached(container);
      names.hide(container, []);
      await publisher.open(container);
    },
    withdraw: async (container) => {
      names.hide(container, addressesOf(sandboxes.get(container)));
      await publisher.shut(container);
    },
    publish: publisher.publish,
    unpublish: publisher.unpublish,
    release: (container, options) => release(parts, container, options?.cut),
    names: names.replace,
    register: names.register,
    recover: (attached) => recover(parts, attached),
    info: () => ({
      hostFirewall: firewall.info(),
      pool: defaultNetwork.status.subnets.map((each) => each.subnet).join(', '),
      table: `inet ${parts.table}`,
    }),
    close: () => close(parts),
    shutdown: () => shutdown(parts),
  };
}

const addressesOf = (record: SandboxRecord | undefined): readonly string[] =>
  (record?.endpoints ?? []).flatMap(({ ipv4 }) => ipv4 ?? []);

/** Rules in other firewalls name the port, which changes when it is taken on one of the gateways. */
async function listen({ dns, firewall }: Parts, gateways: readonly string[]): Promise<void> {
  const port = dns.port();
  await dns.listen(gateways);
  if (dns.port() !== port) firewall.check();
}

async function sandbox(parts: Parts, request: SandboxRequest): Promise<Sandbox> {
  parts.addresses.reserve(request.container, request.endpoints);
  const claimed = await parts.sandboxes.claim(request);
  if (parts.segments.grown()) await parts.rules.apply();
  return { ...claimed, etc: renderEtc(request, parts.resolvers.text()) };
}

async function release(parts: Parts, container: ContainerId, cut = false): Promise<void> {
  try {
    await parts.publisher.unpublish(container);
    if (cut) await parts.sandboxes.cut(container);
  } finally {
    parts.names.register(container, []);
    parts.names.hide(container, []);
    parts.addresses.release(container);
    parts.sandboxes.release(container);
  }
}

async function recover(parts: Parts, attached: readonly Attached[]): Promise<void> {
  const { sandboxes, addresses, publisher } = parts;
  const kept = new Set(attached.map((each) => each.container));
  const gone = sandboxes.all().filter((record) => !kept.has(record.container));
  await Promise.all(gone.map((record) => release(parts, record.container)));
  for (const each of attached) addresses.reserve(each.container, each.endpoints);
  await Promise.all(
    attached
      .filter((each) => sandboxes.get(each.container) !== undefined)
      .map((each) => publisher.adopt(each.container, each.endpoints, each.ports)),
  );
  await parts.rules.apply();
  const failed = (error: unknown): void =>
    parts.emit('warn', 'what an earlier daemon left stays', { error: String(error) });
  // The kernel takes its time over namespaces; nobody waits for what nobody uses.
  void parts.sweeper.sweep().catch(failed);
  parts.sweeper.sweepLate(failed);
}

async function close(parts: Parts): Promise<void> {
  await parts.firewall.close();
  parts.sweeper.close();
  parts.dns.close();
  parts.sandboxes.close();
  parts.holder.close();
  parts.rules.close();
  await parts.sandboxes.settled();
  await parts.sweeper.settled();
}

async function shutdown(parts: Parts): Promise<void> {
  await parts.segments.close();
  for (const record of parts.sandboxes.all()) parts.sandboxes.release(record.container);
  await close(parts);
  await parts.sweeper.sweep();
  await parts.bridges.drop(parts.bridges.all());
  await parts.forwarding.restore();
  await parts.rules.remove();
  await parts.firewall.remove();
  parts.records.clear();
}
