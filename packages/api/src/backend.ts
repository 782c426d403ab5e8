/**
 * What stands behind the door. The server's handlers call a `Backend`; `orcd` implements it; the typed client offers
 * the same shape to the command line over HTTP. Each method throws `OrcError`s only.
 */
import type {
  BuildSpec,
  Container,
  ContainerId,
  ContainerSpec,
  ContainerStatus,
  Digest,
  DownOptions,
  Exit,
  Health,
  ImageConfig,
  ImageStep,
  ImageSummary,
  NetworkObj,
  NetworkSpec,
  ObjectId,
  OrcEvent,
  PlannedChange,
  PortBinding,
  Problem,
  Project,
  ProjectAction,
  ProjectObj,
  ResolvedImages,
  ServiceObj,
  ServiceVerdict,
  TaskObj,
  UpOptions,
  VolumeObj,
  VolumeSpec,
} from '@orc/model';

export type { DownOptions, PlannedChange, ProjectAction } from '@orc/model';

export const API_VERSION = 'v1';

export type Version = {
  readonly version: string;
  readonly apiVersion: string;
  readonly node: string;
  readonly os: string;
  readonly arch: string;
  readonly kernel: string;
  readonly pid: number;
  readonly startedAt: number;
};

export type SystemInfo = {
  readonly version: string;
  readonly instance: string;
  readonly root: string;
  readonly run: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly os: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly cgroup: 'v1' | 'v2' | 'hybrid';
  readonly seccomp: boolean;
  readonly missing: readonly string[];
  readonly hostFirewall: readonly string[];
  readonly containers: { readonly total: number; readonly running: number; readonly stopped: number };
  readonly images: number;
  readonly node: { readonly id: ObjectId; readonly name: string };
  readonly logIndex: number;
  readonly quarantined: readonly string[];
};

export type EventQuery = {
  readonly afterIndex?: number;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** docker's filters: `type`, `event`, `container`, `image`, `label`, `project`, `service`. */
  readonly filters?: Readonly<Record<string, readonly string[]>>;
};

export type PutProject = {
  readonly project: Project;
  readonly images: ResolvedImages;
  /** `dryRun`: say what would change; change nothing. */
  readonly options: UpOptions & { readonly dryRun?: boolean };
};

export type PutResult = {
  /** Index of the log at which it was committed; 0 for a dry run or when nothing changed. */
  readonly revision: number;
  readonly changes: readonly PlannedChange[];
  /** Orphans and the like. */
  readonly warnings: readonly Problem[];
  /** Watch events after this to see it through. */
  readonly eventIndex: number;
};

export type ProjectSummary = {
  readonly name: string;
  /** `exited(1), running(2)`: by the words. */
  readonly status: string;
  readonly configFiles: readonly string[];
};

export type ProjectView = {
  readonly project: ProjectObj;
  readonly services: readonly ServiceObj[];
  readonly tasks: readonly TaskObj[];
  readonly networks: readonly NetworkObj[];
  readonly volumes: readonly VolumeObj[];
  /** How each service does, in the order of `services`. */
  readonly verdicts: readonly ServiceVerdict[];
};

/** A row of `orc ps` and `orc container ls`. */
export type ContainerSummary = {
  readonly id: ContainerId;
  readonly name: string;
  readonly image: string;
  readonly imageId: Digest;
  readonly command: string;
  readonly createdAt: number;
  readonly status: ContainerStatus;
  readonly health: Health;
  readonly startedAt?: number;
  readonly exit?: Exit;
  readonly restarts: number;
  readonly ports: readonly PortBinding[];
  readonly exposed: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly networks: Readonly<Record<string, string>>;
  readonly mounts: readonly string[];
  readonly project?: string;
  readonly service?: string;
  readonly slot?: number;
};

export type ContainerSize = {
  /** What it wrote over its image. */
  readonly writtenBytes: number;
  /** With the image. */
  readonly totalBytes: number;
};

export type LogRequest = {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** RFC 3339 with nanoseconds before each line. */
  readonly timestamps?: boolean;
};

