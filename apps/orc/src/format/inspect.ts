/** Objects in the shape of docker's `inspect`, as far as scripts read it. */
import type { Client, ContainerSize } from '@orc/api/client';
import {
  type Container,
  type Healthcheck,
  type ImageConfig,
  type Logging,
  type Mount,
  type NamespaceMode,
  type NetworkMode,
  parseCidr,
  type PortBinding,
  type Security,
} from '@orc/model';
import { joinName } from '../project/joined.ts';
import { ABSENT, limitsOf } from './host-config.ts';
import { rfc3339 } from './time.ts';

const NEVER = '0001-01-01T00:00:00Z';

export type Further = {
  /** Where it was asked for. */
  readonly size?: ContainerSize;
  /** Ids of the containers whose namespaces it has, by `container:web` and `service:web`. */
  readonly joined?: ReadonlyMap<string, string>;
};

/** `image`: the config that its image gives; absent when that is gone. */
export function inspectContainer(
  container: Container,
  image: ImageConfig = {},
  { size, joined = new Map() }: Further = {},
): object {
  return {
    Id: container.id,
    Created: rfc3339(container.createdAt),
    Path: container.argv[0] ?? '',
    Args: container.argv.slice(1),
    State: stateOf(container),
    Image: container.imageId,
    Name: `/${container.name}`,
    RestartCount: container.restarts,
    Driver: 'overlay2',
    Platform: 'linux',
    LogPath: container.logPath ?? '',
    // Written into the container at its start, out of nothing that lies on the host.
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    AppArmorProfile: '',
    HostConfig: hostConfigOf(container, joined),
    GraphDriver: { Name: 'overlay2', Data: null },
    ...(size === undefined ? {} : { SizeRw: size.writtenBytes, SizeRootFs: size.totalBytes }),
    Mounts: mountsOf(container),
    Config: configOf(container, image),
    NetworkSettings: networkSettingsOf(container),
    ...(container.owner === undefined ? {} : { Owner: container.owner }),
  };
}

function stateOf(container: Container): object {
  const { status, exit, startedAt } = container;
  const log = (container.healthLog ?? []).map((each) => ({
    Start: rfc3339(each.start),
    End: rfc3339(each.end),
    ExitCode: each.exitCode,
    Output: each.output,
  }));
  return {
    Status: status,
    Running: status === 'running',
    Paused: false,
    Restarting: status === 'restarting',
    OOMKilled: exit?.oomKilled ?? false,
    Dead: status === 'dead',
    Pid: status === 'running' ? (container.pid ?? 0) : 0,
    ExitCode: exit?.code ?? 0,
    Error: container.error ?? (exit?.reason === 'shim lost' ? exit.reason : ''),
    StartedAt: startedAt === undefined ? NEVER : rfc3339(startedAt),
    FinishedAt: exit === undefined ? NEVER : rfc3339(exit.at),
    Health:
      container.health === 'none'
        ? undefined
        : { Status: container.health, FailingStreak: failuresAtEnd(container.healthLog), Log: log },
  };
}

const failuresAtEnd = (log: Container['healthLog'] = []): number =>
  log.length - 1 - log.findLastIndex(({ exitCode }) => exitCode === 0);

const bindText = (mount: Mount): string[] =>
  mount.type === 'bind' || (mount.type === 'volume' && mount.source !== undefined)
    ? [`${mount.source}:${mount.target}${mount.readOnly ? ':ro' : ''}`]
    : [];

