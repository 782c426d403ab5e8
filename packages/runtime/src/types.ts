/** What runtime offers to agent. All paths are absolute; all times are milliseconds. */
import type { ContainerId, ContainerSpec, Exit, Kernel, KernelOp, ResolvedImage } from '@orc/model';

/** A mount whose source is settled: a path on the host. Volumes arrive as binds of their data folders. */
export type ResolvedMount =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readOnly?: boolean;
      readonly recursive?: boolean;
      readonly propagation?: string;
      /** What lies there within `source` is mounted instead; links on the way end within `source`. */
      readonly subpath?: string;
      /** A volume: copy what the image has at `target` into it before the bind, once, while it is empty (DECISIONS 12). */
      readonly copyUp?: boolean;
    }
  | { readonly type: 'tmpfs'; readonly target: string; readonly options: readonly string[] }
  /** Secrets and configs: files in a tmpfs of the container. */
  | {
      readonly type: 'file';
      readonly target: string;
      readonly content: Uint8Array;
      readonly uid: number;
      readonly gid: number;
      readonly mode: number;
      readonly secret: boolean;
    };

export type StartRequest = {
  readonly id: ContainerId;
  /** The container's folder: upper, work, plan, exit record, shim socket and lock live in it. */
  readonly folder: string;
  readonly attempt: number;
  readonly spec: ContainerSpec;
  readonly image: ResolvedImage;
  readonly hostname: string;
  readonly mounts: readonly ResolvedMount[];
  /** Texts of /etc/hosts, /etc/hostname and /etc/resolv.conf. */
  readonly etc: { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };
  /** Path of a pinned network namespace; `host`; absent: a new, empty one. */
  readonly networkNamespace?: string;
  /** Run by the launcher in the host's namespaces before the clone: address, route, attachment. */
  readonly kernelOps?: readonly KernelOp[];
  /** Namespaces of running containers to join, by their first process; asked for when the start has its turn. */
  readonly join?: () => Joins;
  /** Absent: output goes nowhere but to those attached. */
  readonly log?: { readonly folder: string; readonly maxSizeBytes: number; readonly maxFiles: number };
  /** The root dies with the process (`--rm`, build steps): overlay may be volatile. */
  readonly volatileRoot?: boolean;
  /** Attach before the program starts, so that nothing is missed. */
  readonly attach?: AttachOptions;
  /** Build steps: ignore spec's command and run this. */
  readonly argv?: readonly string[];
  /** Size of its terminal from the start on; absent: unknown, 0 by 0. */
  readonly terminal?: TerminalSize;
};

/** A process that no other can be taken for: pids are used again. `ticks` since the boot, when it began. */
export type ProcessId = { readonly pid: number; readonly ticks?: bigint };
export type Joins = { readonly pid?: ProcessId; readonly ipc?: ProcessId; readonly uts?: ProcessId };

