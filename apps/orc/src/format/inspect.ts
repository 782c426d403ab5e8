/** Objects in the shape of docker's `inspect`, as far as scripts read it. */
import type { Client } from '@orc/api/client';
import type { Container, Mount, NetworkMode, PortBinding } from '@orc/model';
import { rfc3339 } from './time.ts';

const NEVER = '0001-01-01T00:00:00Z';

export function inspectContainer(container: Container): object {
  const { spec } = container;
  return {
    Id: container.id,
    Created: rfc3339(container.createdAt),
    Path: container.argv[0] ?? '',
    Args: container.argv.slice(1),
    State: stateOf(container),
    Image: container.imageId,
    Name: `/${container.name}`,
    RestartCount: container.restarts,
    Platform: 'linux',
    HostConfig: hostConfigOf(container),
    Mounts: (spec.mounts ?? []).map(mountOf),
    Config: configOf(container),
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
    Error: container.error ?? '',
    StartedAt: startedAt === undefined ? NEVER : rfc3339(startedAt),
    FinishedAt: exit === undefined ? NEVER : rfc3339(exit.at),
    ...(container.health === 'none' ? {} : { Health: { Status: container.health, Log: log } }),
  };
}

const bindText = (mount: Mount): string[] =>
  mount.type === 'bind' || (mount.type === 'volume' && mount.source !== undefined)
    ? [`${mount.source}:${mount.target}${mount.readOnly ? ':ro' : ''}`]
    : [];

function hostConfigOf({ spec }: Container): object {
  const { resources = {}, restart } = spec;
  return {
    Binds: (spec.mounts ?? []).flatMap(bindText),
    NetworkMode: networkModeText(spec.networkMode),
    PortBindings: bindingsOf(spec.ports ?? []),
    RestartPolicy: { Name: restart?.condition ?? 'no', MaximumRetryCount: restart?.maxAttempts ?? 0 },
    AutoRemove: spec.autoRemove ?? false,
    CapAdd: spec.capAdd ?? null,
    CapDrop: spec.capDrop ?? null,
    Privileged: spec.privileged ?? false,
    PublishAllPorts: spec.publishAll ?? false,
    ReadonlyRootfs: spec.readOnlyRoot ?? false,
    Init: spec.init ?? false,
    Dns: spec.dns ?? [],
    ExtraHosts: (spec.extraHosts ?? []).map(({ name, address }) => `${name}:${address}`),
    ShmSize: spec.shmSizeBytes ?? 64 * 2 ** 20,
    Sysctls: spec.sysctls ?? {},
    NanoCpus: resources.nanoCpus ?? 0,
    CpuShares: resources.cpuShares ?? 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    Memory: resources.memoryBytes ?? 0,
    MemoryReservation: resources.memoryReservationBytes ?? 0,
    MemorySwap: resources.memorySwapBytes ?? 0,
    PidsLimit: resources.pidsMax ?? null,
    Ulimits: (spec.ulimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    LogConfig: { Type: spec.logging?.driver ?? 'local', Config: {} },
  };
}

function networkModeText(mode: NetworkMode | undefined): string {
  if (mode === undefined) return 'bridge';
  if (mode.kind === 'networks') return mode.attachments[0]?.network ?? 'none';
  if (mode.kind === 'container') return `container:${mode.container}`;
  return mode.kind === 'service' ? `service:${mode.service}` : mode.kind;
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

const mountOf = (mount: Mount): object => ({
  Type: mount.type,
  ...(mount.type === 'volume' ? { Name: mount.source ?? '', Driver: 'local' } : {}),
  Source: 'source' in mount ? (mount.source ?? '') : '',
  Destination: mount.target,
  Mode: '',
  RW: !('readOnly' in mount && mount.readOnly === true),
  Propagation: mount.type === 'bind' ? (mount.propagation ?? 'rprivate') : '',
});

function configOf({ spec, id }: Container): object {
  const env = Object.entries(spec.env ?? {}).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${value}`],
  );
  return {
    Hostname: spec.hostname ?? id.slice(0, 12),
    Domainname: spec.domainname ?? '',
    User: spec.user ?? '',
    Tty: spec.tty ?? false,
    OpenStdin: spec.openStdin ?? false,
    Env: env,
    Cmd: spec.command ?? null,
    Entrypoint: spec.entrypoint ?? null,
    Image: spec.image,
    WorkingDir: spec.workingDir ?? '',
    Labels: spec.labels ?? {},
    StopSignal: spec.stopSignal ?? 'SIGTERM',
    ExposedPorts: Object.fromEntries((spec.expose ?? []).map((port) => [port, {}])),
  };
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
    Gateway: first?.gateway ?? '',
    MacAddress: first?.mac ?? '',
    Ports: bindingsOf(container.ports),
    Networks: Object.fromEntries(networks),
  };
}

type Network = Awaited<ReturnType<Client['getNetwork']>>;
export function inspectNetwork(network: Network): object {
  const { spec, status } = network;
  const containers = network.containers.map((each) => [
    each.id,
    { Name: each.name, MacAddress: each.mac, IPv4Address: each.ipv4 ?? '' },
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
      Config: status.subnets.map(({ subnet, gateway }) => ({ Subnet: subnet, Gateway: gateway })),
    },
    Internal: spec.internal ?? false,
    Attachable: spec.attachable ?? false,
    Containers: Object.fromEntries(containers),
    Options: spec.options ?? {},
    Labels: spec.labels ?? {},
  };
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