function hostConfigOf({ spec }: Container, joined: ReadonlyMap<string, string>): object {
  const { restart } = spec;
  return {
    ...(spec.annotations === undefined ? {} : { Annotations: spec.annotations }),
    Binds: (spec.mounts ?? []).flatMap(bindText),
    NetworkMode: networkModeText(spec.networkMode, joined),
    PortBindings: bindingsOf(spec.ports ?? []),
    RestartPolicy: { Name: restart?.condition ?? 'no', MaximumRetryCount: restart?.maxAttempts ?? 0 },
    AutoRemove: spec.autoRemove ?? false,
    CapAdd: spec.capAdd ?? null,
    CapDrop: spec.capDrop ?? null,
    Privileged: spec.privileged ?? false,
    PublishAllPorts: spec.publishAll ?? false,
    ReadonlyRootfs: spec.readOnlyRoot ?? false,
    Init: spec.init ?? false,
    ...ABSENT,
    Dns: spec.dns ?? [],
    DnsOptions: spec.dnsOptions ?? [],
    DnsSearch: spec.dnsSearch ?? [],
    ExtraHosts: (spec.extraHosts ?? []).map(({ name, address }) => `${name}:${address}`),
    SecurityOpt: securityOf(spec.security),
    UsernsMode: '',
    PidMode: namespaceText(spec.pidMode, joined, ''),
    IpcMode: namespaceText(spec.ipcMode, joined, 'private'),
    UTSMode: namespaceText(spec.utsMode, joined, ''),
    CgroupnsMode: namespaceText(spec.cgroupnsMode, joined, 'private'),
    ShmSize: spec.shmSizeBytes ?? 64 * 2 ** 20,
    Sysctls: spec.sysctls ?? {},
    ...limitsOf(spec),
    LogConfig: { Type: spec.logging?.driver ?? 'local', Config: logOptions(spec.logging) },
  };
}

/** In the words of `--security-opt`. */
function securityOf({ noNewPrivileges, seccomp, apparmor, unmaskSystemPaths }: Security = {}): unknown {
  const words = [
    ...(noNewPrivileges === undefined ? [] : [`no-new-privileges=${noNewPrivileges}`]),
    ...(seccomp === undefined ? [] : [`seccomp=${seccomp === 'default' ? 'builtin' : seccomp}`]),
    ...(apparmor === undefined ? [] : [`apparmor=${apparmor}`]),
    ...(unmaskSystemPaths === true ? ['systempaths=unconfined'] : []),
  ];
  return words.length === 0 ? null : words;
}

function networkModeText(mode: NetworkMode | undefined, joined: ReadonlyMap<string, string>): string {
  if (mode === undefined) return 'bridge';
  if (mode.kind === 'networks') return mode.attachments[0]?.network ?? 'none';
  return joinText(mode, joined) ?? mode.kind;
}

/** docker writes nothing where a namespace of its own is what everybody has. */
function namespaceText(
  mode: NamespaceMode = { kind: 'private' },
  joined: ReadonlyMap<string, string>,
  own: string,
): string {
  return mode.kind === 'private' ? own : (joinText(mode, joined) ?? mode.kind);
}

/** By id, as docker has it; as it was written where that container is gone. */
function joinText(
  mode: NamespaceMode | NetworkMode,
  joined: ReadonlyMap<string, string>,
): string | undefined {
  const name = joinName(mode);
  const id = name === undefined ? undefined : joined.get(name);
  return id === undefined ? name : `container:${id}`;
}

function bindingsOf(ports: readonly PortBinding[]): object {
  const all: Record<string, object[]> = {};
  for (const port of ports)
    (all[`${port.containerPort}/${port.protocol}`] ??= []).push({
      HostIp: port.hostIp ?? '0.0.0.0',
      HostPort: String(port.hostPort ?? ''),
    });
  return all;
}

/** In docker's words. */
function logOptions({ maxSizeBytes, maxFiles }: Partial<Logging> = {}): object {
  return {
    ...(maxFiles === undefined ? {} : { 'max-file': String(maxFiles) }),
    ...(maxSizeBytes === undefined ? {} : { 'max-size': maxSizeBytes === 0 ? '-1' : sizeText(maxSizeBytes) }),
  };
}

const UNITS = ['', 'k', 'm', 'g'] as const;

