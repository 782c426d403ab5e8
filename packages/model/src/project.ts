/**
 * A whole project as `PUT /v1/projects/{name}` takes it: what `compose` translates a file to. Everything that the
 * client alone can read (env files, secrets, configs) is in it; images are named and, where known, resolved.
 */
import type { ContainerSpec } from './container.ts';
import type { Digest } from './ids.ts';
import { LIMITS } from './limits.ts';
import {
  CONTAINER_NAME,
  type DependsOn,
  KINDS,
  type NetworkSpec,
  type UpdateConfig,
  type VolumeSpec,
} from './objects.ts';
import type { PlacementReason } from './verdict.ts';

export type BuildSpec = {
  /** Absolute path of the context on the client. */
  readonly context: string;
  readonly dockerfile?: string;
  readonly dockerfileInline?: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly noCache?: boolean;
  readonly pull?: boolean;
  readonly tags?: readonly string[];
  readonly platform?: string;
  readonly network?: string;
  readonly shmSizeBytes?: number;
  readonly extraHosts?: readonly { readonly name: string; readonly address: string }[];
};

export type PullPolicy = 'always' | 'never' | 'missing' | 'build';

export type ProjectService = {
  readonly service: string;
  readonly mode: 'replicated' | 'global';
  readonly replicas: number;
  readonly dependsOn: readonly DependsOn[];
  readonly update?: UpdateConfig;
  readonly containerName?: string;
  readonly container: ContainerSpec;
  readonly build?: BuildSpec;
  readonly pullPolicy: PullPolicy;
  /** `attach: false` keeps its logs out of a foreground `up`. */
  readonly attach: boolean;
  readonly profiles: readonly string[];
};

/** `external`: must exist, is never made or removed. */
export type ProjectNetwork = {
  readonly name: string;
  readonly key: string;
  readonly external: boolean;
  readonly spec: NetworkSpec;
};
export type ProjectVolume = {
  readonly name: string;
  readonly key: string;
  readonly external: boolean;
  readonly spec: VolumeSpec;
};
/** `data`: base 64 of the content; absent when external. */
export type ProjectFile = {
  readonly name: string;
  readonly key: string;
  readonly external: boolean;
  readonly data?: string;
  readonly labels?: Readonly<Record<string, string>>;
};

/** As compose makes one out of a folder's name; empty where nothing is left of it. */
export const normalisedProjectName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^-_a-z0-9]/g, '')
    .replace(/^[-_]+/, '');

/** What is wrong with a project's name, in compose's words. */
export function projectNameFault(
  name: string,
): { readonly message: string; readonly hint?: string } | undefined {
  if (KINDS.project.namePattern.test(name)) return undefined;
  if (name.length > LIMITS.projectNameLengthMax)
    return {
      message: `invalid project name "${name.slice(0, 20)}…": it has ${name.length} characters`,
      hint: `the limit is ${LIMITS.projectNameLengthMax}`,
    };
  const message =
    `invalid project name "${name}": must consist only of lowercase alphanumeric characters, hyphens, ` +
    'and underscores as well as start with a letter or number';
  const proposed = normalisedProjectName(name);
  const isOne = KINDS.project.namePattern.test(proposed) && proposed !== name;
  return isOne ? { message, hint: `such as "${proposed}"` } : { message };
}

/** What is wrong with a container's name. */
export function containerNameFault(
  name: string,
): { readonly message: string; readonly hint: string } | undefined {
  if (CONTAINER_NAME.test(name)) return undefined;
  const max = LIMITS.containerNameLengthMax;
  if (name.length > max)
    return {
      message: `invalid container name "${name.slice(0, 20)}…": it has ${name.length} characters`,
      hint: `the limit is ${max}`,
    };
  return {
    message: `invalid container name "${name}"`,
    hint: 'it has two or more letters, digits, _, . and -, and begins with a letter or digit',
  };
}

export type Project = {
  readonly name: string;
  readonly workingDir: string;
  readonly configFiles: readonly string[];
  readonly services: readonly ProjectService[];
  /** Services of the files whose profiles are off: what runs of them stays, and is no orphan. */
  readonly disabled?: readonly string[];
  readonly networks: readonly ProjectNetwork[];
  readonly volumes: readonly ProjectVolume[];
  readonly secrets: readonly ProjectFile[];
  readonly configs: readonly ProjectFile[];
};

/** What an image name resolved to on the daemon, by the name as written. */
export type ResolvedImages = Readonly<Record<string, Digest>>;

/** What `up` and `create` ask for. */
export type UpOptions = {
  /** `ready` makes containers without starting them. */
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
  /** Until a container that is to stop is killed. */
  readonly timeoutMs?: number;
};

export type DownOptions = {
  readonly volumes?: boolean;
  readonly removeOrphans?: boolean;
  readonly timeoutMs?: number;
  /** Absent: all, and the project itself. */
  readonly services?: readonly string[];
  /** What the files have, volumes by their keys: with no `services`, all else of the project stays. Absent: it goes too. */
  readonly declared?: Declared;
};
export type Declared = { readonly services: readonly string[]; readonly volumes: readonly string[] };

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

/** One line of what an operation changes, for people: `{ kind: 'task', name: 'shop-web-1', action: 'create' }`. */
export type PlannedChange = {
  readonly kind: string;
  readonly name: string;
  readonly action: 'create' | 'recreate' | 'update' | 'remove' | 'start' | 'stop' | 'restart' | 'keep';
  readonly reason?: string;
  /** Of a container. */
  readonly service?: string;
  /** Why the containers of a service are recreated; with the first of them only. */
  readonly fields?: readonly FieldChange[];
  /** Of a dry run: the name of the node that a container would be put on, or why none would take it. */
  readonly node?: string;
  readonly pending?: PlacementReason;
};

/** Names as in a compose file; a side is absent where the field is not there. */
export type FieldChange = { readonly path: string; readonly before?: string; readonly after?: string };

type NamedService = { readonly project: string; readonly service: string; readonly containerName?: string };

/** The name of a slot's container, as compose gives it. */
export const containerNameOf = ({ project, service, containerName }: NamedService, slot: number): string =>
  containerName ?? `${project}-${service}-${slot}`;
