/** Publishes ports: the holder has the socket, the rules send the packets. */
import type { ContainerId, Emit, Endpoint, PortBinding } from '@orc/model';
import { targetOf } from '../plan/ports.ts';
import type { Bridges } from './bridges.ts';
import { forgetFlows } from './conntrack.ts';
import type { PortHolder } from './ports.ts';
import type { Rules } from './rules.ts';
import type { Sandboxes } from './sandboxes.ts';

export type Publisher = {
  readonly publish: (
    container: ContainerId,
    endpoints: readonly Endpoint[],
    ports: readonly PortBinding[],
  ) => Promise<readonly PortBinding[]>;
  /** The container's address answers from now on: sends the packets of its ports there. */
  readonly open: (container: ContainerId) => Promise<void>;
  /** The opposite of `open`: connections that are there live on, the ports stay held. */
  readonly shut: (container: ContainerId) => Promise<void>;
  readonly unpublish: (container: ContainerId) => Promise<void>;
  /** Holds the ports of an earlier daemon again, without touching rules. */
  readonly adopt: (
    container: ContainerId,
    endpoints: readonly Endpoint[],
    ports: readonly PortBinding[],
  ) => Promise<void>;
};

export type PublisherOptions = {
  readonly holder: PortHolder;
  readonly rules: Rules;
  readonly bridges: Bridges;
  readonly sandboxes: Sandboxes;
  readonly emit: Emit;
};

export function openPublisher(options: PublisherOptions): Publisher {
  const { holder, rules, sandboxes, emit } = options;
  const internal = (network: string): boolean => options.bridges.get(network)?.spec.internal === true;
  const remember = (container: ContainerId, published: readonly PortBinding[]): void => {
    const record = sandboxes.get(container);
    if (record !== undefined) sandboxes.update({ ...record, published });
  };

  const unpublish = async (container: ContainerId): Promise<void> => {
    const entry = holder.release(container);
    if (entry === undefined) return;
    await rules.apply();
    remember(container, []);
    await forgetFlows(entry.bindings, emit);
  };

  const open = async (container: ContainerId): Promise<void> => {
    if (!holder.open(container)) return;
    await rules.apply();
    await forgetFlows(holder.get(container)?.bindings ?? [], emit);
  };

  const shut = async (container: ContainerId): Promise<void> => {
    if (!holder.shut(container)) return;
    await rules.apply();
    await forgetFlows(holder.get(container)?.bindings ?? [], emit);
  };

  return {
    publish: async (container, endpoints, ports) => {
      const address = targetOf(endpoints, internal);
      if (ports.length === 0) return [];
      if (address === undefined) {
        emit('warn', 'ports are not published: no network of the container leads outside', { container });
        return [];
      }
      await unpublish(container);
      const bindings = await holder.hold(container, address, ports);
      try {
        // A packet sent to an address that nobody has yet costs its sender a second: ARP, then TCP's first
        // repetition.
        if (sandboxes.isAttached(container)) await open(container);
      } catch (error) {
        holder.release(container);
        throw error;
      }
      remember(container, bindings);
      return bindings;
    },
    open,
    shut,
    unpublish,
    adopt: async (container, endpoints, ports) => {
      const address = targetOf(endpoints, internal);
      if (ports.length === 0 || address === undefined || holder.get(container) !== undefined) return;
      const lost = await holder.adopt(container, address, ports);
      for (const each of lost)
        emit('warn', 'a published port belongs to another program now', { container, ...each });
      if (sandboxes.get(container)?.published.length !== ports.length) remember(container, ports);
    },
  };
}
