/**
 * The objects of the replicated state. The user writes `spec`, the system writes `status`; each carries a version of
 * its own that grows by one with every write. One row per kind in `KINDS`.
 */
import type { ContainerSpec, Endpoint, Exit, Health, PortBinding } from './container.ts';
import type { ContainerId, ObjectId } from './ids.ts';
import type { Problem } from './problem.ts';
import type { PlacementReason } from './verdict.ts';

export type Obj<K extends string, Spec, Status> = {
  readonly kind: K;
  readonly id: ObjectId;
  readonly name: string;
  readonly specVersion: number;
  readonly statusVersion: number;
  /** Milliseconds, cluster time. */
  readonly createdAt: number;
  readonly spec: Spec;
  readonly status: Status;
};

export type NodeSpec = {
  readonly availability: 'active' | 'pause' | 'drain';
  readonly labels: Readonly<Record<string, string>>;
};
export type NodeStatus = {
  readonly state: 'ready' | 'down';
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly os: string;
  readonly architecture: string;
};
export type NodeObj = Obj<'node', NodeSpec, NodeStatus>;

/** A compose project; its objects name it in `spec.project`. */
export type ProjectSpec = {
  readonly workingDir?: string;
  readonly configFiles?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * `down` asked: once the services that are to go have, what nobody uses any more of its networks and files goes, and
   * this object when no service is left; volumes too if so, or those with these keys.
   */
  readonly removing?: { readonly volumes: boolean | readonly string[] };
};
export type ProjectObj = Obj<'project', ProjectSpec, Record<string, never>>;

export type DependsOn = {
  readonly service: string;
  readonly condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  readonly restart?: boolean;
  /** false: a missing dependency, or one that failed, is only a warning. */
  readonly required?: boolean;
};

export type UpdateConfig = {
  /** 0: all at once. */
  readonly parallelism: number;
  readonly delayMs: number;
  readonly failureAction: 'pause' | 'continue' | 'rollback';
  readonly monitorMs: number;
  readonly maxFailureRatio: number;
  readonly order: 'stop-first' | 'start-first';
};

export type ServiceSpec = {
  readonly project: string;
  /** The key in the compose file. */
  readonly service: string;
  readonly mode: 'replicated' | 'global';
  readonly replicas: number;
  readonly dependsOn: readonly DependsOn[];
  /** Absent: changed slots all at once, stop-first (DECISIONS 2). */
  readonly update?: UpdateConfig;
  /** `container_name`, which fixes the scale at 1. */
  readonly containerName?: string;
  readonly template: ContainerSpec;
  /**
   * SHA-256 over what a container of this service depends on: the template, and the contents of its secrets and
   * configs. Replicas, dependencies and update rules are not in it. A task whose hash differs is replaced.
   */
  readonly hash: string;
  /** Hashes of tasks that `--no-recreate` leaves as they are: they are not replaced before an `up` without it. */
  readonly kept?: readonly string[];
  /** What `up` and `start` (run), `create` (ready) and `stop` (stop) asked for, with what made it differ. */
  readonly desired: 'ready' | 'run' | 'stop';
  /** Grows when the same desired state is asked for anew (`start`, `up`): a task of an older one is begun again. */
  readonly generation: number;
  /** Stop grace of the operation that asked (`stop -t`), instead of the template's. */
  readonly stopGraceMs?: number;
  /** Counts `--force-recreate`; it is part of `hash`. */
  readonly recreations?: number;
  /** The replacement under way does not take over anonymous volumes; those of the old tasks go. */
  readonly renewAnonVolumes?: boolean;
  /** Slots whose container was removed by hand: not filled again before the next `up`. */
  readonly absentSlots?: readonly number[];
  /** Goes once its tasks have; with their anonymous volumes if so. */
  readonly removing?: { readonly volumes: boolean };
};
export type ServiceObj = Obj<
  'service',
  ServiceSpec,
  { readonly updateState?: 'updating' | 'paused' | 'completed' }
>;

/** Only grows within an attempt; a new attempt begins at `preparing`. */
export const TASK_PHASES = [
  'new',
  'assigned',
  'preparing',
  'ready',
  'running',
  'exited',
  'failed',
  'rejected',
  'removed',
] as const;
export type TaskPhase = (typeof TASK_PHASES)[number];