/** `10m`, where a whole number of units says it. */
function sizeText(bytes: number, unit = 0): string {
  const isWhole = bytes % 1024 === 0 && unit < UNITS.length - 1;
  return isWhole ? sizeText(bytes / 1024, unit + 1) : `${bytes}${UNITS[unit]}`;
}

/** With the anonymous volumes that the image asks for. */
function mountsOf({ spec, volumes = {} }: Container): readonly object[] {
  const mounts = spec.mounts ?? [];
  const known = new Set(mounts.map(({ target }) => target));
  const anonymous = Object.keys(volumes).filter((target) => !known.has(target));
  return [...mounts, ...anonymous.map((target): Mount => ({ type: 'volume', target }))].map((mount) =>
    mountOf(mount, volumes[mount.target]),
  );
}

const mountOf = (
  mount: Mount,
  volume: { readonly name: string; readonly path: string } | undefined,
): object => ({
  Type: mount.type,
  ...(mount.type === 'volume' ? { Name: volume?.name ?? mount.source ?? '' } : {}),
  Source: mount.type === 'volume' ? (volume?.path ?? '') : 'source' in mount ? mount.source : '',
  Destination: mount.target,
  ...(mount.type === 'volume' ? { Driver: 'local' } : {}),
  Mode: '',
  RW: !isReadOnly(mount),
  Propagation: mount.type === 'bind' ? (mount.propagation ?? 'rprivate') : '',
});

const isReadOnly = (mount: Mount): boolean =>
  mount.type === 'secret' || mount.type === 'config' || ('readOnly' in mount && mount.readOnly === true);

/** What is in force: the image's word where the user gave none. */
function configOf({ spec, id, hostname }: Container, image: ImageConfig): object {
  const exposed = [...Object.keys(image.ExposedPorts ?? {}), ...(spec.expose ?? [])];
  return {
    Hostname: hostname ?? spec.hostname ?? id.slice(0, 12),
    Domainname: spec.domainname ?? '',
    User: spec.user ?? image.User ?? '',
    Tty: spec.tty ?? false,
    OpenStdin: spec.openStdin ?? false,
    Env: envOf(spec.env, image),
    Cmd: spec.command ?? (spec.entrypoint === undefined ? image.Cmd : undefined) ?? null,
    Entrypoint: spec.entrypoint ?? image.Entrypoint ?? null,
    Image: spec.image,
    WorkingDir: spec.workingDir ?? image.WorkingDir ?? '',
    Labels: { ...image.Labels, ...spec.labels },
    StopSignal: spec.stopSignal ?? image.StopSignal ?? 'SIGTERM',
    ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])),
    Volumes: volumesOf(spec.mounts, image),
    Healthcheck: healthcheckText(spec.healthcheck),
  };
}

/** Those without a name, the image's and the user's. */
function volumesOf(mounts: readonly Mount[] = [], image: ImageConfig): object | null {
  const own = mounts.flatMap((each) =>
    each.type === 'volume' && each.source === undefined ? [[each.target, {}] as const] : [],
  );
  const all = { ...image.Volumes, ...Object.fromEntries(own) };
  return Object.keys(all).length === 0 ? null : all;
}

const NS_PER_MS = 1e6;

/** The daemon's answer has the one that is in force. */
function healthcheckText(check: Healthcheck | undefined): object | undefined {
  if (check?.test === undefined) return undefined;
  const ns = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms * NS_PER_MS);
  return {
    Test: check.test,
    Interval: ns(check.intervalMs),
    Timeout: ns(check.timeoutMs),
    StartPeriod: ns(check.startPeriodMs),
    StartInterval: ns(check.startIntervalMs),
    Retries: check.retries,
  };
}

function envOf(own: Container['spec']['env'], image: ImageConfig): readonly string[] {
  const pairs = (image.Env ?? []).map((each): [string, string] => {
    const at = each.indexOf('=');
    return at === -1 ? [each, ''] : [each.slice(0, at), each.slice(at + 1)];
  });
  const all = { ...Object.fromEntries(pairs), ...own };
  return Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
}

