/** The open store that everything of this package works on. */
import { writeDurable } from '@orc/disk';
import type { Digest, ResolvedImage } from '@orc/model';
import { blobsOf, type Catalog, findImage, type ImageRecord, toIndex } from '../plan/catalog.ts';
import type { ImageStoreOptions } from '../types.ts';
import type { OpenContexts } from '../context/contexts.ts';
import type { Threads } from '../thread/threads.ts';
import type { Blobs } from './blobs.ts';
import type { Layers } from './layers.ts';
import type { Leases } from './leases.ts';
import type { StorePaths } from './paths.ts';
import type { Serial } from './queue.ts';
import type { Uses } from './uses.ts';

export type Store = {
  readonly options: ImageStoreOptions;
  readonly paths: StorePaths;
  readonly blobs: Blobs;
  readonly layers: Layers;
  readonly leases: Leases;
  /** Whoever changes names, or deletes, holds this. */
  readonly locked: Serial;
  readonly threads: Threads;
  readonly contexts: OpenContexts;
  /** Contexts and cache mounts of builds under way. */
  readonly uses: Uses;
  readonly unpacking: Serial;
  readonly unpacks: (key: string, job: () => Promise<void>) => Promise<void>;
  /** Layers that a running job made or fetched and no image names yet. */
  readonly pins: Map<Digest, number>;
  /** When blobs and layers came that no image names yet: collection leaves them for a while. */
  readonly fresh: Map<Digest, number>;
  catalog: Catalog;
  /** What references as written resolved to; emptied with every change. */
  readonly resolved: Map<string, ResolvedImage>;
};

/** Durable when it resolves. Call it inside `store.locked`. */
export async function commitCatalog(store: Store, next: Catalog): Promise<void> {
  if (next === store.catalog) return;
  await writeDurable(store.paths.index, JSON.stringify(toIndex(next)));
  store.options.failpoint('image.index.written');
  store.catalog = next;
  for (const image of next.images.values())
    for (const digest of everyBlobOf(image)) store.fresh.delete(digest);
  store.resolved.clear();
}

export const updateCatalog = (store: Store, change: (catalog: Catalog) => Catalog): Promise<void> =>
  store.locked(() => commitCatalog(store, change(store.catalog)));

/** Keeps blobs and layers from collection while `job` runs. */
export async function pinned<T>(store: Store, digests: readonly Digest[], job: () => Promise<T>): Promise<T> {
  for (const digest of digests) store.pins.set(digest, (store.pins.get(digest) ?? 0) + 1);
  try {
    return await job();
  } finally {
    for (const digest of digests) unpin(store, digest);
  }
}

function unpin(store: Store, digest: Digest): void {
  const count = (store.pins.get(digest) ?? 0) - 1;
  if (count > 0) store.pins.set(digest, count);
  else store.pins.delete(digest);
}

export const isReady = (store: Store, image: ImageRecord): boolean =>
  image.document.rootfs.diff_ids.every((diffId) => store.layers.get(diffId) !== undefined);

export const resolvedOf = (store: Store, image: ImageRecord): ResolvedImage => ({
  id: image.id,
  config: image.document.config,
  layers: lowerLayers(image.document.rootfs.diff_ids).map((diffId) => store.layers.folder(diffId)),
});

/** Overlay refuses a folder that stands twice (images may repeat a layer); only its topmost place counts. */
const lowerLayers = (diffIds: readonly Digest[]): readonly Digest[] =>
  diffIds.filter((diffId, index) => !diffIds.includes(diffId, index + 1));

export const lookUp = (store: Store, reference: string): ImageRecord | undefined =>
  findImage(store.catalog, reference)?.image;

export const everyBlobOf = (image: ImageRecord): readonly Digest[] => [
  ...blobsOf(image),
  ...image.document.rootfs.diff_ids,
];
