/** The shapes of every request body, field for field those of `model` and `backend.ts`. */
import type {
  BuildSpec,
  ContainerSpec,
  DependsOn,
  FileMount,
  Healthcheck,
  Logging,
  NetworkAttachment,
  NetworkSpec,
  PortBinding,
  Project,
  ProjectFile,
  ProjectNetwork,
  ProjectService,
  ProjectVolume,
  Resources,
  RestartPolicy,
  Security,
  Subnet,
  UpdateConfig,
  VolumeSpec,
} from '@orc/model';
import type { BindMount, DeviceMapping, TmpfsMount, Ulimit, VolumeMount } from '@orc/model';
import type {
  BuildOptions,
  ContextFile,
  CreateContainer,
  DownOptions,
  ExecConfig,
  ProjectAction,
  PutProject,
} from './backend.ts';
import {
  flag,
  integer,
  list,
  nullable,
  number,
  oneOf,
  optional,
  record,
  shape,
  tagged,
  text,
} from './shape.ts';

const size = integer(0);
const texts = list(text);
const textMap = record(text);
const port = integer(0, 65_535);
const hosts = list(shape<{ name: string; address: string }>({ name: text, address: text }));

const portBinding = shape<PortBinding>({
  containerPort: integer(1, 65_535),
  protocol: oneOf('tcp', 'udp'),
  hostIp: optional(text),
  hostPort: optional(port),
});

const fileMount = shape<FileMount>({
  type: oneOf('secret', 'config'),
  source: text,
  target: text,
  uid: optional(size),
  gid: optional(size),
  mode: optional(integer(0, 0o7777)),
});

const mount = tagged('type', {
  bind: shape<BindMount>({
    type: text,
    source: text,
    target: text,
    readOnly: optional(flag),
    propagation: optional(oneOf('private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave')),
    createHostPath: optional(flag),
    recursive: optional(flag),
  }),
  volume: shape<VolumeMount>({
    type: text,
    source: optional(text),
    target: text,
    readOnly: optional(flag),
    nocopy: optional(flag),
    subpath: optional(text),
  }),
  tmpfs: shape<TmpfsMount>({
    type: text,
    target: text,
    sizeBytes: optional(size),
    mode: optional(integer(0, 0o7777)),
    readOnly: optional(flag),
    options: optional(texts),
  }),
  secret: fileMount,
  config: fileMount,
});

const resources = shape<Resources>({
  nanoCpus: optional(size),
  cpuShares: optional(size),
  cpuPeriodUs: optional(size),
  cpuQuotaUs: optional(integer(-1)),
  cpusetCpus: optional(text),
  cpusetMems: optional(text),
  memoryBytes: optional(size),
  memoryReservationBytes: optional(size),
  memorySwapBytes: optional(integer(-1)),
  memorySwappiness: optional(integer(-1, 100)),
  oomKillDisable: optional(flag),
  pidsMax: optional(integer(-1)),
  blkioWeight: optional(size),
});

const security = shape<Security>({
  noNewPrivileges: optional(flag),
  seccomp: optional(text),
  apparmor: optional(text),
  unmaskSystemPaths: optional(flag),
});

const healthcheck = shape<Healthcheck>({
  test: optional(texts),
  intervalMs: optional(number),
  timeoutMs: optional(number),
  retries: optional(size),
  startPeriodMs: optional(number),
  startIntervalMs: optional(number),
});

const restart = shape<RestartPolicy>({
  condition: oneOf('no', 'always', 'on-failure', 'unless-stopped', 'any'),
  maxAttempts: optional(size),
  delay: tagged('kind', {
    backoff: shape<{ kind: string }>({ kind: text }),
    fixed: shape<{ kind: string; ms: number }>({ kind: text, ms: number }),
  }),
  windowMs: optional(number),
});

const attachment = shape<NetworkAttachment>({
  network: text,
  aliases: optional(texts),
  ipv4: optional(text),
  ipv6: optional(text),
  mac: optional(text),
  gatewayPriority: optional(integer()),
});

