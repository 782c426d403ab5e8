/** What rooms must know of images: the OCI image config's runtime part, and rows of lists. */
import type { Healthcheck } from './container.ts';
import { defined } from './defined.ts';
import type { Digest } from './ids.ts';

/** `config` of an OCI image config, with docker's additions; see image-spec config.md. */
export type ImageConfig = {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Volumes?: Readonly<Record<string, object>> | null;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly StopSignal?: string;
  readonly Shell?: readonly string[];
  readonly OnBuild?: readonly string[] | null;
  /** Durations in nanoseconds. */
  readonly Healthcheck?: {
    readonly Test?: readonly string[];
    readonly Interval?: number;
    readonly Timeout?: number;
    readonly StartPeriod?: number;
    readonly StartInterval?: number;
    readonly Retries?: number;
  };
};

/** An image that is ready to run on this host. */
export type ResolvedImage = {
  /** Digest of the config blob: docker's image id. */
  readonly id: Digest;
  readonly config: ImageConfig;
  /** Unpacked layer folders, absolute, the lowest first. */
  readonly layers: readonly string[];
};

export type ImageSummary = {
  readonly id: Digest;
  /** `name:tag`, fully spelled as docker shows them (`busybox:latest`). */
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  /** Milliseconds. */
  readonly createdAt: number;
  /** Unpacked bytes of all layers. */
  readonly size: number;
  readonly architecture: string;
  readonly os: string;
};

/** A step that made an image, as docker's history has it. */
export type ImageStep = {
  /** Of the newest step alone: it is the image. */
  readonly id?: Digest;
  /** Milliseconds; absent where its maker did not say. */
  readonly createdAt?: number;
  readonly createdBy: string;
  /** Unpacked bytes of its layer; 0 when it made none. */
  readonly size: number;
  readonly comment: string;
};

const NS_PER_MS = 1e6;

/** The image's HEALTHCHECK in the model's form. */
export function healthcheckOf(config: ImageConfig): Healthcheck | undefined {
  const from = config.Healthcheck;
  if (from?.Test === undefined || from.Test.length === 0) return undefined;
  const ms = (ns: number | undefined): number | undefined => (ns ? ns / NS_PER_MS : undefined);
  return defined({
    test: from.Test,
    intervalMs: ms(from.Interval),
    timeoutMs: ms(from.Timeout),
    startPeriodMs: ms(from.StartPeriod),
    startIntervalMs: ms(from.StartInterval),
    retries: from.Retries || undefined,
  });
}
