/** What agent offers to orcd. */
import type {
  AssignedFile,
  Assignment,
  Container,
  ContainerId,
  ContainerSpec,
  Clock,
  Emit,
  Exit,
  Failpoint,
  ObjectId,
  Random,
  Report,
} from '@orc/model';
import type { ImageStore, RunStepRunner } from '@orc/image';
import type { NetworkHost } from '@orc/network';
import type { Attachment, AttachOptions, ExecRequest, Runtime, Stats } from '@orc/runtime';
import type { EventStream, LogQuery, LogText } from '@orc/telemetry';

export type AgentOptions = {
  readonly root: string;
  readonly run: string;
  readonly node: ObjectId;
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly network: NetworkHost;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly failpoint: Failpoint;
  readonly cores: number;
  /** A secret or config that no task here uses, for a one-off container of its project. */
  readonly file: (kind: 'secret' | 'config', name: string) => AssignedFile | undefined;
  /** Grants this node more addresses of a network and assigns anew. Throws `network.exhausted`. */
  readonly grow: (network: string) => Promise<void>;
  /** Reports are coalesced; one is in flight at a time. Rejecting means: send it again. */
  readonly report: (report: Report) => Promise<void>;
};

export type ExecHandle = {
  readonly id: string;
  readonly container: ContainerId;
  readonly request: ExecRequest;
  state(): { readonly running: boolean; readonly pid?: number; readonly exitCode?: number };
  start(): Promise<Attachment>;
  resize(columns: number, rows: number): Promise<void>;
};

/** References are names, ids or unique prefixes of ids. Methods throw `notfound.container`, `conflict.*`, `start.*`. */
export type Containers = {
  list(): readonly Container[];
  get(reference: string): Container;
  /** Prepared (image there, folder made), not started. */
  create(request: { readonly name?: string; readonly spec: ContainerSpec }): Promise<Container>;
  start(reference: string): Promise<void>;
  stop(reference: string, options?: { readonly graceMs?: number; readonly signal?: string }): Promise<void>;
  restart(
    reference: string,
    options?: { readonly graceMs?: number; readonly signal?: string },
  ): Promise<void>;
  kill(reference: string, signal: string): Promise<void>;
  /** Throws `conflict.state` for one that runs. */
  mustBeStopped(reference: string): void;
  remove(
    reference: string,
    options?: { readonly force?: boolean; readonly volumes?: boolean },
  ): Promise<void>;
  wait(
    reference: string,
    condition: 'not-running' | 'next-exit' | 'removed',
    signal: AbortSignal,
  ): Promise<Exit>;
  attach(reference: string, options: AttachOptions): Promise<Attachment>;
  resize(reference: string, columns: number, rows: number): Promise<void>;
  logs(reference: string, query: LogQuery): AsyncIterable<LogText>;
  stats(reference: string): Promise<Stats>;
  createExec(reference: string, request: ExecRequest): ExecHandle;
  getExec(id: string): ExecHandle;
};

export type Agent = {
  /** Everything this node should run; whole, in the order of revisions. */
  assign(assignment: Assignment): void;
  readonly containers: Containers;
  /** RUN steps of builds, in the same runtime as containers. */
  readonly runStep: RunStepRunner;
  readonly recovered: {
    readonly adopted: number;
    readonly quarantined: readonly string[];
    readonly tookMs: number;
  };
  /** Who uses an image, network or volume, by name of container; for "in use". */
  users(kind: 'network' | 'volume' | 'image', name: string): readonly string[];
  /** Where that lies which a container wrote over its image. */
  upperFolder(reference: string): string;
  /** Where a volume's data lies on this host. */
  volumePath(name: string): string;
  /** What lies on this host: named volumes and those without a name, which no object of the log tells of. */
  volumes(): Promise<readonly { readonly name: string; readonly createdAt: number }[]>;
  removeVolume(name: string): Promise<void>;
  /** Lets go; containers live on. */
  close(): Promise<void>;
};
