/** Where a container is in the network: its sandbox, addresses and ports, from the first start to its end. */
import { readFile } from 'node:fs/promises';
import { hostname as nameOfHost } from 'node:os';
import {
  type ContainerSpec,
  type Endpoint,
  fail,
  type KernelOp,
  LOCAL_NETWORK,
  type NameRecord,
  type NetworkAttachment,
  type NetworkMode,
  OrcError,
  type PortBinding,
} from '@orc/model';
import type { NetworkHost, SandboxRequest } from '@orc/network';
import { LIMITS } from '../limits.ts';
import type { Stored } from './folder.ts';

export type Etc = { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };
export type Connection = {
  /** A pinned namespace's path, or `host`. */
  readonly namespace: string;
  readonly ops: readonly KernelOp[];
  readonly etc: Etc;
  /** The host's, or of whom it joins, unless its user gave one. */
  readonly hostname: string;
  readonly endpoints: readonly Endpoint[];
  /** The sandbox is this container's own. */
  readonly own: boolean;
};

/** What another container that shares its network gives. */
export type Joinable =
  | { readonly namespace: string; readonly etc: Etc; readonly hostname: string }
  | undefined;

export type ConnectDeps = {
  readonly network: NetworkHost;
  readonly joined: (mode: Extract<NetworkMode, { kind: 'service' | 'container' }>) => Joinable;
  readonly grow: (network: string) => Promise<void>;
};

const DEFAULT_MODE: NetworkMode = { kind: 'networks', attachments: [{ network: LOCAL_NETWORK }] };

/** `given`: the endpoints that the state chose, for a task. Throws `network.exhausted`, `conflict.state`. */
export async function connect(
  stored: Stored,
  hostname: string,
  given: readonly Endpoint[],
  deps: ConnectDeps,
): Promise<Connection> {
  const mode = stored.spec.networkMode ?? DEFAULT_MODE;
  switch (mode.kind) {
    case 'host':
      return { ...(await joinHost(stored.spec)), ops: [], endpoints: [], own: false };
    case 'service':
    case 'container':
      return join(stored.spec, mode, deps);
    case 'none':
      return sandbox(stored, hostname, [], deps.network);
    case 'networks': {
      const endpoints = await endpointsOf(stored, mode, given, deps);
      return sandbox(stored, hostname, endpoints, deps.network);
    }
  }
}

/** What the state has not given: all that a container without a task has, and the node's own network. */
async function endpointsOf(
  stored: Stored,
  mode: Extract<NetworkMode, { kind: 'networks' }>,
  given: readonly Endpoint[],
  deps: ConnectDeps,
): Promise<readonly Endpoint[]> {
  const attachments =
    given.length === 0
      ? mode.attachments
      : mode.attachments.toSorted((a, b) => priorityOf(b) - priorityOf(a));
  const endpoints: Endpoint[] = [];
  for (const [index, attachment] of attachments.entries()) {
    const { network } = attachment;
    const known = network === LOCAL_NETWORK ? undefined : given.find((each) => each.network === network);
    const endpoint = known ?? (await allocateOne(stored, attachment, deps));
    endpoints.push({ ...endpoint, interface: `eth${index}` });
  }
  return endpoints;
}

/** Who says nothing has 0. */
const priorityOf = ({ gatewayPriority = 0 }: NetworkAttachment): number => gatewayPriority;

/** The node has a part of the network, and asks for more when it is used up (DECISIONS 26). */
async function allocateOne(
  { id }: Stored,
  attachment: NetworkAttachment,
  { network, grow }: ConnectDeps,
): Promise<Endpoint> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return network.allocate(id, attachment.network, {
        ...(attachment.ipv4 === undefined ? {} : { wanted: attachment.ipv4 }),
        ...(attachment.mac === undefined ? {} : { mac: attachment.mac }),
        aliases: [...(attachment.aliases ?? []), id.slice(0, SHORT_ID)],
      });
    } catch (error) {
      const isExhausted = error instanceof OrcError && error.problem.code === 'network.exhausted';
      const local = attachment.network === LOCAL_NETWORK;
      if (!isExhausted || local || attempt >= LIMITS.growsMax) throw error;
      await grow(attachment.network);
    }
  }
}

async function sandbox(
  stored: Stored,
  hostname: string,
  endpoints: readonly Endpoint[],
  network: NetworkHost,
): Promise<Connection> {
  const { namespace, ops, etc } = await network.sandbox(sandboxRequest(stored, hostname, endpoints));
  return { namespace, ops, etc, hostname, endpoints, own: true };
}