export type TaskDesired = {
  /** `ready`: made but not started; `stop`: kept, not running; `remove`: gone with its files. */
  readonly state: 'ready' | 'run' | 'drain' | 'stop' | 'remove';
  /** A larger one asks the agent to begin a new attempt even of a task that had ended (`start`, `restart`). */
  readonly generation: number;
  readonly stopGraceMs?: number;
  /** With `remove`: anonymous volumes go too. */
  readonly removeVolumes?: boolean;
  /** With `remove` and `stop`: by SIGKILL, or this signal, at once. */
  readonly kill?: string;
};

export type TaskSpec = {
  readonly project: string;
  readonly service: string;
  readonly serviceId: ObjectId;
  /** 1 and up. */
  readonly slot: number;
  /** `ServiceSpec.hash` that it was made for. */
  readonly hash: string;
  /** The revision of the service (its specVersion) whose template it runs. */
  readonly revision: number;
  readonly node: ObjectId | null;
  readonly containerId: ContainerId;
  /** One per attachment, chosen by `allocate`. */
  readonly endpoints: readonly Endpoint[];
  /** Fixed host ports, held on its node until it has stopped or is gone. */
  readonly ports?: readonly PortBinding[];
  readonly desired: TaskDesired;
  /** `ServiceSpec.generation` that `desired` follows; an older one: the start that was asked for is still to come. */
  readonly generation?: number;
  /** The first of those that it replaces in its slot, whose anonymous volumes it has; absent: it has its own. */
  readonly volumesOf?: ContainerId;
  /** Why it has no node. What it waits for to be started follows from the state (`verdict.ts`). */
  readonly pending?: PlacementReason;
};

/** Written by the agent's reports only. */
export type TaskStatus = {
  readonly attempt: number;
  readonly phase: TaskPhase;
  readonly health: Health;
  /** Generation of `desired` that the agent has acted on. */
  readonly generation: number;
  readonly exit?: Exit;
  readonly pid?: number;
  readonly startedAt?: number;
  readonly restarts?: number;
  readonly ports?: readonly PortBinding[];
  /** With `failed` and `rejected`. */
  readonly problem?: Problem;
  /** With `preparing` after an exit: when its policy starts it again; milliseconds, its node's clock. */
  readonly restartAt?: number;
};
export type TaskObj = Obj<'task', TaskSpec, TaskStatus>;

export type Subnet = { readonly subnet: string; readonly gateway?: string; readonly ipRange?: string };

export type NetworkSpec = {
  readonly project?: string;
  /** The key in the compose file. */
  readonly key?: string;
  readonly driver: 'bridge' | 'host' | 'none' | 'null';
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly ipv6?: boolean;
  readonly subnets?: readonly Subnet[];
  readonly options?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
};
/** Chosen by `allocate`. */
export type NetworkStatus = {
  /** The subnets in force. */
  readonly subnets: readonly { readonly subnet: string; readonly gateway: string }[];
  /** Names the bridge and its rules; 1 to 65535, unique among networks. */
  readonly index: number;
  /** Parts of the subnets out of which a node gives addresses to its own containers (DECISIONS 26). */
  readonly blocks: readonly { readonly node: ObjectId; readonly cidr: string }[];
  /**
   * It was asked for otherwise since: what it is as long as tasks have addresses of it. Nobody else gets one; then it is
   * made anew out of its spec, as another object.
   */
  readonly former?: NetworkSpec;
};
export type NetworkObj = Obj<'network', NetworkSpec, NetworkStatus>;

export type VolumeSpec = {
  readonly project?: string;
  readonly key?: string;
  readonly driver: 'local';
  readonly options?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly anonymous?: boolean;
};
/** `node`: where its data lies, once a task has used it. */
export type VolumeObj = Obj<'volume', VolumeSpec, { readonly node?: ObjectId }>;

