/** What cluster and agent share: everything one node should run, and what it saw. */
import type { ContainerSpec, Endpoint } from './container.ts';
import type { ContainerId, ObjectId } from './ids.ts';
import type { NetworkSpec, NetworkStatus, TaskDesired, TaskStatus, VolumeSpec } from './objects.ts';

export type AssignedTask = {
  readonly id: ObjectId;
  readonly containerId: ContainerId;
  /** The container's name: `shop-web-1`, or `container_name`. */
  readonly name: string;
  readonly project: string;
  readonly service: string;
  readonly slot: number;
  readonly revision: number;
  readonly container: ContainerSpec;
  readonly endpoints: readonly Endpoint[];
  readonly desired: TaskDesired;
  /** The container before it whose anonymous volumes it takes over. */
  readonly volumesOf?: ContainerId;
};

export type AssignedNetwork = {
  readonly id: ObjectId;
  readonly name: string;
  readonly spec: NetworkSpec;
  readonly status: NetworkStatus;
};
export type AssignedVolume = { readonly id: ObjectId; readonly name: string; readonly spec: VolumeSpec };
/** `data`: base 64 of the plain content. */
export type AssignedFile = { readonly id: ObjectId; readonly name: string; readonly data: string };

/** A name that DNS answers on a network: service, container name or alias to the addresses that run now. */
export type NameRecord = {
  readonly network: string;
  readonly name: string;
  readonly addresses: readonly string[];
};

export type Assignment = {
  readonly node: ObjectId;
  /** Index in the log that this was projected from. */
  readonly revision: number;
  readonly tasks: readonly AssignedTask[];
  readonly networks: readonly AssignedNetwork[];
  readonly volumes: readonly AssignedVolume[];
  readonly secrets: readonly AssignedFile[];
  readonly configs: readonly AssignedFile[];
  readonly names: readonly NameRecord[];
};

/** Coalesced per node; only what changed since the last one that was taken. */
export type Report = {
  readonly node: ObjectId;
  readonly tasks: readonly { readonly id: ObjectId; readonly status: TaskStatus }[];
  /** Tasks whose containers and files are gone, after `remove`. */
  readonly removed: readonly ObjectId[];
};
