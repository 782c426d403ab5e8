/** Which fields of a service make its containers others, by the names that a compose file has for them. */
import { COMPOSE_LABEL_PREFIX, type ContainerSpec, type FieldChange, type ServiceSpec } from '@orc/model';
import { FIELDS_MAX, FIELDS_NAMED_MAX, FIELD_TEXT_MAX } from '../limits.ts';
import { now } from '../state/draft.ts';
import { canonical } from '../state/same.ts';
import { type State, named } from '../state/table.ts';
import { mountSources, networksOf } from './hash.ts';
import { joinedServices } from './joins.ts';
import { fieldsOfNetwork } from './networks.ts';
import { type Planning, serviceName } from './types.ts';

/**
 * In the order of their names. Contents are told by digests, those of environment variables too: they hold secrets often
 * enough.
 */
export function changedFields(
  planning: Planning,
  before: ServiceSpec,
  after: ServiceSpec,
): readonly FieldChange[] {
  const [old, next] = [
    fieldsOf(planning, planning.draft.base, before),
    fieldsOf(planning, now(planning.draft), after),
  ];
  const paths = [...new Set([...old.keys(), ...next.keys()])].sort();
  return paths
    .filter((path) => old.get(path) !== next.get(path))
    .slice(0, FIELDS_MAX)
    .map((path) => ({ path, ...textOf('before', old.get(path)), ...textOf('after', next.get(path)) }));
}

const textOf = (side: 'before' | 'after', text: string | undefined): Partial<FieldChange> => {
  if (text === undefined) return {};
  return { [side]: text.length > FIELD_TEXT_MAX ? `${text.slice(0, FIELD_TEXT_MAX)}…` : text };
};

type Fields = Map<string, string>;

function fieldsOf(planning: Planning, state: State, spec: ServiceSpec): Fields {
  const fields: Fields = new Map();
  const { image, imageId, env, labels, mounts, networkMode, ulimits, resources, ...rest } = spec.template;
  const set = (path: string, value: unknown): void => {
    if (value !== undefined) fields.set(path, typeof value === 'string' ? value : canonical(value));
  };
  set('image', imageId === undefined ? image : `${image} ${imageId}`);
  set('container_name', spec.containerName);
  for (const [name, value] of Object.entries(env ?? {}))
    set(
      `environment.${name}`,
      value === null ? null : `digest ${planning.proposer.keyedHash(value).slice(0, 12)}`,
    );
  for (const [name, value] of Object.entries(labels ?? {}))
    if (!name.startsWith(COMPOSE_LABEL_PREFIX)) set(`labels.${name}`, value);
  for (const { target, ...mount } of mounts ?? [])
    set(`${SECTIONS[mount.type] ?? 'volumes'}.${target}`, mount);
  for (const { name, ...ulimit } of ulimits ?? []) set(`ulimits.${name}`, ulimit);
  if (networkMode?.kind === 'networks')
    for (const { network, ...attachment } of networkMode.attachments) set(`networks.${network}`, attachment);
  else set('network_mode', networkMode);
  for (const [key, value] of Object.entries({ ...resources, ...rest })) setPlain(set, key, value);
  setParts(set, state, spec);
  return fields;
}

const SECTIONS: Readonly<Record<string, string>> = { secret: 'secrets', config: 'configs', tmpfs: 'tmpfs' };

type Setter = (path: string, value: unknown) => void;

/** Groups by their members; a list is one value. */
function setPlain(set: Setter, key: string, value: unknown, prefix = ''): void {
  const path = `${prefix}${nameOf(key)}`;
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isGroup) for (const [inner, each] of Object.entries(value)) setPlain(set, inner, each, `${path}.`);
  else if (key.endsWith('Ms') && typeof value === 'number') set(path, `${value} ms`);
  else set(path, key === 'nanoCpus' && typeof value === 'number' ? value / 1e9 : value);
}

/** What a container depends on beside its own specification (`hashOfService`). */
function setParts(set: Setter, state: State, spec: ServiceSpec): void {
  const { template, project } = spec;
  for (const kind of ['secret', 'config'] as const)
    for (const name of mountSources(template, kind))
      set(`${kind}s.${name}.content`, digestOf(named(state, kind, name)?.spec.hash));
  for (const name of networksOf(template)) {
    const { driver, ...others } = fieldsOfNetwork(named(state, 'network', name)?.spec);
    if (driver !== 'bridge') set(`networks.${name}.driver`, driver);
    for (const [field, value] of Object.entries(others)) set(`networks.${name}.${field}`, value);
  }
  for (const name of joinedServices(template))
    set(`services.${name}`, digestOf(named(state, 'service', serviceName(project, name))?.spec.hash));
}

const digestOf = (hash: string | undefined): string | undefined =>
  hash === undefined ? undefined : `digest ${hash.slice(0, 12)}`;

/** Where it is not the name in another spelling. */
const NAMES: Readonly<Record<string, string>> = {
  blkioWeight: 'blkio_config.weight',
  cgroupnsMode: 'cgroup',
  cpuPeriodUs: 'cpu_period',
  cpuQuotaUs: 'cpu_quota',
  cpusetCpus: 'cpuset',
  dnsOptions: 'dns_opt',
  ipcMode: 'ipc',
  memoryBytes: 'mem_limit',
  memoryReservationBytes: 'mem_reservation',
  memorySwapBytes: 'memswap_limit',
  memorySwappiness: 'mem_swappiness',
  nanoCpus: 'cpus',
  openStdin: 'stdin_open',
  pidMode: 'pid',
  pidsMax: 'pids_limit',
  readOnlyRoot: 'read_only',
  security: 'security_opt',
  shmSizeBytes: 'shm_size',
  stopGraceMs: 'stop_grace_period',
  utsMode: 'uts',
} satisfies Partial<Record<keyof ContainerSpec | keyof NonNullable<ContainerSpec['resources']>, string>>;

const nameOf = (key: string): string =>
  NAMES[key] ?? key.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `image, environment.A and 3 more changed`. */
export function reasonOf(fields: readonly FieldChange[]): string {
  const names = fields.slice(0, FIELDS_NAMED_MAX).map((each) => each.path);
  const more = fields.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''} changed`;
}
