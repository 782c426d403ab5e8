/**
 * What the Dockerfile builder gets from the store. The builder decides and asks; only the store touches blobs, layers
 * and names.
 */
import type { Clock, Digest, Emit, Failpoint, ImageConfig, Random } from '@orc/model';
import type { HistoryEntry, ImageDocument } from '../plan/documents.ts';
import type { Auth, OnProgress } from '../types.ts';
import type { CommitOptions } from './write.ts';

/** A layer that is on disk, packed as a blob and unpacked as a folder. */
export type StoredLayer = {
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest;
  /** Digest, bytes and media type of the blob. */
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
  /** Bytes of the files in the folder. */
  readonly unpackedSize: number;
  /** Absolute; a lower directory of an overlay. */
  readonly folder: string;
};

/** An image as the builder stacks onto it. */
export type BaseImage = {
  /** Digest of the config blob. */
  readonly id: Digest;
  readonly config: ImageConfig;
  /** The whole config document. */
  readonly document: ImageDocument;
  /** The lowest first. */
  readonly layers: readonly StoredLayer[];
};

/** One record of the build cache. `value` is any JSON; a record is only returned while all its layers are on disk. */
export type CacheRecord = { readonly value: unknown; readonly layers: readonly StoredLayer[] };

export type PullOptions = {
  readonly platform?: string;
  readonly auth?: Auth;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  /** Ask the registry even when the image is here (`build --pull`). */
  readonly always?: boolean;
};

export type NewImage = {
  /** ISO 8601; absent: now. A build from the cache says when its newest layer was made, and so is the same image again. */
  readonly created?: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly author?: string;
  readonly config: ImageConfig;
  /** The lowest first, the base's included. */
  readonly layers: readonly StoredLayer[];
  /** The oldest first, the base's included; entries without `empty_layer` pair with `layers`. */
  readonly history: readonly HistoryEntry[];
  /** As the user wrote them (`shop`, `shop:1`); each moves away from the image that had it. */
  readonly tags: readonly string[];
};

/** A folder on the same file system as the layers (so that its `upper` can become one); `remove` is idempotent. */
export type WorkFolder = { readonly folder: string; readonly remove: () => Promise<void> };

/** `fresh`: it was made just now. */
export type CacheMount = {
  readonly folder: string;
  readonly fresh: boolean;
  readonly release: () => void;
};

export type BuildInternals = {
  /** `undefined`: not here. Its layers are unpacked. */
  resolveImage(reference: string): Promise<BaseImage | undefined>;
  /** Throws `image.pull`, `image.auth`, `image.platform`, `notfound.image` … */
  pullIfMissing(reference: string, options?: PullOptions): Promise<BaseImage>;
  /**
   * Makes a layer of an overlay's upper folder (whiteouts as character devices 0:0, `trusted.overlay.opaque`),
   * after what `copy` says was written into it. On
   * success the folder is gone: it was renamed into the store. Call it when nothing has it mounted any more.
   */
  commitLayer(upperFolder: string, options?: CommitOptions): Promise<StoredLayer>;
  /** A layer by its diff id, `undefined` when it is not on disk. */
  layer(diffId: Digest): StoredLayer | undefined;
  /** Config and manifest blobs, then the names: durable when it resolves. Returns the image's id. */
  writeImage(image: NewImage): Promise<Digest>;
  /** Takes every string as the key: it is hashed. */
  cacheGet(key: string): Promise<CacheRecord | undefined>;
  /** Layers of a record are kept by collection as long as the record is (limits.ts). */
  cachePut(key: string, value: unknown, layers: readonly StoredLayer[]): Promise<void>;
  newWorkFolder(): Promise<WorkFolder>;
  /** The folder of a `RUN --mount=type=cache`, kept between builds, not collected until `release`. */
  cacheMount(id: string): Promise<CacheMount>;
  /** Keeps these layers and images from collection until `release`; synced when it resolves. Replaces the holder's former lease. */
  lease(
    holder: string,
    uses: { readonly images?: readonly Digest[]; readonly layers?: readonly Digest[] },
  ): Promise<void>;
  release(holder: string): Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly failpoint: Failpoint;
};
