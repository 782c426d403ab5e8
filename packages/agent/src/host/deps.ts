/** What the parts of the agent share. */
import type { Clock, Emit, Failpoint, OrcError, InTurn, Turns } from '@orc/model';
import type { ImageStore } from '@orc/image';
import type { NetworkHost } from '@orc/network';
import type { Runtime } from '@orc/runtime';
import type { FileSource } from '../plan/mounts.ts';
import type { Stored } from './folder.ts';
import type { Life } from './life.ts';
import type { Trash } from './trash.ts';
import type { Volumes } from './volumes.ts';

export type LifeDeps = {
  readonly root: string;
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly network: NetworkHost;
  readonly volumes: Volumes;
  readonly trash: Trash;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly failpoint: Failpoint;
  readonly starts: Turns;
  readonly probes: InTurn;
  readonly jitter: () => number;
  /** Of the assignment in force; for one-off containers of a project, of the state. */
  readonly file: FileSource;
  /** The container whose namespaces another wants to join. */
  readonly find: (
    of: Stored,
    mode:
      | { readonly kind: 'service'; readonly service: string }
      | { readonly kind: 'container'; readonly container: string },
  ) => Life | undefined;
  /** Those that are there of whom its start joins, once for each namespace. */
  readonly holders: (of: Life) => readonly Life[];
  /** Others run in its sandbox: it stays, or is cut off from the network where its container is removed. */
  readonly isShared: (life: Life) => boolean;
  /** Resolves when the networks are as the newest assignment wants them; with what could not be done, if something could not. */
  readonly networksReady: () => Promise<OrcError | undefined>;
  /** An anonymous volume of a container that goes, unless another has it by now. */
  readonly removeVolume: (of: Life, name: string) => Promise<void>;
  /** More addresses of a network for this node's own containers (DECISIONS 26). */
  readonly grow: (network: string) => Promise<void>;
  /** The agent lets go. */
  readonly closing: AbortSignal;
  readonly event: (stored: Stored, action: string, attributes: Readonly<Record<string, string>>) => void;
  readonly changed: (life: Life) => void;
};
