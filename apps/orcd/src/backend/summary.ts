/** A container as lists show it. */
import type { ContainerSummary } from '@orc/api';
import type { Container, ImageConfig } from '@orc/model';

/** `argv` of one never started is what it would run. */
export function summaryOf(container: Container, config: ImageConfig | undefined): ContainerSummary {
  const { spec, owner } = container;
  const argv =
    container.argv.length > 0
      ? container.argv
      : [...(spec.entrypoint ?? config?.Entrypoint ?? []), ...(spec.command ?? config?.Cmd ?? [])];
  return {
    id: container.id,
    name: container.name,
    image: spec.image,
    imageId: container.imageId,
    command: argv.join(' '),
    createdAt: container.createdAt,
    status: container.status,
    health: container.health,
    ...(container.startedAt === undefined ? {} : { startedAt: container.startedAt }),
    ...(container.exit === undefined ? {} : { exit: container.exit }),
    restarts: container.restarts,
    ports: container.ports,
    exposed: [...new Set([...(spec.expose ?? []), ...Object.keys(config?.ExposedPorts ?? {})])],
    labels: { ...config?.Labels, ...spec.labels },
    networks: networksOf(container),
    mounts: mountsOf(container),
    ...(owner === undefined ? {} : { project: owner.project, service: owner.service, slot: owner.slot }),
  };
}

/** What each comes from; volumes by name, those that the image asks for too. */
function mountsOf({ spec, volumes = {} }: Container): readonly string[] {
  const written = (spec.mounts ?? []).map((mount) =>
    'source' in mount && mount.source !== undefined
      ? mount.source
      : (volumes[mount.target]?.name ?? mount.target),
  );
  return [...new Set([...written, ...Object.values(volumes).map(({ name }) => name)])];
}

/** Also before its start: what it is to be in; `host` and `none` as docker has them, nothing of whom it joins. */
function networksOf({ spec, endpoints }: Container): Readonly<Record<string, string>> {
  const mode = spec.networkMode;
  if (mode === undefined) return { bridge: '', ...addressesOf(endpoints) };
  if (mode.kind === 'host' || mode.kind === 'none') return { [mode.kind]: '' };
  const named = mode.kind === 'networks' ? mode.attachments.map(({ network }) => [network, '']) : [];
  return { ...Object.fromEntries(named), ...addressesOf(endpoints) };
}

const addressesOf = (endpoints: Container['endpoints']): Readonly<Record<string, string>> =>
  Object.fromEntries(endpoints.map((endpoint) => [endpoint.network, endpoint.ipv4 ?? '']));
