/** What network offers to agent: bridges, sandboxes, published ports, names. */
import type { AssignedNetwork, ContainerId, Endpoint, KernelOp, NameRecord, PortBinding } from '@orc/model';

export type SandboxRequest = {
  readonly container: ContainerId;
  readonly hostname: string;
  /** The container's own name: added to /etc/hosts beside the hostname. */
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** The network of the default route; absent: the first endpoint's that leads outside. */
  readonly gatewayNetwork?: string;
  /** Empty sandbox with `lo` only (`network_mode: none`). */
  readonly none?: boolean;
  readonly extraHosts?: readonly { readonly name: string; readonly address: string }[];
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOptions?: readonly string[];
  readonly domainname?: string;
  /** net.* only. */
  readonly sysctls?: Readonly<Record<string, string>>;
};

/** A namespace out of the pool (or a new one), with what must run in it at the start. */
export type Sandbox = {
  /** Path of the pinned namespace. */
  readonly namespace: string;
  /** Address, route and attachment in one batch, for `StartRequest.kernelOps`; empty when they are in place already. */
  readonly ops: readonly KernelOp[];
  readonly etc: { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };
};

export type Attached = {
  readonly container: ContainerId;
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly PortBinding[];
};

export type NetworkHost = {
  /** Makes, changes and removes bridges until exactly these networks (and the node-local default one) have one. */
  networks(networks: readonly AssignedNetwork[]): Promise<void>;
  /** The node-local default network (`bridge`), a /20 out of the pool; an address is given and taken back here. */
  readonly defaultNetwork: AssignedNetwork;
  /**
   * Addresses for a node-local container, on the default network or out of the node's blocks of a state network.
   * Throws `network.exhausted`. `wanted`: a fixed IPv4 address.
   */
  allocate(
    container: ContainerId,
    network: string,
    options?: { readonly wanted?: string; readonly aliases?: readonly string[]; readonly mac?: string },
  ): Endpoint;
  /** Containers of this host that have an address of it, also those whose start is under way. */
  holders(network: string): readonly ContainerId[];
  /** A sandbox belongs to its container until `release`: a restart in place gets the same one, ops empty. */
  sandbox(request: SandboxRequest): Promise<Sandbox>;
  /** The ops of that sandbox ran: later `sandbox` calls for this container return none, and its held ports open. */
  attached(container: ContainerId): Promise<void>;
  /**
   * Holds the host ports (bound by the daemon), with an ephemeral port where none was named; the rules that send packets
   * on open when the sandbox is attached, or now when it is.
   * Throws `conflict.port`; nothing changed then. Changes of many containers at once are one `nft` run.
   */
  publish(
    container: ContainerId,
    endpoints: readonly Endpoint[],
    ports: readonly PortBinding[],
  ): Promise<readonly PortBinding[]>;
  /**
   * Before it is asked to end (DECISIONS 10): no name leads to it any more, and its published ports take nobody new; TCP
   * connections live on, UDP flows are forgotten. Its ports stay held; the next `attached` revokes all this.
   */
  withdraw(container: ContainerId): Promise<void>;
  unpublish(container: ContainerId): Promise<void>;
  /**
   * Gives back addresses, ports and the sandbox. Idempotent; the veth goes with its namespace, or at once with `cut`: others
   * live on in it, and the addresses may be given to somebody.
   */
  release(container: ContainerId, options?: { readonly cut?: boolean }): Promise<void>;
  /** What DNS answers for names of tasks, whole; node-local containers are added by `register`. */
  names(records: readonly NameRecord[]): void;
  register(container: ContainerId, records: readonly NameRecord[]): void;
  /** After a restart: sandboxes, ports and addresses of these stay; everything else of this instance is swept. */
  recover(attached: readonly Attached[]): Promise<void>;
  info(): { readonly hostFirewall: readonly string[]; readonly pool: string; readonly table: string };
  /** Lets go of DNS sockets and held ports; kernel state stays. */
  close(): Promise<void>;
  /** Removes bridges, tables, rules and namespaces of this instance. */
  shutdown(): Promise<void>;
};

export type NetworkOptions = {
  readonly root: string;
  readonly run: string;
  /** `orc` or `orc-` and six hex digits. Bridges: `orc0`, `orc-3fa9c1-12` … within 15 bytes. */
  readonly instance: string;
  readonly kernel: import('@orc/model').Kernel;
  readonly clock: import('@orc/model').Clock;
  readonly random: import('@orc/model').Random;
  readonly emit: import('@orc/model').Emit;
  /** Subnets are taken from these; default 10.128.0.0/10 … see DECISIONS 26. */
  readonly pools?: readonly string[];
  /** Refuse instead of adding a rule to other firewalls' chains (DECISIONS 23). */
  readonly noHostFirewall?: boolean;
  /** This node's id: only its blocks are given to node-local containers. Absent: every block that it is told of. */
  readonly node?: import('@orc/model').ObjectId;
  /** Tests lower it; LIMITS.bridgePortsMax. */
  readonly bridgePortsMax?: number;
};
