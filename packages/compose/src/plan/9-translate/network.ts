/** How a service is reached: its networks, ports and names. */
import type { NamespaceMode, NetworkAttachment, NetworkMode, PortBinding } from '@orc/model';
import type { ModelNetworkRef, ModelPort } from '../../compose-model.ts';
import { rangeOf } from '../5-canonical/ports.ts';
import { type ServiceContext, defined, invalid, refuse, withoutEffect } from './context.ts';

export function networkModeOf(context: ServiceContext): NetworkMode {
  const mode = context.service.network_mode;
  if (mode === undefined || mode === '') return attachmentsMode(context);
  if (mode === 'none') return { kind: 'none' };
  if (mode === 'host') return { kind: 'host' };
  if (mode === 'bridge' || mode === 'default')
    return { kind: 'networks', attachments: [{ network: 'bridge' }] };
  const joined = joinedMode(mode);
  if (joined !== undefined) return joined;
  refuse(
    context,
    ['network_mode'],
    `"${mode}" is not supported`,
    'it is none, host, bridge, service:x or container:x; leave it out for a network',
  );
  return { kind: 'none' };
}

function joinedMode(mode: string): Extract<NamespaceMode, { kind: 'service' | 'container' }> | undefined {
  const at = mode.indexOf(':');
  const [kind, name] = [mode.slice(0, at), mode.slice(at + 1)];
  if (kind === 'service' && name !== '') return { kind, service: name };
  return kind === 'container' && name !== '' ? { kind, container: name } : undefined;
}

/** `pid`, `ipc`, `uts`, `cgroup`: a namespace of its own when nothing is said. */
export function namespaceOf(
  context: ServiceContext,
  key: 'pid' | 'ipc' | 'uts' | 'cgroup',
): NamespaceMode | undefined {
  const mode = context.service[key];
  if (mode === undefined || mode === '') return undefined;
  if (mode === 'host') return { kind: 'host' };
  if (mode === 'private' || (key === 'ipc' && mode === 'shareable')) return { kind: 'private' };
  const joined = key === 'pid' || key === 'ipc' ? joinedMode(mode) : undefined;
  if (joined === undefined) refuse(context, [key], `"${mode}" is not supported`, 'it is host, or left out');
  return joined;
}

/** The first network gives the default route. */
function attachmentsMode(context: ServiceContext): NetworkMode {
  const names = Object.entries(context.service.networks ?? {});
  const special = names.map(([key]) => specialNetwork(context, key)).find((each) => each !== undefined);
  if (special !== undefined) return { kind: special };
  const ordered = names.toSorted(
    ([, a], [, b]) =>
      (b?.gw_priority ?? 0) - (a?.gw_priority ?? 0) || (b?.priority ?? 0) - (a?.priority ?? 0),
  );
  const attachments = ordered.map(([key, wish], index) => attachment(context, key, wish, index === 0));
  return { kind: 'networks', attachments };
}

/** Networks of the drivers host and none stand for the modes of these names. */
function specialNetwork(context: ServiceContext, key: string): 'host' | 'none' | undefined {
  const network = context.model.networks?.[key];
  const driver = network?.external === true ? network.name : network?.driver;
  if (driver === 'host') return 'host';
  return driver === 'none' || driver === 'null' ? 'none' : undefined;
}

function attachment(
  context: ServiceContext,
  key: string,
  wish: ModelNetworkRef | null,
  isFirst: boolean,
): NetworkAttachment {
  const aliases = [context.name, ...(wish?.aliases ?? []), ...(context.linkAliases.get(context.name) ?? [])];
  return defined({
    network: context.model.networks?.[key]?.name ?? `${context.model.name}_${key}`,
    aliases: [...new Set(aliases)],
    ipv4: wish?.ipv4_address,
    ipv6: wish?.ipv6_address,
    mac: wish?.mac_address ?? (isFirst ? context.service.mac_address || undefined : undefined),
    gatewayPriority: wish?.gw_priority,
  });
}

export function portsOf(context: ServiceContext): readonly PortBinding[] | undefined {
  const { ports, network_mode: mode } = context.service;
  if (ports === undefined || ports.length === 0 || mode === 'host' || mode === 'none') return undefined;
  if (mode !== undefined && joinedMode(mode) !== undefined) {
    invalid(
      context,
      ['ports'],
      `cannot be published with network_mode: ${mode}`,
      'publish them on the service that has the network',
    );
    return undefined;
  }
  if (isInside(context)) withoutEffect(context, ['ports'], 'the service is on internal networks only');
  return ports.map(binding);
}

/** All its networks are internal, as far as the files tell. */
function isInside({ service, model }: ServiceContext): boolean {
  const networks = Object.keys(service.networks ?? {});
  return networks.length > 0 && networks.every((key) => model.networks?.[key]?.internal === true);
}

function binding(port: ModelPort): PortBinding {
  const range = port.published === undefined ? undefined : rangeOf(port.published);
  return defined({
    containerPort: port.target,
    protocol: port.protocol === 'udp' ? 'udp' : 'tcp',
    hostIp: port.host_ip || undefined,
    hostPort: range?.from === 0 ? undefined : range?.from,
  });
}

/** `80`, `80/udp` and ranges to `80/tcp` one by one. */
export function exposeOf(context: ServiceContext): readonly string[] | undefined {
  const ports = (context.service.expose ?? []).flatMap((each, index) => {
    const [numbers = '', protocol = 'tcp'] = each.split('/');
    const range = rangeOf(numbers);
    if (range === null) {
      invalid(context, ['expose', index], `"${each}" is not a port`, 'such as 80, 80/udp or 3000-3005');
      return [];
    }
    return Array.from(
      { length: range.to - range.from + 1 },
      (_, index) => `${range.from + index}/${protocol}`,
    );
  });
  return ports.length === 0 ? undefined : ports;
}

export function hostsOf(
  lines: readonly string[] | undefined,
): readonly { name: string; address: string }[] | undefined {
  return lines?.map((line) => {
    const at = line.indexOf('=');
    return { name: line.slice(0, at), address: line.slice(at + 1) };
  });
}
