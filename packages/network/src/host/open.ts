/** The network of one host: what `agent` calls, made of the parts beside this file. */
import type { AssignedNetwork, ContainerId, Endpoint, NameRecord } from '@orc/model';
import { renderEtc } from '../plan/etc.ts';
import type { Attached, NetworkHost, NetworkOptions, Sandbox, SandboxRequest } from '../types.ts';
import { openAddresses } from './addresses.ts';
import { openBridges, PORTS_MAX } from './bridges.ts';
import { openDefaultNetwork } from './default.ts';
import { openDns } from './dns.ts';
import { openFirewall } from './firewall.ts';
import { openNames } from './names.ts';
import { openNumbers } from './numbers.ts';
import { openPortHolder } from './ports.ts';
import { presentLinks, presentNamespaces } from './present.ts';
import { openPublisher } from './publish.ts';
import { openRecords } from './records.ts';
import { openResolvers } from './resolvers.ts';
import { openRules } from './rules.ts';
import { openSandboxes } from './sandboxes.ts';
import { openSegments } from './segments.ts';
import { openSweeper } from './sweep.ts';

/**
 * Starting is recovering: bridges, sandboxes and ports of an earlier daemon are taken over, and rules are replaced in one
 * step. Throws `network.failed`, `network.exhausted`, `program.missing`, `kernel.missing`.
 */
export async function openNetwork(options: NetworkOptions): Promise<NetworkHost> {
  const { instance, kernel, clock, emit, run } = options;
  const records = openRecords(run);
  const links = await presentLinks(instance);
  const numbers = openNumbers(options.random, links);
  const defaultNetwork = openDefaultNetwork(options.root, instance, options.pools);
  const bridges = openBridges(instance, kernel, numbers, options.bridgePortsMax ?? PORTS_MAX);
  const holder = openPortHolder(options.random);
  const segments = openSegments({ instance, kernel, bridges, records, defaultNetwork, ports: holder.rules });
  const rules = openRules(instance, segments.rules);
  const sandboxes = openSandboxes({ instance, run, kernel, clock, emit, numbers, bridges, records });
  const addresses = openAddresses(bridges, defaultNetwork.name, options.node);
  const names = openNames();
  const resolvers = openResolvers(clock);
  const dns = openDns({
    random: options.random,
    emit,
    table: names.table,
    asker: (source) => addresses.asker(source),
    upstreams: (container) =>
      resolvers.of(container === undefined ? undefined : sandboxes.get(container)?.dns, segments.gateways()),
  });
  const firewall = openFirewall(options, rules);
  const publisher = openPublisher({ holder, rules, bridges, sandboxes, emit });
  const sweeper = openSweeper({
    instance,
    kernel,
    bridges,
    sandboxes,
    links,
    namespaces: presentNamespaces(run),
  });

  segments.adopt(links);
  for (const record of sweeper.living(records.all())) {
    sandboxes.adopt(record);
    addresses.reserve(record.container, record.endpoints);
    for (const cable of record.cables) bridges.adoptPort(cable.network, cable.bridge, links);
    await publisher.adopt(record.container, record.endpoints, record.published);
  }
  await rules.apply();
  await segments.up();
  await dns.listen(segments.gateways());
  await firewall.open();

  const forget = async (container: ContainerId): Promise<void> => {
    await publisher.unpublish(container);
    names.register(container, []);
    addresses.release(container);
    sandboxes.release(container);
  };

  return {
    defaultNetwork,
    networks: async (networks) => {
      await segments.set(networks, rules, dns.listen);
    },
    allocate: (container, network, wish = {}) => addresses.allocate(container, network, wish),
    sandbox: (request) => openSandbox(request),
    attached: sandboxes.attached,
    publish: publisher.publish,
    unpublish: publisher.unpublish,
    release: forget,
    names: names.replace,
    register: names.register,
    recover: async (attached: readonly Attached[]) => {
      const kept = new Set(attached.map((each) => each.container));
      for (const record of sandboxes.all()) if (!kept.has(record.container)) await forget(record.container);
      for (const each of attached) {
        addresses.reserve(each.container, each.endpoints);
        if (sandboxes.get(each.container) !== undefined)
          await publisher.adopt(each.container, each.endpoints, each.ports);
      }
      await rules.apply();
      await sweeper.sweep();
    },
    info: () => ({
      hostFirewall: firewall.info(),
      pool: defaultNetwork.status.subnets[0]?.subnet ?? '',
      table: `inet ${instance}`,
    }),
    close: async () => {
      firewall.close();
      dns.close();
      sandboxes.close();
      holder.close();
      await sandboxes.settled();
    },
    shutdown: async () => {
      firewall.close();
      dns.close();
      for (const record of sandboxes.all()) sandboxes.release(record.container);
      sandboxes.close();
      holder.close();
      await sandboxes.settled();
      await sweeper.sweep();
      await bridges.drop(bridges.all());
      await rules.remove();
      await firewall.remove();
      records.clear();
    },
  };

  async function openSandbox(request: SandboxRequest): Promise<Sandbox> {
    addresses.reserve(request.container, request.endpoints);
    const claimed = await sandboxes.claim(request);
    if (segments.grown()) await rules.apply();
    return { ...claimed, etc: renderEtc(request, resolvers.text()) };
  }
}

export type { AssignedNetwork, Endpoint, NameRecord };