export function sandboxRequest(
  { id, name, spec }: Stored,
  hostname: string,
  endpoints: readonly Endpoint[],
): SandboxRequest {
  return {
    container: id,
    hostname,
    name,
    endpoints,
    none: endpoints.length === 0,
    ...gatewayOf(spec.networkMode, endpoints),
    ...(spec.extraHosts === undefined ? {} : { extraHosts: spec.extraHosts }),
    ...(spec.dns === undefined ? {} : { dns: spec.dns }),
    ...(spec.dnsSearch === undefined ? {} : { dnsSearch: spec.dnsSearch }),
    ...(spec.dnsOptions === undefined ? {} : { dnsOptions: spec.dnsOptions }),
    ...(spec.domainname === undefined ? {} : { domainname: spec.domainname }),
    sysctls: Object.fromEntries(Object.entries(spec.sysctls ?? {}).filter(([key]) => key.startsWith('net.'))),
  };
}

/** Without a wish the first network that leads outside gives the default route. */
function gatewayOf(
  mode: NetworkMode | undefined,
  endpoints: readonly Endpoint[],
): { gatewayNetwork?: string } {
  const wished = (mode?.kind === 'networks' ? mode.attachments : [])
    .filter(({ network }) => endpoints.some((each) => each.network === network && each.gateway !== undefined))
    .toSorted((a, b) => priorityOf(b) - priorityOf(a));
  const [first] = wished;
  if (first === undefined || wished.every((each) => priorityOf(each) === 0)) return {};
  return { gatewayNetwork: first.network };
}

const SHORT_ID = 12;

/** What DNS answers for a container without a task: its name, its short id and its aliases, per network. */
export function namesOf({ id, name, owner }: Stored, endpoints: readonly Endpoint[]): readonly NameRecord[] {
  if (owner !== undefined && owner.oneOff !== true) return [];
  return endpoints
    .filter(({ network }) => network !== LOCAL_NETWORK)
    .flatMap(({ network, ipv4, aliases }) =>
      [...new Set([name, id.slice(0, SHORT_ID), ...aliases])].map((each) => ({
        network,
        name: each,
        addresses: ipv4 === undefined ? [] : [ipv4],
      })),
    );
}

export const hostnameOf = ({ id, spec }: Stored): string => spec.hostname ?? id.slice(0, SHORT_ID);

/** Who shares a network shares its names too, as docker has it. */
function join(
  spec: ContainerSpec,
  mode: Extract<NetworkMode, { kind: 'service' | 'container' }>,
  deps: ConnectDeps,
): Connection {
  const target = deps.joined(mode);
  if (target === undefined) {
    const name = mode.kind === 'service' ? `service ${mode.service}` : `container ${mode.container}`;
    throw fail('conflict.state', `cannot join the network of ${name}: it is not running`, {
      hint: 'start it first',
      retry: true,
    });
  }
  const { hostname = target.hostname } = spec;
  const etc = spec.hostname === undefined ? target.etc : { ...target.etc, hostname: `${hostname}\n` };
  return { namespace: target.namespace, ops: [], etc, hostname, endpoints: [], own: false };
}

export async function joinHost(spec: ContainerSpec): Promise<NonNullable<Joinable>> {
  const hostname = spec.hostname ?? nameOfHost();
  return { namespace: 'host', etc: await hostEtc(spec, hostname), hostname };
}

async function hostEtc(spec: ContainerSpec, hostname: string): Promise<Etc> {
  const [hosts, resolvConf] = await Promise.all(
    ['/etc/hosts', '/etc/resolv.conf'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const extra = (spec.extraHosts ?? []).map(
    ({ name, address }) => `${address === 'host-gateway' ? '127.0.0.1' : address}\t${name}\n`,
  );
  return {
    hosts: `${hosts ?? ''}${extra.join('')}`,
    hostname: `${hostname}\n`,
    resolvConf: resolvConf ?? '',
  };
}

/** Ports to publish: the user's and, with `publishAll`, one for each that the image or the user exposes. */
export function wantedPorts(spec: ContainerSpec, exposed: readonly string[]): readonly PortBinding[] {
  const ports = spec.ports ?? [];
  if (spec.publishAll !== true) return ports;
  const taken = new Set(ports.map((port) => `${port.containerPort}/${port.protocol}`));
  const more = [...new Set([...(spec.expose ?? []), ...exposed])].map((text) =>
    text.includes('/') ? text : `${text}/tcp`,
  );
  return [...ports, ...more.filter((text) => !taken.has(text)).map(toBinding)];
}

function toBinding(text: string): PortBinding {
  const [port, protocol] = text.split('/');
  return { containerPort: Number(port), protocol: protocol === 'udp' ? 'udp' : 'tcp' };
}