/** `data` is base 64; a secret's is sealed before it enters the log (DECISIONS 35). */
export type SecretSpec = {
  readonly project?: string;
  readonly key?: string;
  readonly data: string;
  /** SHA-256 of the plain content, hex, keyed for secrets. */
  readonly hash: string;
  readonly labels?: Readonly<Record<string, string>>;
};
export type SecretObj = Obj<'secret', SecretSpec, Record<string, never>>;
export type ConfigObj = Obj<'config', SecretSpec, Record<string, never>>;

export type AnyObj =
  | NodeObj
  | ProjectObj
  | ServiceObj
  | TaskObj
  | NetworkObj
  | VolumeObj
  | SecretObj
  | ConfigObj;
export type Kind = AnyObj['kind'];
export type ObjOf<K extends Kind> = Extract<AnyObj, { kind: K }>;

export type KindRow = {
  /** For messages: "network shop_default". */
  readonly singular: string;
  readonly plural: string;
  /** Names are unique within the kind. */
  readonly uniqueName: boolean;
  readonly namePattern: RegExp;
  /** Paths into `spec` that never change after creation. */
  readonly immutable: readonly string[];
  /** Secondary indexes: name to the key of an object, or undefined for "not in it". */
  readonly indexes: Readonly<Record<string, (obj: never) => string | undefined>>;
};

/** Names become folders of the host: none of them leads out of one, and each fits into one entry. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/;
/** Of a service within its project: `_base` is one for compose. */
export const SERVICE_NAME: RegExp = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,199}$/;
/** As docker has it. */
export const CONTAINER_NAME: RegExp = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/;
const projectOf = (obj: { spec: { project?: string } }): string | undefined => obj.spec.project;

/** One row per kind. Tables, snapshots, watch, list, inspect and validation all come from it. */
export const KINDS = {
  node: {
    singular: 'node',
    plural: 'nodes',
    uniqueName: false,
    namePattern: NAME,
    immutable: [],
    indexes: {},
  },
  project: {
    singular: 'project',
    plural: 'projects',
    uniqueName: true,
    namePattern: /^[a-z0-9][a-z0-9_-]{0,199}$/,
    immutable: [],
    indexes: {},
  },
  service: {
    singular: 'service',
    plural: 'services',
    uniqueName: true,
    namePattern: NAME,
    immutable: ['project', 'service'],
    indexes: { project: projectOf },
  },
  task: {
    singular: 'task',
    plural: 'tasks',
    uniqueName: false,
    namePattern: NAME,
    immutable: ['project', 'service', 'serviceId', 'slot', 'hash', 'containerId'],
    indexes: {
      project: projectOf,
      service: (obj: TaskObj) => obj.spec.serviceId,
      node: (obj: TaskObj) => obj.spec.node ?? undefined,
    },
  },
  network: {
    singular: 'network',
    plural: 'networks',
    uniqueName: true,
    namePattern: NAME,
    immutable: [],
    indexes: { project: projectOf },
  },
  volume: {
    singular: 'volume',
    plural: 'volumes',
    uniqueName: true,
    namePattern: NAME,
    immutable: ['driver'],
    indexes: { project: projectOf },
  },
  secret: {
    singular: 'secret',
    plural: 'secrets',
    uniqueName: true,
    namePattern: NAME,
    immutable: [],
    indexes: { project: projectOf },
  },
  config: {
    singular: 'config',
    plural: 'configs',
    uniqueName: true,
    namePattern: NAME,
    immutable: [],
    indexes: { project: projectOf },
  },
} as const satisfies Record<Kind, KindRow>;

/** A whole object to write, with the versions it expects (`null`: it must not exist yet). */
export type Put = {
  readonly op: 'put';
  readonly object: AnyObj;
  readonly expect: { readonly specVersion: number; readonly statusVersion: number } | null;
};
export type Delete = {
  readonly op: 'delete';
  readonly kind: Kind;
  readonly id: ObjectId;
  readonly expect: { readonly specVersion: number; readonly statusVersion: number };
};
export type Change = Put | Delete;

/** The only payload of the log. `time` is cluster time: max(last, the proposer's wall clock). */
export type ChangeSet = {
  readonly schema: 1;
  /** Who proposed: `up`, `reconcile`, `report`, … ; for people. */
  readonly by: string;
  readonly time: number;
  readonly changes: readonly Change[];
};
