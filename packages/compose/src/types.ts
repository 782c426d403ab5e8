/** What goes into a load and what comes out of it. */
import type { HostPlatform, Problem, Project, Where } from '@orc/model';
import type { ComposeModel } from './compose-model.ts';

/** A path whose content, or absence, the load needs to go on. Absolute, or `-` for standard input. */
export type Need = {
  readonly path: string;
  /** Whether it is there is all that is asked: what can be large, or no file, is not to be read. */
  readonly presence?: true;
};

/**
 * What the caller found at a path. Give the same object again in later calls: parsed texts are kept by it.
 */
export type Fact =
  | { readonly kind: 'file'; readonly data: Uint8Array }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'directory' }
  /** The answer to `presence` when it is no directory. */
  | { readonly kind: 'present' }
  /** It is there and could not be read: `message` says why. */
  | { readonly kind: 'unreadable'; readonly message: string };

export type LoadOptions = {
  /** `config --no-interpolate`: leave `${…}` as written. Default true. */
  readonly interpolate?: boolean;
  /** `config --no-normalize`: leave out names, default networks and what follows from other attributes. Default true. */
  readonly normalize?: boolean;
  /** `config --no-consistency`: do not check references, cycles and contradictions. Default true. */
  readonly consistency?: boolean;
  /** `config --no-path-resolution`: leave paths as written. Default true. */
  readonly paths?: boolean;
  /** `config --no-env-resolution`: leave `env_file` and `label_file` as they are. Default true. */
  readonly envFiles?: boolean;
  /** Read secrets and configs; off for who translates and makes no containers. Default true. */
  readonly contents?: boolean;
  /** Read secrets, configs and check what cannot be honoured; off for `config`. Default true. */
  readonly translate?: boolean;
  /** Refuse names and numbers that no host takes; off where only the project's name is wanted. Default true. */
  readonly values?: boolean;
  /** For `check`: what becomes of each attribute, and warnings of what is likely a mistake. Default false. */
  readonly audit?: boolean;
  /** Who asks: who is not root is warned of ports below 1024. Absent: root. */
  readonly uid?: number;
  /** Processors of the host: more than it has are refused. Absent: any number is taken. */
  readonly cpus?: number;
  /** Where the services are to run, with the folders of the caller: what it has not is refused. Absent: not looked at. */
  readonly host?: HostPlatform;
  /** Services named on the command line: each one's profiles count as active. */
  readonly services?: readonly string[];
};

export type LoadInput = {
  /** `-f`, in order; absolute or relative to `cwd`; `-` is standard input. */
  readonly files?: readonly string[];
  /** `--env-file`, in order. */
  readonly envFiles?: readonly string[];
  readonly profiles?: readonly string[];
  readonly projectName?: string;
  readonly projectDirectory?: string;
  /** Absolute. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly facts: ReadonlyMap<string, Fact>;
  readonly options?: LoadOptions;
};

/** `wrong`: an error stands in its value. */
export type AttributeStatus = 'honoured' | 'emulated' | 'noeffect' | 'refused' | 'wrong';

/** An attribute as it was written, and what becomes of it. */
export type AttributeUse = {
  /** `services.web.ports.0.target`. */
  readonly path: string;
  readonly status: AttributeStatus;
  /** How it is emulated, or why it has no effect, is refused or wrong. */
  readonly why?: string;
  readonly instead?: string;
  readonly where: Where;
};

/**
 * `model` is absent when the files have errors; `project` also when they ask for what is not honoured
 * (`compose.unsupported`). `problems` has all of both, and the warnings.
 */
export type LoadResult =
  | { readonly kind: 'need'; readonly paths: readonly Need[] }
  | {
      readonly kind: 'done';
      readonly model?: ComposeModel;
      readonly project?: Project;
      /** Of all services, whether they are active or not; with `model`. */
      readonly profiles?: readonly string[];
      readonly problems: readonly Problem[];
      /** With `model`: where the value at a path of keys was written, or what is above it. */
      readonly placeOf?: (path: readonly string[]) => Where;
      /** With `options.audit`: every attribute that was written, in the order of the files. */
      readonly attributes?: readonly AttributeUse[];
      /** What values were interpolated with: `--env-file` or `.env` under the process's environment. */
      readonly environment: Readonly<Record<string, string>>;
    };
