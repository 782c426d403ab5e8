/**
 * What a container should be, as its user wrote it: docker's Config and HostConfig in one. `runtime` joins it with
 * the image's config into an OCI spec; `compose` and the command line write it. Absent means "the default".
 */
import type { ContainerId, Digest, ObjectId } from './ids.ts';

export type Protocol = 'tcp' | 'udp';

/** `hostPort` absent: an ephemeral one. `hostIp` absent: every address of the host. */
export type PortBinding = {
  readonly containerPort: number;
  readonly protocol: Protocol;
  readonly hostIp?: string;
  readonly hostPort?: number;
};

export type Propagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

export type BindMount = {
  readonly type: 'bind';
  /** Absolute path on the task's node. */
  readonly source: string;
  readonly target: string;
  readonly readOnly?: boolean;
  readonly propagation?: Propagation;
  /** Make the source, a directory, when it is missing. */
  readonly createHostPath?: boolean;
  /** Default true: mounts below the source come along. */
  readonly recursive?: boolean;
};

/** `source` absent: an anonymous volume, which belongs to the container (or to its service, slot and target). */
export type VolumeMount = {
  readonly type: 'volume';
  readonly source?: string;
  readonly target: string;
  readonly readOnly?: boolean;
  readonly nocopy?: boolean;
  readonly subpath?: string;
};

export type TmpfsMount = {
  readonly type: 'tmpfs';
  readonly target: string;
  readonly sizeBytes?: number;
  /** Permission bits, such as 0o1777. */
  readonly mode?: number;
  readonly readOnly?: boolean;
  /** Further options as `tmpfs:` writes them (`uid=1000`, `noexec`). */
  readonly options?: readonly string[];
};

/** A secret or config as a file: written into a tmpfs of the container with its owner and mode. */
export type FileMount = {
  readonly type: 'secret' | 'config';
  /** Name of the object in the assignment. */
  readonly source: string;
  readonly target: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly mode?: number;
};

export type Mount = BindMount | VolumeMount | TmpfsMount | FileMount;

export type DeviceMapping = {
  readonly source: string;
  readonly target: string;
  readonly permissions: string;
};
export type Ulimit = { readonly name: string; readonly soft: number; readonly hard: number };

export type Resources = {
  /** CPUs times 1e9. */
  readonly nanoCpus?: number;
  readonly cpuShares?: number;
  readonly cpuPeriodUs?: number;
  readonly cpuQuotaUs?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly memoryBytes?: number;
  readonly memoryReservationBytes?: number;
  /** Memory plus swap; -1 is unlimited. */
  readonly memorySwapBytes?: number;
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
  /** -1 is unlimited. */
  readonly pidsMax?: number;
  readonly blkioWeight?: number;
};

export type Security = {
  readonly noNewPrivileges?: boolean;
  /** `default`, `unconfined`, or the JSON of a profile in docker's format. */
  readonly seccomp?: string;
  readonly apparmor?: string;
  /** `systempaths=unconfined`: nothing masked, nothing read-only. */
  readonly unmaskSystemPaths?: boolean;
};

export type Healthcheck = {
  /** `['CMD', …]`, `['CMD-SHELL', line]` or `['NONE']`; absent: the image's. */
  readonly test?: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly startPeriodMs?: number;
  readonly startIntervalMs?: number;
};

/** DECISIONS 1 and 2: back-off of docker under `restart:`, fixed delay under `deploy.restart_policy`. */
export type RestartPolicy = {
  readonly condition: 'no' | 'always' | 'on-failure' | 'unless-stopped' | 'any';
  /** 0 or absent: without limit. */
  readonly maxAttempts?: number;
  readonly delay: { readonly kind: 'backoff' } | { readonly kind: 'fixed'; readonly ms: number };
  /** An attempt that lasted this long counts as a success, and the count of attempts begins anew. */
  readonly windowMs?: number;
};

export type NetworkAttachment = {
  /** Name of the network object (`shop_default`), not the key in a compose file. */
  readonly network: string;
  readonly aliases?: readonly string[];
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly mac?: string;
  /** The network with the highest one gives the default route. */
  readonly gatewayPriority?: number;
};

export type NetworkMode =
  | { readonly kind: 'networks'; readonly attachments: readonly NetworkAttachment[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'host' }
  /** `service` within the same project and slot, `container` by id or name. */
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'container'; readonly container: string };

/** `private` is a namespace of its own; `container`/`service` joins another's. */
export type NamespaceMode =
  | { readonly kind: 'private' }
  | { readonly kind: 'host' }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'container'; readonly container: string };

export type Logging = {
  /** `json-file` is kept as `local` is; only its name differs. */
  readonly driver: 'local' | 'json-file' | 'none';
  /** Rotation: default 10 MiB by 3 files; 0 turns rotation off. */
  readonly maxSizeBytes?: number;
  readonly maxFiles?: number;
};