const bare = shape<{ kind: string }>({ kind: text });
const ofService = shape<{ kind: string; service: string }>({ kind: text, service: text });
const ofContainer = shape<{ kind: string; container: string }>({ kind: text, container: text });
const namespaceMode = tagged('kind', {
  private: bare,
  host: bare,
  service: ofService,
  container: ofContainer,
});
const networkMode = tagged('kind', {
  networks: shape<{ kind: string; attachments: readonly NetworkAttachment[] }>({
    kind: text,
    attachments: list(attachment),
  }),
  none: bare,
  host: bare,
  service: ofService,
  container: ofContainer,
});

const logging = shape<Logging>({
  driver: oneOf('local', 'none'),
  maxSizeBytes: optional(size),
  maxFiles: optional(size),
});
const device = shape<DeviceMapping>({ source: text, target: text, permissions: text });
const ulimit = shape<Ulimit>({ name: text, soft: integer(-1), hard: integer(-1) });

export const containerSpec = shape<ContainerSpec>({
  image: text,
  imageId: optional(text),
  platform: optional(text),
  entrypoint: optional(texts),
  command: optional(texts),
  env: optional(record(nullable(text))),
  workingDir: optional(text),
  user: optional(text),
  groupAdd: optional(texts),
  hostname: optional(text),
  domainname: optional(text),
  labels: optional(textMap),
  annotations: optional(textMap),
  tty: optional(flag),
  openStdin: optional(flag),
  init: optional(flag),
  readOnlyRoot: optional(flag),
  stopSignal: optional(text),
  stopGraceMs: optional(number),
  capAdd: optional(texts),
  capDrop: optional(texts),
  privileged: optional(flag),
  security: optional(security),
  ulimits: optional(list(ulimit)),
  sysctls: optional(textMap),
  devices: optional(list(device)),
  deviceCgroupRules: optional(texts),
  oomScoreAdj: optional(integer(-1000, 1000)),
  resources: optional(resources),
  cgroupParent: optional(text),
  mounts: optional(list(mount)),
  shmSizeBytes: optional(size),
  networkMode: optional(networkMode),
  ports: optional(list(portBinding)),
  publishAll: optional(flag),
  expose: optional(texts),
  extraHosts: optional(hosts),
  dns: optional(texts),
  dnsSearch: optional(texts),
  dnsOptions: optional(texts),
  pidMode: optional(namespaceMode),
  ipcMode: optional(namespaceMode),
  utsMode: optional(namespaceMode),
  cgroupnsMode: optional(namespaceMode),
  healthcheck: optional(healthcheck),
  restart: optional(restart),
  logging: optional(logging),
  autoRemove: optional(flag),
});

export const createContainer = shape<CreateContainer>({ name: optional(text), spec: containerSpec });

export const execConfig = shape<ExecConfig>({
  argv: texts,
  env: optional(textMap),
  workingDir: optional(text),
  user: optional(text),
  tty: flag,
  stdin: flag,
  privileged: optional(flag),
  detach: optional(flag),
});

const buildSpec = shape<BuildSpec>({
  context: text,
  dockerfile: optional(text),
  dockerfileInline: optional(text),
  args: optional(textMap),
  target: optional(text),
  labels: optional(textMap),
  noCache: optional(flag),
  pull: optional(flag),
  tags: optional(texts),
  platform: optional(text),
  network: optional(text),
  shmSizeBytes: optional(size),
  extraHosts: optional(hosts),
});

const dependsOn = shape<DependsOn>({
  service: text,
  condition: oneOf('service_started', 'service_healthy', 'service_completed_successfully'),
  restart: optional(flag),
  required: optional(flag),
});
const update = shape<UpdateConfig>({
  parallelism: size,
  delayMs: number,
  failureAction: oneOf('pause', 'continue', 'rollback'),
  monitorMs: number,
  maxFailureRatio: number,
  order: oneOf('stop-first', 'start-first'),
});
const subnet = shape<Subnet>({ subnet: text, gateway: optional(text), ipRange: optional(text) });