/** Whole lines with their newline; several of one stream may come in one chunk. */
export type StreamChunk = { readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array };

/** Both ways: attach and exec. */
export type Duplex = {
  readonly output: AsyncIterable<StreamChunk>;
  write(data: Uint8Array): Promise<void>;
  closeStdin(): void;
  close(): void;
};

/** A container whose paths and volumes another one is to have too. */
export type VolumesFrom = { readonly container: string; readonly readOnly?: boolean };
export type CreateContainer = {
  readonly name?: string;
  readonly spec: ContainerSpec;
  /** Become mounts of the spec, as they are now. */
  readonly volumesFrom?: readonly VolumesFrom[];
};
export type ExecConfig = {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly user?: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly privileged?: boolean;
  readonly detach?: boolean;
};
export type ExecState = {
  readonly id: string;
  readonly container: ContainerId;
  readonly running: boolean;
  readonly pid?: number;
  readonly exitCode?: number;
  readonly config: ExecConfig;
};

export type ImageProgress = {
  readonly id?: string;
  readonly status: string;
  readonly current?: number;
  readonly total?: number;
  readonly output?: string;
  /** The last line of the stream. */
  readonly result?: { readonly id?: Digest; readonly loaded?: readonly string[] };
  readonly problem?: Problem;
};

/** A file of a build context as its sender lists it; `fingerprint` (device, inode, size, times) spares unchanged files. */
export type ContextFile = {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly linkname?: string;
  readonly fingerprint: string;
};

/** A registry's entry of the client's config.json. */
export type RegistryAuth =
  | { readonly username: string; readonly password: string }
  | { readonly token: string };

export type BuildOptions = {
  readonly spec: BuildSpec;
  /** Its text; absent: it lies in the context, at `dockerfileName`. */
  readonly dockerfile?: string;
  readonly dockerfileName: string;
  readonly tags: readonly string[];
  /** Contents by id, base 64: for the steps that ask for them, and for nothing else. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** By registry, as references name it: for the images that it is built from. */
  readonly auths?: Readonly<Record<string, RegistryAuth>>;
};