function networkSettingsOf(container: Container): object {
  const networks = container.endpoints.map((each) => [
    each.network,
    {
      IPAddress: each.ipv4 ?? '',
      IPPrefixLen: each.ipv4PrefixLength ?? 0,
      Gateway: each.gateway ?? '',
      GlobalIPv6Address: each.ipv6 ?? '',
      MacAddress: each.mac,
      Aliases: each.aliases,
    },
  ]);
  const [first] = container.endpoints;
  return {
    IPAddress: first?.ipv4 ?? '',
    IPPrefixLen: first?.ipv4PrefixLength ?? 0,
    Gateway: first?.gateway ?? '',
    MacAddress: first?.mac ?? '',
    Ports: bindingsOf(container.ports),
    Networks: { ...namesOf(container.spec.networkMode), ...Object.fromEntries(networks) },
  };
}

const NOWHERE = {
  IPAddress: '',
  IPPrefixLen: 0,
  Gateway: '',
  GlobalIPv6Address: '',
  MacAddress: '',
  Aliases: [],
};

/** What it is to be in has its entry before it runs too; whoever joins another has none of its own. */
function namesOf(mode: NetworkMode = { kind: 'networks', attachments: [{ network: 'bridge' }] }): object {
  const names =
    mode.kind === 'networks'
      ? mode.attachments.map(({ network }) => network)
      : mode.kind === 'host' || mode.kind === 'none'
        ? [mode.kind]
        : [];
  return Object.fromEntries(names.map((name) => [name, NOWHERE]));
}

type Network = Awaited<ReturnType<Client['getNetwork']>>;

/** Of what was asked for; the subnet in force is written as its network's address. */
function rangeOf(asked: Network['spec']['subnets'] = [], subnet: string): { IPRange?: string } {
  const own = asked.find((each) => parseCidr(each.subnet)?.base === parseCidr(subnet)?.base);
  return own?.ipRange === undefined ? {} : { IPRange: own.ipRange };
}

export function inspectNetwork(network: Network): object {
  const { spec, status } = network;
  const containers = network.containers.map((each) => [
    each.id,
    { Name: each.name, MacAddress: each.mac, IPv4Address: withPrefix(each.ipv4, status.subnets) },
  ]);
  return {
    Name: network.name,
    Id: network.id,
    Created: rfc3339(network.createdAt),
    Scope: 'local',
    Driver: spec.driver,
    EnableIPv4: true,
    EnableIPv6: spec.ipv6 ?? false,
    IPAM: {
      Driver: 'default',
      Config: status.subnets.map(({ subnet, gateway }) => ({
        Subnet: subnet,
        ...rangeOf(spec.subnets, subnet),
        Gateway: gateway,
      })),
    },
    Internal: spec.internal ?? false,
    Attachable: spec.attachable ?? false,
    Containers: Object.fromEntries(containers),
    Options: spec.options ?? {},
    Labels: spec.labels ?? {},
  };
}

/** docker writes the length of the network's prefix after each address. */
function withPrefix(
  address: string | undefined,
  subnets: readonly { readonly subnet: string; readonly gateway?: string }[],
): string {
  const length = subnets.find(({ subnet }) => !subnet.includes(':'))?.subnet.split('/')[1];
  return address === undefined ? '' : length === undefined ? address : `${address}/${length}`;
}

type Volume = Awaited<ReturnType<Client['getVolume']>>;
export const inspectVolume = (volume: Volume): object => ({
  CreatedAt: rfc3339(volume.createdAt),
  Driver: volume.spec.driver,
  Labels: volume.spec.labels ?? {},
  Mountpoint: volume.mountpoint,
  Name: volume.name,
  Options: volume.spec.options ?? {},
  Scope: 'local',
});