export const networkSpec = shape<NetworkSpec>({
  project: optional(text),
  key: optional(text),
  driver: oneOf('bridge', 'host', 'none', 'null'),
  internal: optional(flag),
  attachable: optional(flag),
  ipv6: optional(flag),
  subnets: optional(list(subnet)),
  options: optional(textMap),
  labels: optional(textMap),
});
export const volumeSpec = shape<VolumeSpec>({
  project: optional(text),
  key: optional(text),
  driver: oneOf('local'),
  options: optional(textMap),
  labels: optional(textMap),
  anonymous: optional(flag),
});

const service = shape<ProjectService>({
  service: text,
  mode: oneOf('replicated', 'global'),
  replicas: size,
  dependsOn: list(dependsOn),
  update: optional(update),
  containerName: optional(text),
  container: containerSpec,
  build: optional(buildSpec),
  pullPolicy: oneOf('always', 'never', 'missing', 'build'),
  attach: flag,
  profiles: texts,
});
const projectFile = shape<ProjectFile>({
  name: text,
  key: text,
  external: flag,
  data: optional(text),
  labels: optional(textMap),
});
const project = shape<Project>({
  name: text,
  workingDir: text,
  configFiles: texts,
  services: list(service),
  networks: list(shape<ProjectNetwork>({ name: text, key: text, external: flag, spec: networkSpec })),
  volumes: list(shape<ProjectVolume>({ name: text, key: text, external: flag, spec: volumeSpec })),
  secrets: list(projectFile),
  configs: list(projectFile),
});

export const putProject = shape<PutProject>({
  project,
  images: textMap,
  options: shape<PutProject['options']>({
    desired: oneOf('ready', 'run'),
    services: optional(texts),
    noDeps: optional(flag),
    prepare: optional(texts),
    removeOrphans: optional(flag),
    forceRecreate: optional(flag),
    noRecreate: optional(flag),
    renewAnonVolumes: optional(flag),
    scale: optional(record(size)),
    timeoutMs: optional(number),
    dryRun: optional(flag),
  }),
});

export const downOptions = shape<DownOptions>({
  volumes: optional(flag),
  removeOrphans: optional(flag),
  timeoutMs: optional(number),
  services: optional(texts),
});

export const projectAction = shape<ProjectAction>({
  kind: oneOf('start', 'stop', 'restart', 'kill', 'rm', 'scale'),
  services: optional(texts),
  slot: optional(integer(1)),
  signal: optional(text),
  timeoutMs: optional(number),
  noDeps: optional(flag),
  volumes: optional(flag),
  stop: optional(flag),
  scale: optional(record(size)),
});

const contextFile = shape<ContextFile>({
  path: text,
  type: oneOf('file', 'directory', 'symlink'),
  mode: integer(0, 0o7777),
  size,
  mtimeMs: number,
  linkname: optional(text),
  fingerprint: text,
});
export const openContext = shape<{ key: string; files: readonly ContextFile[] }>({
  key: text,
  files: list(contextFile),
});

export const buildRequest = shape<{ context: string | null; options: BuildOptions }>({
  context: nullable(text),
  options: shape<BuildOptions>({ spec: buildSpec, dockerfile: text, dockerfileName: text, tags: texts }),
});

export type PullRequest = {
  readonly reference: string;
  readonly platform?: string;
  readonly auth?: { readonly username: string; readonly password: string } | { readonly token: string };
};
export const pullRequest = shape<PullRequest>({
  reference: text,
  platform: optional(text),
  auth: optional(record(text)),
});
export const oneReference = shape<{ reference: string }>({ reference: text });
export const references = shape<{ references: readonly string[] }>({ references: texts });
export const tagRequest = shape<{ target: string }>({ target: text });
export const stopRequest = shape<{ timeoutMs?: number; signal?: string }>({
  timeoutMs: optional(number),
  signal: optional(text),
});
export const killRequest = shape<{ signal: string }>({ signal: text });
export const namedNetwork = shape<{ name: string; spec: NetworkSpec }>({ name: text, spec: networkSpec });
export const namedVolume = shape<{ name?: string; spec: VolumeSpec }>({
  name: optional(text),
  spec: volumeSpec,
});
export const nothing = shape<Record<never, never>>({});
export type StopRequest = { readonly timeoutMs?: number; readonly signal?: string };