export type ContainerSpec = {
  /** As the user wrote it; the id it resolved to is `imageId`. */
  readonly image: string;
  /** Digest of the image's config, once resolved. */
  readonly imageId?: Digest;
  readonly platform?: string;
  /** Absent: the image's; `[]`: cleared. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** Laid over the image's. `null` removes the image's value. */
  readonly env?: Readonly<Record<string, string | null>>;
  readonly workingDir?: string;
  /** `user`, `uid`, `user:group`, `uid:gid`. */
  readonly user?: string;
  readonly groupAdd?: readonly string[];
  readonly hostname?: string;
  readonly domainname?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  readonly openStdin?: boolean;
  /** Run orc's init as pid 1, the program as its child. */
  readonly init?: boolean;
  readonly readOnlyRoot?: boolean;
  readonly stopSignal?: string;
  readonly stopGraceMs?: number;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly privileged?: boolean;
  readonly security?: Security;
  readonly ulimits?: readonly Ulimit[];
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly devices?: readonly DeviceMapping[];
  readonly deviceCgroupRules?: readonly string[];
  readonly oomScoreAdj?: number;
  readonly resources?: Resources;
  readonly cgroupParent?: string;
  readonly mounts?: readonly Mount[];
  readonly shmSizeBytes?: number;
  readonly networkMode?: NetworkMode;
  readonly ports?: readonly PortBinding[];
  /** Publish every port that the image exposes (`-P`). */
  readonly publishAll?: boolean;
  /** `80/tcp`. */
  readonly expose?: readonly string[];
  readonly extraHosts?: readonly { readonly name: string; readonly address: string }[];
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOptions?: readonly string[];
  readonly pidMode?: NamespaceMode;
  readonly ipcMode?: NamespaceMode;
  readonly utsMode?: NamespaceMode;
  readonly cgroupnsMode?: NamespaceMode;
  readonly healthcheck?: Healthcheck;
  readonly restart?: RestartPolicy;
  readonly logging?: Logging;
  /** Remove the container, its anonymous volumes and its logs once it has exited (`--rm`). */
  readonly autoRemove?: boolean;
};

/** Whose container this is; absent for those of `orc container run`. */
export type ContainerOwner = {
  readonly task: ObjectId;
  readonly project: string;
  readonly service: string;
  /** 1 and up. */
  readonly slot: number;
  /** `up`'s containers are not; `orc run`'s are one-off. */
  readonly oneOff?: boolean;
  /** The container before it whose anonymous volumes it took over. */
  readonly volumesOf?: ContainerId;
};

export type ContainerStatus = 'created' | 'running' | 'restarting' | 'exited' | 'removing' | 'dead';
export type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** How an attempt ended. `code` is 0 to 255 (128 + signal when a signal ended it). */
export type Exit = {
  readonly code: number;
  readonly signal?: string;
  readonly oomKilled: boolean;
  /** Wall time, milliseconds. */
  readonly at: number;
  /** `exit`, `signal`, `oom`, `shim lost`, `reboot`, or why it could not start. */
  readonly reason: string;
};

/** An address of a container on one network. */
export type Endpoint = {
  readonly network: string;
  readonly interface: string;
  readonly ipv4?: string;
  readonly ipv4PrefixLength?: number;
  readonly ipv6?: string;
  readonly mac: string;
  readonly gateway?: string;
  readonly aliases: readonly string[];
};

/** A node-local container as the agent keeps and the API shows it. */
export type Container = {
  readonly id: ContainerId;
  readonly name: string;
  readonly createdAt: number;
  readonly owner?: ContainerOwner;
  readonly spec: ContainerSpec;
  readonly imageId: Digest;
  readonly status: ContainerStatus;
  readonly health: Health;
  /** Output of the last five probes, the newest last. */
  readonly healthLog?: readonly {
    readonly start: number;
    readonly end: number;
    readonly exitCode: number;
    readonly output: string;
  }[];
  /** Starts so far; 0 for one never started. */
  readonly attempt: number;
  /** Restarts that the policy made, without a user's word. */
  readonly restarts: number;
  readonly pid?: number;
  readonly startedAt?: number;
  readonly exit?: Exit;
  readonly endpoints: readonly Endpoint[];
  /** With the host port that was chosen. */
  readonly ports: readonly PortBinding[];
  /** The program and its arguments, resolved with the image. */
  readonly argv: readonly string[];
  /** Volumes by where they are mounted, anonymous ones too once there are any; `path`: on the host. */
  readonly volumes?: Readonly<Record<string, { readonly name: string; readonly path: string }>>;
  /** As its program has it; absent before the first start. */
  readonly hostname?: string;
  /** Folder of its logs on the host; absent when it keeps none. */
  readonly logPath?: string;
  readonly error?: string;
};
