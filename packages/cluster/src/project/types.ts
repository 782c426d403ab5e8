/** Requests of people about whole projects, and what they come to. */
import type {
  Change,
  ContainerId,
  ObjectId,
  Problem,
  Project,
  ResolvedImages,
  ServiceObj,
  ServiceSpec,
} from '@orc/model';
import type { Draft } from '../state/draft.ts';

/** Ids are chosen by the proposer, from the world's randomness. */
export type IdSource = { object(): ObjectId; container(): ContainerId };

/** The proposer's world: everything that a pure function may not have of its own. */
export type Proposer = {
  readonly ids: IdSource;
  /** Wall time, milliseconds. */
  readonly now: number;
  /** Hex. */
  readonly sha256: (text: string) => string;
  /** Hex, keyed: a secret's hash must not tell its content. */
  readonly keyedHash: (text: string) => string;
  /** Base 64 to base 64, bound to `<object id>/<specVersion>` (DECISIONS 35). */
  readonly seal: (bound: string, data: string) => string;
};

export type UpOptions = {
  /** `ready` makes containers without starting them (`create`). */
  readonly desired: 'ready' | 'run';
  /** Only these and, unless `noDeps`, what they depend on. */
  readonly services?: readonly string[];
  readonly noDeps?: boolean;
  /** Networks, volumes, secrets and configs of these are made too; with it, no `services` means none. */
  readonly prepare?: readonly string[];
  readonly removeOrphans?: boolean;
  readonly forceRecreate?: boolean;
  readonly noRecreate?: boolean;
  readonly renewAnonVolumes?: boolean;
  readonly scale?: Readonly<Record<string, number>>;
  readonly timeoutMs?: number;
};
export type PutProject = {
  readonly project: Project;
  readonly images: ResolvedImages;
  readonly options: UpOptions;
};
export type DownOptions = {
  readonly volumes?: boolean;
  readonly removeOrphans?: boolean;
  readonly timeoutMs?: number;
  readonly services?: readonly string[];
};
export type ProjectAction = {
  readonly kind: 'start' | 'stop' | 'restart' | 'kill' | 'rm' | 'scale';
  /** Absent: all. */
  readonly services?: readonly string[];
  /** Only this slot's container, without regard to others (the engine's commands on it). */
  readonly slot?: number;
  readonly signal?: string;
  readonly timeoutMs?: number;
  readonly noDeps?: boolean;
  /** `rm -v`: anonymous volumes too; `rm -s`: what runs is stopped first. */
  readonly volumes?: boolean;
  readonly stop?: boolean;
  readonly scale?: Readonly<Record<string, number>>;
};

/** One line of what will change, for people. */
export type PlannedChange = {
  readonly kind: string;
  readonly name: string;
  readonly action: 'create' | 'recreate' | 'update' | 'remove' | 'start' | 'stop' | 'restart' | 'keep';
  readonly reason?: string;
};

/** With a problem of severity other than `warning`, `changes` is empty. */
export type ProjectPlan = {
  readonly changes: readonly Change[];
  readonly lines: readonly PlannedChange[];
  readonly problems: readonly Problem[];
};

/** A plan that is being made. */
export type Planning = {
  readonly draft: Draft;
  readonly proposer: Proposer;
  readonly lines: PlannedChange[];
  readonly problems: Problem[];
};

/** `.` cannot stand in a project's name, so no two services get the same one. */
export const serviceName = (project: string, service: string): string => `${project}.${service}`;

/** The name of a slot's container, as compose gives it. */
export const containerNameOf = (spec: ServiceSpec | ServiceObj['spec'], slot: number): string =>
  spec.containerName ?? `${spec.project}-${spec.service}-${slot}`;
