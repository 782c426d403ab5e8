/** How rows of containers read in tables and to scripts: docker's columns and docker compose's. */
import type { ContainerSize, ContainerSummary } from '@orc/api/client';
import { formatSize, type PortBinding } from '@orc/model';
import type { Listing } from './output.ts';
import { ago, dateOf, humanDuration } from './time.ts';

const SHORT_ID = 12;
const COMMAND_WIDTH = 20;

/** `Up 3 minutes (healthy)`, `Exited (137) 2 hours ago`, `Created`. */
function statusText(row: ContainerSummary, now: number): string {
  const { status, exit } = row;
  if (status === 'running') return `Up ${humanDuration(now - (row.startedAt ?? now))}${healthText(row)}`;
  if (status === 'restarting') return `Restarting (${exit?.code ?? 0}) ${ago(exit?.at ?? now, now)}`;
  if (status === 'exited')
    return `Exited (${exit?.code ?? 0}) ${ago(exit?.at ?? now, now)}${exit?.oomKilled ? ' (OOM)' : ''}`;
  return status === 'created' ? 'Created' : status === 'removing' ? 'Removal In Progress' : 'Dead';
}

function healthText({ health }: ContainerSummary): string {
  if (health === 'none') return '';
  return health === 'starting' ? ' (health: starting)' : ` (${health})`;
}

/** `0.0.0.0:8080->80/tcp, 443/tcp`. */
function portsText(row: Pick<ContainerSummary, 'ports' | 'exposed' | 'status'>): string {
  if (!isOpen(row)) return '';
  const published = row.ports.map(portText);
  const known = new Set(row.ports.map((port) => `${port.containerPort}/${port.protocol}`));
  return [...published, ...row.exposed.filter((port) => !known.has(port))].join(', ');
}

/** What does not run has no ports. */
const isOpen = ({ status }: Pick<ContainerSummary, 'status'>): boolean =>
  status === 'running' || status === 'restarting';

const portText = ({ hostIp, hostPort, containerPort, protocol }: PortBinding): string => {
  const inside = `${containerPort}/${protocol}`;
  if (hostPort === undefined) return inside;
  return `${hostAddress(hostIp, hostPort)}->${inside}`;
};

/** `0.0.0.0:80`, `[::1]:80`. */
export const hostAddress = (hostIp: string | undefined, port: number): string => {
  const ip = hostIp ?? '0.0.0.0';
  return `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
};

const commandText = (command: string, whole: boolean): string =>
  `"${whole || command.length <= COMMAND_WIDTH ? command : `${command.slice(0, COMMAND_WIDTH - 1)}…`}"`;

export const shortId = (id: string, whole = false): string =>
  whole ? id : id.replace(/^sha256:/, '').slice(0, SHORT_ID);

const labelsText = (labels: Readonly<Record<string, string>> = {}): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

/** `{{.Labels}}` and `{{.Label "name"}}`; JSON has no functions. */
export const labelsOf = (labels: Readonly<Record<string, string>> = {}): object => ({
  Label: (name: unknown) => labels[String(name)] ?? '',
  Labels: labelsText(labels),
});

/** `2B (virtual 7.33MB)`: what it wrote, and with its image. */
const sizeText = (size: ContainerSize | undefined): string =>
  size === undefined ? '' : `${formatSize(size.writtenBytes)} (virtual ${formatSize(size.totalBytes)})`;

/** `container ls`; `sizes`, where they were asked for, by id. */
export const containerListing = (
  now: number,
  whole: boolean,
  sizes?: ReadonlyMap<string, ContainerSize>,
): Listing<ContainerSummary> => ({
  columns: [
    { header: 'CONTAINER ID', cell: (row) => shortId(row.id, whole) },
    { header: 'IMAGE', cell: (row) => row.image },
    { header: 'COMMAND', cell: (row) => commandText(row.command, whole) },
    { header: 'CREATED', cell: (row) => ago(row.createdAt, now) },
    { header: 'STATUS', cell: (row) => statusText(row, now) },
    { header: 'PORTS', cell: portsText },
    { header: 'NAMES', cell: (row) => row.name },
    ...(sizes === undefined
      ? []
      : [{ header: 'SIZE', cell: (row: ContainerSummary) => sizeText(sizes.get(row.id)) }]),
  ],
  fields: (row) => ({
    Command: commandText(row.command, whole),
    CreatedAt: dateOf(row.createdAt),
    ID: shortId(row.id, whole),
    Image: row.image,
    ...labelsOf(row.labels),
    Mounts: row.mounts.join(','),
    Names: row.name,
    LocalVolumes: String(row.mounts.filter(isVolume).length),
    Networks: Object.keys(row.networks).join(','),
    Ports: portsText(row),
    RunningFor: ago(row.createdAt, now),
    Size: sizeText(sizes?.get(row.id)),
    State: row.status,
    Status: statusText(row, now),
    Health: row.health === 'none' ? '' : row.health,
    ExitCode: row.exit?.code ?? 0,
  }),
  id: (row) => shortId(row.id, whole),
});

/** A folder of the host has a path, a volume a name. */
const isVolume = (source: string): boolean => !source.startsWith('/');

/** `ps` of a project. */
export const taskListing = (now: number, whole: boolean): Listing<ContainerSummary> => ({
  columns: [
    { header: 'NAME', cell: (row) => row.name },
    { header: 'IMAGE', cell: (row) => row.image },
    { header: 'COMMAND', cell: (row) => commandText(row.command, whole) },
    { header: 'SERVICE', cell: (row) => row.service ?? '' },
    { header: 'CREATED', cell: (row) => ago(row.createdAt, now) },
    { header: 'STATUS', cell: (row) => statusText(row, now) },
    { header: 'PORTS', cell: portsText },
  ],
  fields: (row) => ({
    ID: shortId(row.id, whole),
    Name: row.name,
    Names: row.name,
    Image: row.image,
    Command: row.command,
    Project: row.project ?? '',
    Service: row.service ?? '',
    Created: Math.floor(row.createdAt / 1000),
    CreatedAt: dateOf(row.createdAt),
    RunningFor: ago(row.createdAt, now),
    State: row.status,
    Status: statusText(row, now),
    Health: row.health === 'none' ? '' : row.health,
    ExitCode: row.exit?.code ?? 0,
    Ports: portsText(row),
    Publishers: isOpen(row) ? row.ports.map(publisher) : [],
    ...labelsOf(row.labels),
    Mounts: row.mounts.join(','),
    Networks: Object.keys(row.networks).join(','),
  }),
  id: (row) => row.id,
});

const publisher = ({ hostIp, hostPort, containerPort, protocol }: PortBinding): object => ({
  URL: hostIp ?? '0.0.0.0',
  TargetPort: containerPort,
  PublishedPort: hostPort ?? 0,
  Protocol: protocol,
});