export type Backend = {
  version(): Promise<Version>;
  info(): Promise<SystemInfo>;
  /** Ends after `untilMs`, else with `signal`. */
  events(query: EventQuery, signal: AbortSignal): AsyncIterable<OrcEvent>;

  listProjects(all: boolean): Promise<readonly ProjectSummary[]>;
  getProject(name: string): Promise<ProjectView>;
  putProject(name: string, request: PutProject): Promise<PutResult>;
  removeProject(name: string, options: DownOptions): Promise<PutResult>;
  actProject(name: string, action: ProjectAction): Promise<PutResult>;

  listContainers(query: {
    readonly all: boolean;
    readonly filters?: Readonly<Record<string, readonly string[]>>;
  }): Promise<readonly ContainerSummary[]>;
  createContainer(
    request: CreateContainer,
  ): Promise<{ readonly id: ContainerId; readonly warnings: readonly string[] }>;
  getContainer(reference: string): Promise<Container>;
  /** Counted when it is asked for, which takes its time. */
  containerSize(reference: string): Promise<ContainerSize>;
  /** `canceled`, here and below: whoever asked has gone; what was asked for stays asked for, and is not waited for. */
  startContainer(reference: string, canceled?: AbortSignal): Promise<void>;
  stopContainer(
    reference: string,
    options: { readonly timeoutMs?: number; readonly signal?: string },
    canceled?: AbortSignal,
  ): Promise<void>;
  restartContainer(
    reference: string,
    options: { readonly timeoutMs?: number; readonly signal?: string },
    canceled?: AbortSignal,
  ): Promise<void>;
  killContainer(reference: string, signal: string, canceled?: AbortSignal): Promise<void>;
  removeContainer(
    reference: string,
    options: { readonly force?: boolean; readonly volumes?: boolean },
    canceled?: AbortSignal,
  ): Promise<void>;
  /** Resolves when it next is not running (`removed`: when it is gone). */
  waitContainer(
    reference: string,
    condition: 'not-running' | 'next-exit' | 'removed',
    signal: AbortSignal,
  ): Promise<Exit>;
  containerLogs(reference: string, query: LogRequest, signal: AbortSignal): AsyncIterable<StreamChunk>;
  attachContainer(
    reference: string,
    options: {
      readonly stdin: boolean;
      readonly stdout: boolean;
      readonly stderr: boolean;
      readonly logs?: boolean;
    },
  ): Promise<Duplex>;
  resizeContainer(reference: string, columns: number, rows: number): Promise<void>;
  createExec(reference: string, config: ExecConfig): Promise<{ readonly id: string }>;
  startExec(id: string): Promise<Duplex>;
  getExec(id: string): Promise<ExecState>;
  resizeExec(id: string, columns: number, rows: number): Promise<void>;

  listImages(): Promise<readonly ImageSummary[]>;
  inspectImage(
    reference: string,
  ): Promise<{ readonly Id: string; readonly Config: ImageConfig; readonly [more: string]: unknown }>;
  /** The newest step first. */
  imageHistory(reference: string): Promise<readonly ImageStep[]>;
  pullImage(
    reference: string,
    options: {
      readonly platform?: string;
      readonly auth?: RegistryAuth;
    },
    signal: AbortSignal,
  ): AsyncIterable<ImageProgress>;
  /** Tags of a repository, as its registry lists them. */
  remoteTags(
    reference: string,
    options: { readonly auth?: RegistryAuth },
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** What a tag is now in its registry: the digest of its manifest or index. Nothing is pulled. */
  remoteDigest(
    reference: string,
    options: { readonly auth?: RegistryAuth },
    signal: AbortSignal,
  ): Promise<{ readonly digest: Digest }>;
  bootstrapImage(reference: string, signal: AbortSignal): AsyncIterable<ImageProgress>;
  loadImage(archive: AsyncIterable<Uint8Array>): AsyncIterable<ImageProgress>;
  saveImages(references: readonly string[]): AsyncIterable<Uint8Array>;
  importImage(
    archive: AsyncIterable<Uint8Array>,
    options: { readonly reference?: string; readonly changes?: readonly string[]; readonly message?: string },
  ): Promise<{ readonly id: Digest }>;
  tagImage(reference: string, target: string): Promise<void>;
  removeImage(
    reference: string,
    options: { readonly force?: boolean },
  ): Promise<readonly ({ readonly untagged: string } | { readonly deleted: string })[]>;
  /** Says which files it does not have yet, by index into `files`. `key` names the same context the next time. */
  openContext(
    key: string,
    files: readonly ContextFile[],
  ): Promise<{ readonly context: string; readonly needed: readonly number[] }>;
  /** Contents of the needed files, in that order, each exactly `size` bytes, one after the other. */
  fillContext(context: string, contents: AsyncIterable<Uint8Array>): Promise<void>;
  /** A whole context as a tar archive of any compression, for one build. */
  unpackContext(archive: AsyncIterable<Uint8Array>): Promise<{ readonly context: string }>;
  build(context: string | null, options: BuildOptions, signal: AbortSignal): AsyncIterable<ImageProgress>;

  listNetworks(): Promise<readonly NetworkObj[]>;
  createNetwork(name: string, spec: NetworkSpec): Promise<NetworkObj>;
  getNetwork(reference: string): Promise<
    NetworkObj & {
      readonly containers: readonly {
        readonly id: ContainerId;
        readonly name: string;
        readonly ipv4?: string;
        readonly mac: string;
      }[];
    }
  >;
  removeNetwork(reference: string): Promise<void>;
  listVolumes(): Promise<readonly (VolumeObj & { readonly mountpoint: string })[]>;
  createVolume(
    name: string | undefined,
    spec: VolumeSpec,
  ): Promise<VolumeObj & { readonly mountpoint: string }>;
  getVolume(reference: string): Promise<VolumeObj & { readonly mountpoint: string }>;
  /** Counted when it is asked for, which takes its time. */
  volumeSize(reference: string): Promise<{ readonly bytes: number }>;
  removeVolume(reference: string, options: { readonly force?: boolean }): Promise<void>;
};
