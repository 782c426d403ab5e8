/** How a project does, as data: judged by `cluster` alone, put into words by `explain.ts`, never read back from them. */
import type { Health } from './container.ts';
import type { ObjectId } from './ids.ts';
import type { DependsOn } from './objects.ts';
import type { Problem } from './problem.ts';

/** Why a node does not take a task; nodes, volumes and containers by name. */
export type NodeRefusal =
  | { readonly kind: 'node-down'; readonly node: string }
  | {
      readonly kind: 'node-availability';
      readonly node: string;
      readonly availability: 'active' | 'pause' | 'drain';
    }
  | { readonly kind: 'platform'; readonly node: string; readonly has: string; readonly wants: string }
  | { readonly kind: 'volume-missing'; readonly volume: string }
  /** `home`: the node that has it. */
  | { readonly kind: 'volume-elsewhere'; readonly volume: string; readonly home: string }
  | {
      readonly kind: 'port-taken';
      readonly port: number;
      readonly protocol: string;
      readonly node: string;
      readonly by: string;
      /** The holder is on its way out. */
      readonly leaving: boolean;
    };

/** Why a task has no place, as the last pass found it. */
export type PlacementReason =
  /** Of its own slot; one at a time. */
  | { readonly kind: 'predecessor' }
  /** No refusal: there is no node. */
  | { readonly kind: 'no-node'; readonly refusals: readonly NodeRefusal[] }
  /** DECISIONS 6: its data is where nobody can start it. */
  | { readonly kind: 'volume-down'; readonly volume: string; readonly node: string }
  | { readonly kind: 'network-missing'; readonly network: string }
  | { readonly kind: 'no-subnet'; readonly network: string }
  | { readonly kind: 'no-address'; readonly network: string }
  /** It is made anew once nobody has an address of the one before it. */
  | { readonly kind: 'network-leaving'; readonly network: string }
  | { readonly kind: 'address-foreign'; readonly network: string; readonly address: string }
  | {
      readonly kind: 'address-taken';
      readonly address: string;
      readonly by: string;
      readonly leaving: boolean;
    };

/** What will not come right by waiting; `container` is the one that failed. */
export type Failure =
  | { readonly kind: 'exited'; readonly container: string; readonly code: number }
  | { readonly kind: 'unhealthy'; readonly container: string }
  /** Its health is waited for, and nothing checks it. */
  | { readonly kind: 'unchecked'; readonly container: string }
  | { readonly kind: 'image-missing'; readonly container: string; readonly problem: Problem }
  /** The node would not have it. */
  | { readonly kind: 'rejected'; readonly container: string; readonly problem: Problem }
  | { readonly kind: 'unstartable'; readonly container: string; readonly problem: Problem }
  /** Of the service that is being updated; its other containers stay as they were. */
  | { readonly kind: 'update-paused'; readonly failure: Failure }
  | DependencyFailed;

export type DependencyFailed = {
  readonly kind: 'dependency-failed';
  readonly service: string;
  readonly condition: DependsOn['condition'];
  readonly failure: Failure;
};

/** Why a start does not come about yet. */
export type WaitReason =
  | PlacementReason
  | { readonly kind: 'dependency'; readonly service: string; readonly condition: DependsOn['condition'] }
  | DependencyFailed;

export type TaskState =
  | { readonly state: 'waiting'; readonly reason: WaitReason }
  | { readonly state: 'creating' }
  /** Made, and not to be started. */
  | { readonly state: 'created' }
  | { readonly state: 'starting' }
  | { readonly state: 'running'; readonly health: Health }
  /** Its policy starts it again: at once, or at this time (milliseconds, its node's clock). */
  | { readonly state: 'backing-off'; readonly code: number; readonly until?: number }
  | { readonly state: 'exited'; readonly code: number }
  | { readonly state: 'failed'; readonly failure: Failure }
  | { readonly state: 'stopping' }
  | { readonly state: 'removing' };

/** What may be asked of a service: that it is made, that it has started, that it is healthy or has completed. */
export const GOALS = ['created', 'started', 'healthy'] as const;
export type Goal = (typeof GOALS)[number];

/** `stuck`: nothing that is under way will change it, but somebody may; `failed`: this start is over. */
export type Standing =
  | { readonly standing: 'coming' }
  | { readonly standing: 'stuck'; readonly reason: WaitReason }
  | { readonly standing: 'failed'; readonly failure: Failure };
/** What is missing to each goal; absent: it is reached. */
export type Missing = { readonly [Each in Goal]?: Standing };

/** `update_config.monitor`: it is replaced once this container has run for so long. */
export type Follows = { readonly container: string; readonly monitorMs: number };

export type TaskVerdict = {
  readonly task: ObjectId;
  readonly container: string;
  /** It is as its service wants it, and counts for it; others are on their way out. */
  readonly current: boolean;
  readonly state: TaskState;
  readonly missing: Missing;
  /** Of one that is not current: the next in turn of an update that goes on by itself. */
  readonly follows?: Follows;
};

export type ServiceVerdict = {
  readonly service: string;
  /** Containers that it should have. */
  readonly wanted: number;
  /** Somebody's start depends on its health. */
  readonly awaited: boolean;
  readonly tasks: readonly TaskVerdict[];
  readonly missing: Missing;
};