export type TerminalSize = { readonly columns: number; readonly rows: number };
export type AttachOptions = { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
export type OutputChunk = { readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array };

/** Both ways; `output` ends when the program's output does, or after `close`. */
export type Attachment = {
  readonly output: AsyncIterable<OutputChunk>;
  /** Resolves when the chunk was taken: back-pressure. */
  write(data: Uint8Array): Promise<void>;
  closeStdin(): void;
  close(): void;
};

export type ExecRequest = {
  readonly argv: readonly string[];
  /** Laid over the container's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly user?: string;
  readonly tty: boolean;
  /** As of a start. */
  readonly terminal?: TerminalSize;
  readonly attach: AttachOptions;
  readonly privileged?: boolean;
  /** Its process tree is killed whole after this time (health checks: DECISIONS 9). */
  readonly timeoutMs?: number;
};

export type Exec = {
  readonly pid: number;
  readonly attachment: Attachment;
  /** `timedOut` after `timeoutMs`; the code is 137 then. */
  readonly exited: Promise<{ readonly code: number; readonly timedOut: boolean }>;
  resize(columns: number, rows: number): Promise<void>;
  signal(name: string): Promise<void>;
};

export type Stats = {
  readonly at: number;
  readonly cpuNs: number;
  readonly systemCpuNs: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly pids: number;
  readonly blockReadBytes: number;
  readonly blockWriteBytes: number;
};

/** A container that has a shim. Methods throw `OrcError('conflict.state')` once it has exited. */
export type Running = {
  readonly id: ContainerId;
  readonly pid: number;
  /** See `ProcessId`. */
  readonly ticks?: bigint;
  readonly attempt: number;
  readonly startedAt: number;
  /** Never rejects: a killed shim is an `Exit` with reason `shim lost` (DECISIONS 8). */
  readonly exited: Promise<Exit>;
  attach(options: AttachOptions): Promise<Attachment>;
  /** That which `StartRequest.attach` asked for. */
  readonly attachment?: Attachment;
  exec(request: ExecRequest): Promise<Exec>;
  /** To pid 1; names with or without `SIG`, or a number. */
  signal(name: string): Promise<void>;
  /** SIGKILL to every process of the cgroup, thawed first. */
  kill(): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  stats(): Promise<Stats>;
  pause(): Promise<void>;
  unpause(): Promise<void>;
};

export type Adopted =
  | { readonly state: 'running'; readonly running: Running }
  | { readonly state: 'exited'; readonly attempt: number; readonly startedAt: number; readonly exit: Exit }
  /** Its shim was killed: neither that nor its program's end is recorded. */
  | { readonly state: 'lost' }
  /** It was never launched, or not to the point of having a shim. */
  | { readonly state: 'none' };

/** Around what a start does before it takes its turn, and which may be long: whoever counts starts lets others go first. */
export type Aside = (act: () => Promise<void>) => Promise<void>;

export type Runtime = {
  readonly kernel: Kernel;
  /** Resolves when the program has been executed; see `Aside`. Throws `start.failed`, `start.notfound`, `start.notexecutable`. */
  start(request: StartRequest, aside?: Aside): Promise<Running>;
  /**
   * After a restart of the daemon, by the container's folder. Under 1 ms each. What has no shim any more does not run when
   * this resolves; throws `timeout` when it does not end.
   */
  adopt(id: ContainerId, folder: string): Promise<Adopted>;
  /** Removes the folder of a container that does not run, its cgroup and what else it left. Idempotent. */
  remove(id: ContainerId, folder: string): Promise<void>;
  /** Resolves when nothing of the container runs and its root is unmounted; its folder stays. */
  release(id: ContainerId, folder: string): Promise<void>;
  /** Names of cgroups and mounts of this instance that belong to none of `known`: swept. */
  sweep(known: ReadonlySet<ContainerId>): Promise<void>;
  info(): Promise<RuntimeInfo>;
  /** Lets go of the daemon's side; launcher, shims and containers stay. */
  close(): Promise<void>;
  /** Of a daemon that could not start: lets go, and leaves no launcher behind; containers do not notice. */
  abandon(): Promise<void>;
  /** Ends the launcher too (`orc daemon --stop` of an instance without containers, tests). */
  shutdown(): Promise<void>;
};

export type RuntimeInfo = {
  readonly cgroup: 'v1' | 'v2' | 'hybrid';
  readonly kernel: string;
  /** Kernel features that are not there, by their names in plan/features.ts: `apparmor`, `CAP_SYS_RESOURCE` … */
  readonly missing: readonly string[];
  readonly seccomp: boolean;
  readonly launcherPid: number;
};

export type RuntimeOptions = {
  /** ORC_ROOT and ORC_RUN. */
  readonly root: string;
  readonly run: string;
  /** `orc` or `orc-` and six hex digits: prefix of cgroups. */
  readonly instance: string;
  readonly emit: import('@orc/model').Emit;
  readonly clock: import('@orc/model').Clock;
  /** Path of the native program; absent: where its build puts it. */
  readonly launcher?: string;
};
