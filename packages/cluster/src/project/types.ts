/** Requests of people about whole projects, and what they come to. */
import type {
  Change,
  ContainerId,
  ObjectId,
  PlannedChange,
  Problem,
  Project,
  ResolvedImages,
  UpOptions,
} from '@orc/model';
import type { Draft } from '../state/draft.ts';

export { containerNameOf, type DownOptions, type PlannedChange, type ProjectAction } from '@orc/model';

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
  readonly host?: () => HostSubnets;
};

/** CIDRs of the host that the state does not know: of the network that it has of its own, and that its routes lead to. */
export type HostSubnets = { readonly local: readonly string[]; readonly routes: readonly string[] };

export type PutProject = {
  readonly project: Project;
  readonly images: ResolvedImages;
  readonly options: UpOptions;
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
