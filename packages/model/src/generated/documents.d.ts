/* Made by scripts/validators.ts out of schemas/: change those. */
/* eslint-disable */
import type { Validator } from '../documents.ts';
/** A string without a NUL byte. */
export type Text = string;
/** A string without a NUL byte, or null. */
export type TextOrNull = string | null;
/** Strings. */
export type Texts = readonly (Text)[];
/** Strings by name. */
export type TextMap = Readonly<Record<string, Text>>;
/** A count, or bytes. */
export type Size = number;
/** -1: unlimited. */
export type Limit = number;
/** Permission bits. */
export type Mode = number;
/** A duration in milliseconds. */
export type Milliseconds = number;
/** Milliseconds since 1970. */
export type Time = number;
/** A published port. */
export type PortBinding = {
  /** The port inside. */
  readonly containerPort: number;
    readonly protocol: "tcp" | "udp";
  /** Address of the host; absent: every one. */
  readonly hostIp?: Text;
  /** Port of the host; absent or 0: an ephemeral one. */
  readonly hostPort?: number;
};
/** A folder or file of the task’s node. */
export type BindMount = {
    readonly type: "bind";
  /** Absolute path on the node. */
  readonly source: Text;
  /** Path in the container. */
  readonly target: Text;
    readonly readOnly?: boolean;
  /** How later mounts travel; default rprivate. */
  readonly propagation?: "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave";
  /** Make the source, a directory, when it is missing. */
  readonly createHostPath?: boolean;
  /** Mounts below the source come along; default true. */
  readonly recursive?: boolean;
};
/** A volume. */
export type VolumeMount = {
    readonly type: "volume";
  /** Name of the volume; absent: an anonymous one. */
  readonly source?: Text;
  /** Path in the container. */
  readonly target: Text;
    readonly readOnly?: boolean;
  /** Do not fill an empty volume from the image. */
  readonly nocopy?: boolean;
  /** Folder of the volume to mount. */
  readonly subpath?: Text;
};
/** A file system in memory. */
export type TmpfsMount = {
    readonly type: "tmpfs";
  /** Path in the container. */
  readonly target: Text;
  /** Its bound. */
  readonly sizeBytes?: Size;
    readonly mode?: Mode;
    readonly readOnly?: boolean;
  /** Further options, such as uid=1000 or noexec. */
  readonly options?: Texts;
};
/** A secret or config as a file in memory. */
export type FileMount = {
    readonly type: "secret" | "config";
  /** Name of the secret or config. */
  readonly source: Text;
  /** Path in the container. */
  readonly target: Text;
  /** Owner. */
  readonly uid?: Size;
  /** Group. */
  readonly gid?: Size;
    readonly mode?: Mode;
};
/** One mount, told apart by its type. */
export type Mount = (BindMount | VolumeMount | TmpfsMount | FileMount);
/** A device of the host. */
export type DeviceMapping = {
  /** Path on the host. */
  readonly source: Text;
  /** Path in the container. */
  readonly target: Text;
  /** Of r, w and m. */
  readonly permissions: Text;
};
/** A resource limit; -1: unlimited. */
export type Ulimit = {
  /** nofile, nproc, … */
  readonly name: Text;
    readonly soft: Limit;
    readonly hard: Limit;
};
/** What the container may use. */
export type Resources = {
  /** CPUs times 1e9. */
  readonly nanoCpus?: Size;
  /** Weight; default 1024. */
  readonly cpuShares?: Size;
  /** Period of cpuQuotaUs. */
  readonly cpuPeriodUs?: Size;
  /** CPU time per period. */
  readonly cpuQuotaUs?: Limit;
  /** CPUs, such as 0-2,4. */
  readonly cpusetCpus?: Text;
  /** Memory nodes. */
  readonly cpusetMems?: Text;
  /** Bound of memory. */
  readonly memoryBytes?: Size;
  /** Soft bound of memory. */
  readonly memoryReservationBytes?: Size;
  /** Memory plus swap; -1: unlimited. */
  readonly memorySwapBytes?: Limit;
  /** How willingly pages are swapped. */
  readonly memorySwappiness?: number;
    readonly oomKillDisable?: boolean;
  /** Processes and threads; -1: unlimited. */
  readonly pidsMax?: Limit;
  /** Weight of disk access. */
  readonly blkioWeight?: Size;
};
/** How the container is confined. */
export type Security = {
  /** No program may raise its privileges. */
  readonly noNewPrivileges?: boolean;
  /** default, unconfined, or the JSON of a profile in docker’s format. */
  readonly seccomp?: Text;
  /** Name of a profile. */
  readonly apparmor?: Text;
  /** Nothing of /proc and /sys is masked or read-only. */
  readonly unmaskSystemPaths?: boolean;
};
/** How health is probed; what is absent is the image’s. */
export type Healthcheck = {
  /** ["CMD", …], ["CMD-SHELL", line] or ["NONE"]. */
  readonly test?: Texts;
  /** Between two probes. */
  readonly intervalMs?: Milliseconds;
  /** Until a probe is killed. */
  readonly timeoutMs?: Milliseconds;
  /** Failures in a row until unhealthy. */
  readonly retries?: Size;
  /** Failures do not count for so long. */
  readonly startPeriodMs?: Milliseconds;
  /** Between two probes of the start period. */
  readonly startIntervalMs?: Milliseconds;
};
/** When an ended container starts again. */
export type RestartPolicy = {
    readonly condition: "no" | "always" | "on-failure" | "unless-stopped" | "any";
  /** 0 or absent: without limit. */
  readonly maxAttempts?: Size;
  /** Doubling from 100 ms to a minute, or fixed. */
  readonly delay: ({
    readonly kind: "backoff";
} | {
    readonly kind: "fixed";
    readonly ms: Milliseconds;
});
  /** An attempt that lasted so long counts as a success. */
  readonly windowMs?: Milliseconds;
};
/** A network that the container joins. */
export type NetworkAttachment = {
  /** Its name, not its key in a compose file. */
  readonly network: Text;
  /** Further names in its DNS. */
  readonly aliases?: Texts;
    readonly ipv4?: Text;
    readonly ipv6?: Text;
    readonly mac?: Text;
  /** The network with the highest gives the default route. */
  readonly gatewayPriority?: number;
};
/** How the container is connected. */
export type NetworkMode = ({
    readonly kind: "networks";
    readonly attachments: readonly (NetworkAttachment)[];
} | {
    readonly kind: "none";
} | {
    readonly kind: "host";
} | {
    readonly kind: "service";
  /** The key in the compose file. */
  readonly service: Text;
} | {
    readonly kind: "container";
  /** Name or id. */
  readonly container: Text;
});
/** Whose namespace it is. */
export type NamespaceMode = ({
    readonly kind: "private";
} | {
    readonly kind: "host";
} | {
    readonly kind: "service";
  /** The key in the compose file. */
  readonly service: Text;
} | {
    readonly kind: "container";
  /** Name or id. */
  readonly container: Text;
});
/** Where output goes. */
export type Logging = {
    readonly driver: "local" | "json-file" | "none";
  /** Of one file; 0: no rotation. */
  readonly maxSizeBytes?: Size;
  /** How many are kept. */
  readonly maxFiles?: Size;
};
/** A line of /etc/hosts. */
export type HostEntry = {
    readonly name: Text;
  /** An address, or host-gateway. */
  readonly address: Text;
};
/** What a container should be, as its user wrote it. What is absent is the default. */
export type ContainerSpec = {
  /** As the user wrote it. */
  readonly image: Text;
  /** Digest of the image’s config, once resolved. */
  readonly imageId?: Text;
  /** os/architecture. */
  readonly platform?: Text;
  /** Absent: the image’s; []: cleared. */
  readonly entrypoint?: Texts;
  /** Absent: the image’s. */
  readonly command?: Texts;
  /** Laid over the image’s; null removes the image’s value. */
  readonly env?: Readonly<Record<string, TextOrNull>>;
    readonly workingDir?: Text;
  /** user, uid, user:group or uid:gid. */
  readonly user?: Text;
  /** Further groups. */
  readonly groupAdd?: Texts;
    readonly hostname?: Text;
    readonly domainname?: Text;
    readonly labels?: TextMap;
    readonly annotations?: TextMap;
  /** A terminal as standard streams. */
  readonly tty?: boolean;
  /** Standard input stays open. */
  readonly openStdin?: boolean;
  /** orc’s init as process 1, the program as its child. */
  readonly init?: boolean;
    readonly readOnlyRoot?: boolean;
  /** Name or number. */
  readonly stopSignal?: Text;
  /** From the stop signal to SIGKILL. */
  readonly stopGraceMs?: Milliseconds;
  /** Capabilities, or ALL. */
  readonly capAdd?: Texts;
  /** Capabilities, or ALL. */
  readonly capDrop?: Texts;
  /** Without confinement. */
  readonly privileged?: boolean;
    readonly security?: Security;
    readonly ulimits?: readonly (Ulimit)[];
  /** Of its own namespaces. */
  readonly sysctls?: TextMap;
    readonly devices?: readonly (DeviceMapping)[];
  /** Such as "c 1:3 mr". */
  readonly deviceCgroupRules?: Texts;
  /** How early the kernel kills it when memory is out. */
  readonly oomScoreAdj?: number;
    readonly resources?: Resources;
    readonly cgroupParent?: Text;
    readonly mounts?: readonly (Mount)[];
  /** Of /dev/shm. */
  readonly shmSizeBytes?: Size;
    readonly networkMode?: NetworkMode;
    readonly ports?: readonly (PortBinding)[];
  /** Publish every port that the image exposes. */
  readonly publishAll?: boolean;
  /** Such as 80/tcp. */
  readonly expose?: Texts;
    readonly extraHosts?: readonly (HostEntry)[];
  /** Servers. */
  readonly dns?: Texts;
    readonly dnsSearch?: Texts;
    readonly dnsOptions?: Texts;
    readonly pidMode?: NamespaceMode;
    readonly ipcMode?: NamespaceMode;
    readonly utsMode?: NamespaceMode;
    readonly cgroupnsMode?: NamespaceMode;
    readonly healthcheck?: Healthcheck;
    readonly restart?: RestartPolicy;
    readonly logging?: Logging;
  /** Remove it, its anonymous volumes and its logs once it has exited. */
  readonly autoRemove?: boolean;
};
/** How an image is built. */
export type BuildSpec = {
  /** Absolute path on the client. */
  readonly context: Text;
  /** Path within the context. */
  readonly dockerfile?: Text;
  /** The Dockerfile itself. */
  readonly dockerfileInline?: Text;
    readonly args?: TextMap;
  /** The stage. */
  readonly target?: Text;
    readonly labels?: TextMap;
    readonly noCache?: boolean;
  /** Look for newer base images. */
  readonly pull?: boolean;
    readonly tags?: Texts;
    readonly platform?: Text;
  /** Of its RUN steps. */
  readonly network?: Text;
  /** Of /dev/shm. */
  readonly shmSizeBytes?: Size;
    readonly extraHosts?: readonly (HostEntry)[];
};
/** What a service waits for when it starts. */
export type DependsOn = {
  /** The key in the compose file. */
  readonly service: Text;
    readonly condition: "service_started" | "service_healthy" | "service_completed_successfully";
  /** Restart with it, when a person restarts it. */
  readonly restart?: boolean;
  /** false: missing or failed is only a warning. */
  readonly required?: boolean;
};
/** How tasks are replaced. */
export type UpdateConfig = {
  /** At once; 0: all. */
  readonly parallelism: Size;
  /** Between two batches. */
  readonly delayMs: Milliseconds;
    readonly failureAction: "pause" | "continue" | "rollback";
  /** How long a new task is watched. */
  readonly monitorMs: Milliseconds;
  /** 0 to 1. */
  readonly maxFailureRatio: number;
    readonly order: "stop-first" | "start-first";
};
/** Addresses of a network. */
export type Subnet = {
  /** Such as 10.1.0.0/24. */
  readonly subnet: Text;
    readonly gateway?: Text;
  /** Part of it to give addresses from. */
  readonly ipRange?: Text;
};
/** What a network should be. */
export type NetworkSpec = {
    readonly project?: Text;
  /** The key in the compose file. */
  readonly key?: Text;
    readonly driver: "bridge" | "host" | "none" | "null";
  /** Without a way out. */
  readonly internal?: boolean;
    readonly attachable?: boolean;
    readonly ipv6?: boolean;
    readonly subnets?: readonly (Subnet)[];
  /** Of the driver. */
  readonly options?: TextMap;
    readonly labels?: TextMap;
};
/** What a volume should be. */
export type VolumeSpec = {
    readonly project?: Text;
  /** The key in the compose file. */
  readonly key?: Text;
    readonly driver: "local";
  /** Of the driver. */
  readonly options?: TextMap;
    readonly labels?: TextMap;
  /** Made for one container. */
  readonly anonymous?: boolean;
};
/** A service of a project. */
export type ProjectService = {
  /** The key in the compose file. */
  readonly service: Text;
    readonly mode: "replicated" | "global";
  /** How many containers. */
  readonly replicas: Size;
    readonly dependsOn: readonly (DependsOn)[];
    readonly update?: UpdateConfig;
  /** Fixes the scale at 1. */
  readonly containerName?: Text;
    readonly container: ContainerSpec;
    readonly build?: BuildSpec;
    readonly pullPolicy: "always" | "never" | "missing" | "build";
  /** false keeps its logs out of a foreground up. */
  readonly attach: boolean;
    readonly profiles: Texts;
};
/** A network of a project. */
export type ProjectNetwork = {
    readonly name: Text;
  /** The key in the compose file. */
  readonly key: Text;
  /** Must exist; is never made or removed. */
  readonly external: boolean;
    readonly spec: NetworkSpec;
};
/** A volume of a project. */
export type ProjectVolume = {
    readonly name: Text;
  /** The key in the compose file. */
  readonly key: Text;
  /** Must exist; is never made or removed. */
  readonly external: boolean;
    readonly spec: VolumeSpec;
};
/** A secret or config of a project. */
export type ProjectFile = {
    readonly name: Text;
  /** The key in the compose file. */
  readonly key: Text;
  /** Must exist; is never made or removed. */
  readonly external: boolean;
  /** Base 64 of its content; absent when external. */
  readonly data?: Text;
    readonly labels?: TextMap;
};
/** A whole project: a compose file with everything that only the client can read. */
export type Project = {
    readonly name: Text;
  /** Folder of the compose file on the client. */
  readonly workingDir: Text;
  /** The compose files, as read. */
  readonly configFiles: Texts;
    readonly services: readonly (ProjectService)[];
  /** Services of the files whose profiles are off: what runs of them stays, and is no orphan. */
  readonly disabled?: Texts;
    readonly networks: readonly (ProjectNetwork)[];
    readonly volumes: readonly (ProjectVolume)[];
    readonly secrets: readonly (ProjectFile)[];
    readonly configs: readonly (ProjectFile)[];
};
/** Whose container it is. */
export type ContainerOwner = {
  /** Id of the task. */
  readonly task: Text;
    readonly project: Text;
    readonly service: Text;
  /** 1 and up. */
  readonly slot: number;
  /** Of orc run. */
  readonly oneOff?: boolean;
  /** The container before it whose anonymous volumes it took over. */
  readonly volumesOf?: Text;
};
/** What a container is doing. */
export type ContainerStatus = "created" | "running" | "restarting" | "exited" | "removing" | "dead";
/** What its probes say; none: it has no probe. */
export type Health = "none" | "starting" | "healthy" | "unhealthy";
/** How an attempt ended. */
export type Exit = {
  /** 0 to 255; 128 and the signal when a signal ended it. */
  readonly code: number;
    readonly signal?: Text;
    readonly oomKilled: boolean;
    readonly at: Time;
  /** exit, signal, oom, shim lost, reboot, or why it could not start. */
  readonly reason: Text;
};
/** An address of a container on one network. */
export type Endpoint = {
    readonly network: Text;
    readonly interface: Text;
    readonly ipv4?: Text;
    readonly ipv4PrefixLength?: number;
    readonly ipv6?: Text;
    readonly mac: Text;
    readonly gateway?: Text;
    readonly aliases: Texts;
};
/** A container as the agent keeps and inspect shows it. */
export type Container = {
  /** 64 hex digits. */
  readonly id: Text;
    readonly name: Text;
    readonly createdAt: Time;
    readonly owner?: ContainerOwner;
    readonly spec: ContainerSpec;
  /** Digest of the image’s config. */
  readonly imageId: Text;
    readonly status: ContainerStatus;
    readonly health: Health;
  /** The last five probes, the newest last. */
  readonly healthLog?: readonly ({
    readonly start: Time;
    readonly end: Time;
    readonly exitCode: number;
    readonly output: Text;
})[];
  /** Starts so far. */
  readonly attempt: number;
  /** Of them made by the policy. */
  readonly restarts: number;
    readonly pid?: number;
    readonly startedAt?: Time;
    readonly exit?: Exit;
    readonly endpoints: readonly (Endpoint)[];
  /** With the host port that was chosen. */
  readonly ports: readonly (PortBinding)[];
  /** The program and its arguments, resolved with the image. */
  readonly argv: Texts;
  /** By where they are mounted; anonymous ones too once there are any. */
  readonly volumes?: Readonly<Record<string, {
    readonly name: Text;
  /** On the host. */
  readonly path: Text;
}>>;
  /** As its program has it; absent before the first start. */
  readonly hostname?: Text;
  /** Folder of its logs on the host; absent when it keeps none. */
  readonly logPath?: Text;
    readonly error?: Text;
};
/** A host. */
export type NodeObj = {
    readonly kind: "node";
  /** 25 characters of base 36. */
  readonly id: Text;
    readonly name: Text;
  /** Grows by one with each write of spec. */
  readonly specVersion: number;
  /** Grows by one with each write of status. */
  readonly statusVersion: number;
    readonly createdAt: Time;
    readonly spec: {
    readonly availability: "active" | "pause" | "drain";
    readonly labels: TextMap;
};
    readonly status: {
    readonly state: "ready" | "down";
    readonly hostname: Text;
    readonly cpus: number;
    readonly memoryBytes: number;
    readonly os: Text;
    readonly architecture: Text;
};
};
/** A compose project; its objects name it in spec.project. */
export type ProjectObj = {
    readonly kind: "project";
  /** 25 characters of base 36. */
  readonly id: Text;
    readonly name: Text;
  /** Grows by one with each write of spec. */
  readonly specVersion: number;
  /** Grows by one with each write of status. */
  readonly statusVersion: number;
    readonly createdAt: Time;
    readonly spec: {
    readonly workingDir?: Text;
    readonly configFiles?: Texts;
    readonly labels?: TextMap;
  /** down asked; volumes go too if so, or those with these keys. */
  readonly removing?: {
    readonly volumes: (boolean | Texts);
};
};
    readonly status: Readonly<Record<string, never>>;
};
/** What the containers of a service should be. */
export type ServiceSpec = {
    readonly project: Text;
  /** The key in the compose file. */
  readonly service: Text;
    readonly mode: "replicated" | "global";
    readonly replicas: number;
    readonly dependsOn: readonly (DependsOn)[];
    readonly update?: UpdateConfig;
    readonly containerName?: Text;
    readonly template: ContainerSpec;
  /** SHA-256 over what a container of it depends on. */
  readonly hash: Text;
    readonly desired: "ready" | "run" | "stop";
  /** Grows when the same is asked for anew. */
  readonly generation: number;
    readonly stopGraceMs?: Milliseconds;
  /** Counts --force-recreate. */
  readonly recreations?: number;
    readonly renewAnonVolumes?: boolean;
  /** Hashes of tasks that --no-recreate leaves as they are. */
  readonly kept?: readonly (Text)[];
  /** Slots whose container a person removed. */
  readonly absentSlots?: readonly (number)[];
  /** It goes once its tasks have. */
  readonly removing?: {
    readonly volumes: boolean;
};
};
/** A service of a project. */
export type ServiceObj = {
    readonly kind: "service";
  /** 25 characters of base 36. */
  readonly id: Text;
    readonly name: Text;
  /** Grows by one with each write of spec. */
  readonly specVersion: number;
  /** Grows by one with each write of status. */
  readonly statusVersion: number;
    readonly createdAt: Time;
    readonly spec: ServiceSpec;
    readonly status: {
    readonly updateState?: "updating" | "paused" | "completed";
};
};
/** What a task should be doing. */
export type TaskDesired = {
    readonly state: "ready" | "run" | "drain" | "stop" | "remove";
  /** A larger one asks for a new attempt. */
  readonly generation: number;
    readonly stopGraceMs?: Milliseconds;
  /** With remove: anonymous volumes go too. */
  readonly removeVolumes?: boolean;
  /** With remove and stop: by this signal, at once. */
  readonly kill?: Text;
};
/** A slot of a service on a node. */
export type TaskSpec = {
    readonly project: Text;
    readonly service: Text;
    readonly serviceId: Text;
  /** 1 and up. */
  readonly slot: number;
  /** Hash of the service that it was made for. */
  readonly hash: Text;
  /** The specVersion whose template it runs. */
  readonly revision: number;
  /** null: not placed yet. */
  readonly node: TextOrNull;
    readonly containerId: Text;
    readonly endpoints: readonly (Endpoint)[];
    readonly ports?: readonly (PortBinding)[];
    readonly desired: TaskDesired;
  /** Of the service that desired follows. */
  readonly generation?: number;
  /** The first of those that it replaces in its slot, whose anonymous volumes it has; absent: it has its own. */
  readonly volumesOf?: Text;
  /** Why it has no node. */
  readonly pending?: PlacementReason;
};
/** What its node reported. */
export type TaskStatus = {
    readonly attempt: number;
    readonly phase: "new" | "assigned" | "preparing" | "ready" | "running" | "exited" | "failed" | "rejected" | "removed";
    readonly health: Health;
  /** Of desired that the agent has acted on. */
  readonly generation: number;
    readonly exit?: Exit;
    readonly pid?: number;
    readonly startedAt?: Time;
    readonly restarts?: number;
    readonly ports?: readonly (PortBinding)[];
  /** With failed and rejected. */
  readonly problem?: Problem;
  /** With preparing after an exit: when its policy starts it again. */
  readonly restartAt?: Time;
};
/** One container to be, of a service. */
export type TaskObj = {
    readonly kind: "task";
  /** 25 characters of base 36. */
  readonly id: Text;
    readonly name: Text;
  /** Grows by one with each write of spec. */
  readonly specVersion: number;
  /** Grows by one with each write of status. */
  readonly statusVersion: number;
    readonly createdAt: Time;
    readonly spec: TaskSpec;
    readonly status: TaskStatus;
};
/** What the allocator chose. */
export type NetworkStatus = {
  /** Those in force. */
  readonly subnets: readonly ({
    readonly subnet: Text;
    readonly gateway: Text;
})[];
  /** Names the bridge and its rules. */
  readonly index: number;
  /** Parts out of which a node gives addresses. */
  readonly blocks: readonly ({
    readonly node: Text;
    readonly cidr: Text;
})[];
  /** What it is until it can be made anew. */
  readonly former?: NetworkSpec;
};
/** A network. */
export type NetworkObj = {
    readonly kind: "network";
  /** 25 characters of base 36. */
  readonly id: Text;
    readonly name: Text;
  /** Grows by one with each write of spec. */
  readonly specVersion: number;
  /** Grows by one with each write of status. */
  readonly statusVersion: number;
    readonly createdAt: Time;
    readonly spec: NetworkSpec;
    readonly status: NetworkStatus;
};
/** A volume. */
export type VolumeObj = {
    readonly kind: "volume";
  /** 25 characters of base 36. */
  readonly id: Text;
    readonly name: Text;
  /** Grows by one with each write of spec. */
  readonly specVersion: number;
  /** Grows by one with each write of status. */
  readonly statusVersion: number;
    readonly createdAt: Time;
    readonly spec: VolumeSpec;
    readonly status: {
  /** Where its data lies. */
  readonly node?: Text;
};
};
/** The content of a secret or config. */
export type SecretSpec = {
    readonly project?: Text;
  /** The key in the compose file. */
  readonly key?: Text;
  /** Base 64; that of a secret is sealed. */
  readonly data: Text;
  /** SHA-256 of the plain content, keyed for secrets. */
  readonly hash: Text;
    readonly labels?: TextMap;
};
/** A secret. */
export type SecretObj = {
    readonly kind: "secret";
  /** 25 characters of base 36. */
  readonly id: Text;
    readonly name: Text;
  /** Grows by one with each write of spec. */
  readonly specVersion: number;
  /** Grows by one with each write of status. */
  readonly statusVersion: number;
    readonly createdAt: Time;
    readonly spec: SecretSpec;
    readonly status: Readonly<Record<string, never>>;
};
/** A config. */
export type ConfigObj = {
    readonly kind: "config";
  /** 25 characters of base 36. */
  readonly id: Text;
    readonly name: Text;
  /** Grows by one with each write of spec. */
  readonly specVersion: number;
  /** Grows by one with each write of status. */
  readonly statusVersion: number;
    readonly createdAt: Time;
    readonly spec: SecretSpec;
    readonly status: Readonly<Record<string, never>>;
};
/** An object of the log, told apart by its kind. */
export type AnyObj = (NodeObj | ProjectObj | ServiceObj | TaskObj | NetworkObj | VolumeObj | SecretObj | ConfigObj);
/** One write, with the versions that it expects. */
export type Change = ({
    readonly op: "put";
    readonly object: AnyObj;
    readonly expect: ({
    readonly specVersion: number;
    readonly statusVersion: number;
} | null);
} | {
    readonly op: "delete";
    readonly kind: "node" | "project" | "service" | "task" | "network" | "volume" | "secret" | "config";
    readonly id: Text;
    readonly expect: {
    readonly specVersion: number;
    readonly statusVersion: number;
};
});
/** The only payload of the log. */
export type ChangeSet = {
    readonly schema: 1;
  /** Who proposed, for people. */
  readonly by: Text;
  /** Cluster time. */
  readonly time: Time;
    readonly changes: readonly (Change)[];
};
/** A place in a text; line and column from 1. */
export type Where = {
    readonly file: Text;
    readonly line?: number;
    readonly column?: number;
  /** The line. */
  readonly excerpt?: Text;
};
/** What went wrong. */
export type Problem = {
  /** Its status is that of the answer. */
  readonly code: "usage.invalid" | "input.invalid" | "input.missing" | "input.unsupported" | "input.toolarge" | "compose.file" | "compose.syntax" | "compose.schema" | "compose.unsupported" | "compose.interpolation" | "compose.reference" | "dockerfile.syntax" | "notfound.container" | "notfound.image" | "notfound.network" | "notfound.volume" | "notfound.project" | "notfound.service" | "notfound.exec" | "notfound.route" | "notfound.object" | "id.ambiguous" | "conflict.name" | "conflict.port" | "conflict.state" | "conflict.inuse" | "conflict.version" | "image.pull" | "image.auth" | "image.invalid" | "image.platform" | "build.failed" | "start.failed" | "start.notfound" | "start.notexecutable" | "dependency.failed" | "network.exhausted" | "network.failed" | "kernel.missing" | "program.missing" | "permission.root" | "disk.full" | "disk.damaged" | "daemon.unreachable" | "daemon.stopping" | "timeout" | "canceled" | "internal";
  /** One sentence. */
  readonly message: Text;
    readonly where?: Where;
  /** What to do instead. */
  readonly hint?: Text;
  /** The same may succeed later. */
  readonly retry?: boolean;
    readonly severity?: "error" | "warning";
    readonly cause?: Problem;
  /** Further problems of the same input. */
  readonly others?: readonly (Problem)[];
};
/** Why a node does not take a task. */
export type NodeRefusal = ({
    readonly kind: "node-down";
    readonly node: Text;
} | {
    readonly kind: "node-availability";
    readonly node: Text;
    readonly availability: "active" | "pause" | "drain";
} | {
    readonly kind: "platform";
    readonly node: Text;
    readonly has: Text;
    readonly wants: Text;
} | {
    readonly kind: "volume-missing";
    readonly volume: Text;
} | {
    readonly kind: "volume-elsewhere";
    readonly volume: Text;
  /** The node that has it. */
  readonly home: Text;
} | {
    readonly kind: "port-taken";
    readonly port: number;
    readonly protocol: Text;
    readonly node: Text;
    readonly by: Text;
  /** The holder is on its way out. */
  readonly leaving: boolean;
});
/** Why a task has no place. */
export type PlacementReason = ({
    readonly kind: "predecessor";
} | {
    readonly kind: "no-node";
    readonly refusals: readonly (NodeRefusal)[];
} | {
    readonly kind: "volume-down";
    readonly volume: Text;
    readonly node: Text;
} | {
    readonly kind: "network-missing";
    readonly network: Text;
} | {
    readonly kind: "no-subnet";
    readonly network: Text;
} | {
    readonly kind: "no-address";
    readonly network: Text;
} | {
    readonly kind: "network-leaving";
    readonly network: Text;
} | {
    readonly kind: "address-foreign";
    readonly network: Text;
    readonly address: Text;
} | {
    readonly kind: "address-taken";
    readonly address: Text;
    readonly by: Text;
    readonly leaving: boolean;
});
/** What up and create ask for. */
export type UpOptions = {
  /** ready makes containers without starting them. */
  readonly desired: "ready" | "run";
  /** Only these and, unless noDeps, what they depend on. */
  readonly services?: Texts;
    readonly noDeps?: boolean;
  /** Networks, volumes, secrets and configs of these are made too. */
  readonly prepare?: Texts;
    readonly removeOrphans?: boolean;
    readonly forceRecreate?: boolean;
    readonly noRecreate?: boolean;
    readonly renewAnonVolumes?: boolean;
  /** Replicas by service. */
  readonly scale?: Readonly<Record<string, Size>>;
  /** Until a container that is to stop is killed. */
  readonly timeoutMs?: Milliseconds;
  /** Say what would change; change nothing. */
  readonly dryRun?: boolean;
};
/** A project as it should be. */
export type PutProject = {
    readonly project: Project;
  /** Digest by image name, where known. */
  readonly images: TextMap;
    readonly options: UpOptions;
};
/** What the compose files have of a project. */
export type Declared = {
    readonly services: Texts;
  /** By their keys. */
  readonly volumes: Texts;
};
/** How a project goes. */
export type DownOptions = {
  /** Its volumes too. */
  readonly volumes?: boolean;
    readonly removeOrphans?: boolean;
  /** Until a container that is to stop is killed. */
  readonly timeoutMs?: Milliseconds;
  /** Absent: all, and the project itself. */
  readonly services?: Texts;
  /** What the files have: with no services, all else of the project stays. */
  readonly declared?: Declared;
};
/** An operation on services of a project. */
export type ProjectAction = {
    readonly kind: "start" | "stop" | "restart" | "kill" | "rm" | "scale";
  /** Absent: all. */
  readonly services?: Texts;
  /** Only this slot’s container. */
  readonly slot?: number;
  /** Of kill. */
  readonly signal?: Text;
  /** Until a container that is to stop is killed. */
  readonly timeoutMs?: Milliseconds;
    readonly noDeps?: boolean;
  /** rm: anonymous volumes too. */
  readonly volumes?: boolean;
  /** rm: what runs is stopped first. */
  readonly stop?: boolean;
  /** Replicas by service. */
  readonly scale?: Readonly<Record<string, Size>>;
};
/** A container to make. */
export type CreateContainer = {
  /** Absent: one is made up. */
  readonly name?: Text;
    readonly spec: ContainerSpec;
  /** Containers whose paths and volumes it is to have too, as they are now. */
  readonly volumesFrom?: readonly (VolumesFrom)[];
};
/** A container that lends its paths and volumes. */
export type VolumesFrom = {
  /** Name or id. */
  readonly container: Text;
    readonly readOnly?: boolean;
};
/** A program to run in a container. */
export type ExecConfig = {
  /** The program and its arguments. */
  readonly argv: Texts;
    readonly env?: TextMap;
    readonly workingDir?: Text;
    readonly user?: Text;
  /** On a terminal. */
  readonly tty: boolean;
  /** With standard input. */
  readonly stdin: boolean;
    readonly privileged?: boolean;
    readonly detach?: boolean;
};
/** How a container stops. */
export type StopRequest = {
  /** Until it is killed. */
  readonly timeoutMs?: Milliseconds;
  /** Instead of its stop signal. */
  readonly signal?: Text;
};
/** A signal. */
export type KillRequest = {
  /** Name or number. */
  readonly signal: Text;
};
/** No body, or an empty object. */
export type Nothing = Readonly<Record<string, never>>;
/** The registry’s entry of the client’s config.json. */
export type RegistryAuth = ({
    readonly username: Text;
    readonly password: Text;
} | {
    readonly token: Text;
});
/** An image to pull. */
export type PullRequest = {
    readonly reference: Text;
  /** os/architecture. */
  readonly platform?: Text;
    readonly auth?: RegistryAuth;
};
/** A repository whose tags are asked for. */
export type TagsRequest = {
    readonly reference: Text;
    readonly auth?: RegistryAuth;
};
/** An image to make out of a distribution’s packages. */
export type BootstrapRequest = {
  /** Such as debian:bookworm. */
  readonly reference: Text;
};
/** Images to put into one archive. */
export type SaveRequest = {
    readonly references: Texts;
};
/** A further name. */
export type TagRequest = {
    readonly target: Text;
};
/** A file of a build context. */
export type ContextFile = {
  /** Within the context. */
  readonly path: Text;
    readonly type: "file" | "directory" | "symlink";
    readonly mode: Mode;
  /** Bytes. */
  readonly size: Size;
    readonly mtimeMs: Time;
  /** Of a symlink. */
  readonly linkname?: Text;
  /** Device, inode, size and times: spares unchanged files. */
  readonly fingerprint: Text;
};
/** A build context, as a list of its files. */
export type ContextRequest = {
  /** Names the same context the next time. */
  readonly key: Text;
    readonly files: readonly (ContextFile)[];
};
/** How the image of a build is made. */
export type BuildOptions = {
    readonly spec: BuildSpec;
  /** Its text; absent: it lies in the context. */
  readonly dockerfile?: Text;
  /** Its name, for messages; its path where it lies in the context. */
  readonly dockerfileName: Text;
    readonly tags: Texts;
  /** Contents by id, base 64, for steps that ask for them. */
  readonly secrets?: TextMap;
  /** By registry: for the images that it is built from. */
  readonly auths?: Readonly<Record<string, RegistryAuth>>;
};
/** A build. */
export type BuildRequest = {
  /** Id of the context; null: none is needed. */
  readonly context: TextOrNull;
    readonly options: BuildOptions;
};
/** A network to make. */
export type CreateNetwork = {
    readonly name: Text;
    readonly spec: NetworkSpec;
};
/** A volume to make. */
export type CreateVolume = {
  /** Absent: an anonymous one. */
  readonly name?: Text;
    readonly spec: VolumeSpec;
};
/** What daemon this is. */
export type Version = {
    readonly version: Text;
    readonly apiVersion: Text;
  /** Version of Node.js. */
  readonly node: Text;
    readonly os: Text;
    readonly arch: Text;
    readonly kernel: Text;
    readonly pid: number;
    readonly startedAt: Time;
};
/** The daemon and its host. */
export type SystemInfo = {
    readonly version: Text;
    readonly instance: Text;
    readonly root: Text;
    readonly run: Text;
    readonly hostname: Text;
    readonly kernel: Text;
    readonly os: Text;
    readonly architecture: Text;
    readonly cpus: number;
    readonly memoryBytes: number;
    readonly cgroup: "v1" | "v2" | "hybrid";
    readonly seccomp: boolean;
  /** Features and programs that the host lacks. */
  readonly missing: Texts;
  /** Rules in chains of other firewalls. */
  readonly hostFirewall: Texts;
    readonly containers: {
    readonly total: number;
    readonly running: number;
    readonly stopped: number;
};
    readonly images: number;
    readonly node: {
    readonly id: Text;
    readonly name: Text;
};
    readonly logIndex: number;
  /** Damaged files that were moved aside. */
  readonly quarantined: Texts;
};
/** An event; a watcher resumes after the last index that it saw. */
export type OrcEvent = {
    readonly index: number;
    readonly time: Time;
    readonly type: "container" | "image" | "network" | "volume" | "project" | "service" | "task" | "daemon";
    readonly action: Text;
    readonly actor: {
    readonly id: Text;
    readonly attributes: TextMap;
};
};
/** One line of what an operation changes. */
export type PlannedChange = {
    readonly kind: Text;
    readonly name: Text;
    readonly action: "create" | "recreate" | "update" | "remove" | "start" | "stop" | "restart" | "keep";
    readonly reason?: Text;
    readonly service?: Text;
    readonly fields?: readonly (FieldChange)[];
    readonly node?: Text;
    readonly pending?: PlacementReason;
};
/** Why a container is recreated: a field of its service, named as in a compose file. */
export type FieldChange = {
    readonly path: Text;
    readonly before?: Text;
    readonly after?: Text;
};
/** What an operation changed. */
export type PutResult = {
  /** Index of the log; 0: nothing changed. */
  readonly revision: number;
    readonly changes: readonly (PlannedChange)[];
    readonly warnings: readonly (Problem)[];
  /** Watch events after this to see it through. */
  readonly eventIndex: number;
};
/** A row of orc ls. */
export type ProjectSummary = {
    readonly name: Text;
  /** exited(1), running(2) */
  readonly status: Text;
    readonly configFiles: Texts;
};
/** A project with its objects. */
export type ProjectView = {
    readonly project: ProjectObj;
    readonly services: readonly (ServiceObj)[];
    readonly tasks: readonly (TaskObj)[];
    readonly networks: readonly (NetworkObj)[];
    readonly volumes: readonly (VolumeObj)[];
    readonly verdicts: readonly (ServiceVerdict)[];
};
/** A row of orc ps. */
export type ContainerSummary = {
    readonly id: Text;
    readonly name: Text;
    readonly image: Text;
    readonly imageId: Text;
    readonly command: Text;
    readonly createdAt: Time;
    readonly status: ContainerStatus;
    readonly health: Health;
    readonly startedAt?: Time;
    readonly exit?: Exit;
    readonly restarts: number;
    readonly ports: readonly (PortBinding)[];
    readonly exposed: Texts;
    readonly labels: TextMap;
  /** Address by network. */
  readonly networks: TextMap;
    readonly mounts: Texts;
    readonly project?: Text;
    readonly service?: Text;
    readonly slot?: number;
};
/** The container that was made. */
export type CreatedContainer = {
    readonly id: Text;
    readonly warnings: Texts;
};
/** The exec that was made. */
export type CreatedExec = {
    readonly id: Text;
};
/** An exec. */
export type ExecState = {
    readonly id: Text;
    readonly container: Text;
    readonly running: boolean;
    readonly pid?: number;
    readonly exitCode?: number;
    readonly config: ExecConfig;
};
/** The runtime part of an OCI image’s config, with docker’s additions. */
export type ImageConfig = {
    readonly User?: Text;
    readonly ExposedPorts?: Readonly<Record<string, object>>;
    readonly Env?: Texts;
    readonly Entrypoint?: (Texts | null);
    readonly Cmd?: (Texts | null);
    readonly Volumes?: (Readonly<Record<string, object>> | null);
    readonly WorkingDir?: Text;
    readonly Labels?: (TextMap | null);
    readonly StopSignal?: Text;
    readonly Shell?: Texts;
    readonly OnBuild?: (Texts | null);
  /** Durations in nanoseconds. */
  readonly Healthcheck?: {
    readonly Test?: Texts;
    readonly Interval?: number;
    readonly Timeout?: number;
    readonly StartPeriod?: number;
    readonly StartInterval?: number;
    readonly Retries?: number;
};
};
/** An image, in docker’s form. */
export type ImageView = {
    readonly Id: Text;
    readonly Config: ImageConfig;
  readonly [more: string]: unknown;
};
/** A row of orc image ls. */
export type ImageSummary = {
    readonly id: Text;
    readonly tags: Texts;
    readonly digests: Texts;
    readonly createdAt: Time;
  /** Unpacked bytes of all layers. */
  readonly size: number;
    readonly architecture: Text;
    readonly os: Text;
};
/** A step that made an image, as docker’s history has it. */
export type ImageStep = {
  /** Of the newest step alone: it is the image. */
  readonly id?: Text;
    readonly createdAt?: Time;
    readonly createdBy: Text;
  /** Unpacked bytes of its layer; 0: it made none. */
  readonly size: number;
    readonly comment: Text;
};
/** A line of pull, build, load or bootstrap; the last one carries result or problem. */
export type ImageProgress = {
  /** Of the layer or step. */
  readonly id?: Text;
    readonly status: Text;
    readonly current?: number;
    readonly total?: number;
    readonly output?: Text;
    readonly result?: {
    readonly id?: Text;
    readonly loaded?: Texts;
};
    readonly problem?: Problem;
};
/** The image that was made. */
export type ImportedImage = {
    readonly id: Text;
};
/** A name or an image that went. */
export type RemovedImage = ({
    readonly untagged: Text;
} | {
    readonly deleted: Text;
});
/** Which contents the daemon lacks. */
export type OpenedContext = {
  /** Id of the context. */
  readonly context: Text;
  /** Indexes into files. */
  readonly needed: readonly (number)[];
};
/** Bytes of files. */
export type ContainerSize = {
  /** What it wrote over its image. */
  readonly writtenBytes: number;
  /** With the image. */
  readonly totalBytes: number;
};
/** Bytes of its files. */
export type VolumeSize = {
    readonly bytes: number;
};
/** A build context that came as an archive. */
export type UnpackedContext = {
  /** Id of the context. */
  readonly context: Text;
};
/** A network with its containers. */
export type NetworkView = (NetworkObj & {
    readonly containers: readonly ({
    readonly id: Text;
    readonly name: Text;
    readonly ipv4?: Text;
    readonly mac: Text;
})[];
});
/** A volume and where it lies. */
export type VolumeView = (VolumeObj & {
    readonly mountpoint: Text;
});
/** A dependency that will not come right by itself. */
export type DependencyFailed = {
    readonly kind: "dependency-failed";
    readonly service: Text;
    readonly condition: "service_started" | "service_healthy" | "service_completed_successfully";
    readonly failure: Failure;
};
/** What will not come right by waiting. */
export type Failure = ({
    readonly kind: "exited";
    readonly container: Text;
    readonly code: number;
} | {
    readonly kind: "unhealthy";
    readonly container: Text;
} | {
    readonly kind: "unchecked";
    readonly container: Text;
} | {
    readonly kind: "image-missing";
    readonly container: Text;
    readonly problem: Problem;
} | {
    readonly kind: "rejected";
    readonly container: Text;
    readonly problem: Problem;
} | {
    readonly kind: "unstartable";
    readonly container: Text;
    readonly problem: Problem;
} | {
    readonly kind: "update-paused";
    readonly failure: Failure;
} | DependencyFailed);
/** Why a start does not come about yet. */
export type WaitReason = (PlacementReason | {
    readonly kind: "dependency";
    readonly service: Text;
    readonly condition: "service_started" | "service_healthy" | "service_completed_successfully";
} | DependencyFailed);
/** What a task does. */
export type TaskState = ({
    readonly state: "waiting";
    readonly reason: WaitReason;
} | {
    readonly state: "creating";
} | {
    readonly state: "created";
} | {
    readonly state: "starting";
} | {
    readonly state: "running";
    readonly health: Health;
} | {
    readonly state: "backing-off";
    readonly code: number;
  /** Absent: at once. */
  readonly until?: Time;
} | {
    readonly state: "exited";
    readonly code: number;
} | {
    readonly state: "failed";
    readonly failure: Failure;
} | {
    readonly state: "stopping";
} | {
    readonly state: "removing";
});
/** How it stands to what may be asked of it. */
export type Standing = ({
    readonly standing: "coming";
} | {
    readonly standing: "stuck";
    readonly reason: WaitReason;
} | {
    readonly standing: "failed";
    readonly failure: Failure;
});
/** What is missing to each goal; absent: it is reached. */
export type Missing = {
    readonly created?: Standing;
    readonly started?: Standing;
    readonly healthy?: Standing;
};
/** How a task does. */
export type TaskVerdict = {
  /** Its id. */
  readonly task: Text;
  /** Its name. */
  readonly container: Text;
  /** It is as its service wants it; others are on their way out. */
  readonly current: boolean;
    readonly state: TaskState;
    readonly missing: Missing;
  /** Of one that is not current: the next in turn of an update that goes on by itself. */
  readonly follows?: {
  /** The renewed container that is watched first. */
  readonly container: Text;
  /** How long it has to run. */
  readonly monitorMs: number;
};
};
/** How a service does. */
export type ServiceVerdict = {
  /** The key in the compose file. */
  readonly service: Text;
  /** Containers that it should have. */
  readonly wanted: number;
  /** Somebody's start depends on its health. */
  readonly awaited: boolean;
    readonly tasks: readonly (TaskVerdict)[];
    readonly missing: Missing;
};
/** All keys are optional. */
export type DaemonConfig = {
  /** For editors. */
  readonly $schema?: string;
  /** IPv4 subnets out of which networks get theirs; those that a route of the host overlaps are passed over. */
  readonly addressPools?: readonly (string)[];
  /** Do not add accept rules to the chains of other firewalls; say which command would. */
  readonly noHostFirewall?: boolean;
  /** Of the daemon’s own log. */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  /** Labels of this node. */
  readonly labels?: Readonly<Record<string, string>>;
};
export declare const BootstrapRequest: Validator<BootstrapRequest>;
export declare const BuildRequest: Validator<BuildRequest>;
export declare const ContextRequest: Validator<ContextRequest>;
export declare const CreateContainer: Validator<CreateContainer>;
export declare const CreateNetwork: Validator<CreateNetwork>;
export declare const CreateVolume: Validator<CreateVolume>;
export declare const DaemonConfig: Validator<DaemonConfig>;
export declare const DownOptions: Validator<DownOptions>;
export declare const ExecConfig: Validator<ExecConfig>;
export declare const KillRequest: Validator<KillRequest>;
export declare const Nothing: Validator<Nothing>;
export declare const ProjectAction: Validator<ProjectAction>;
export declare const PullRequest: Validator<PullRequest>;
export declare const PutProject: Validator<PutProject>;
export declare const SaveRequest: Validator<SaveRequest>;
export declare const StopRequest: Validator<StopRequest>;
export declare const TagRequest: Validator<TagRequest>;
export declare const TagsRequest: Validator<TagsRequest>;
