/** The store as the Dockerfile builder sees it. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, fail } from '@orc/model';
import { familiarName, parseReference } from '../plan/reference.ts';
import { cacheGet, cachePut } from './cache.ts';
import { lookUp, type Store } from './context.ts';
import type { BaseImage, BuildInternals, CacheMount, PullOptions, StoredLayer } from './internals.ts';
import { ensureReady } from './unpack.ts';
import { commitFolder, discard, storedLayers, writeImage } from './write.ts';
import { MEDIA } from '../plan/documents.ts';

export type Pull = (reference: string, options: PullOptions) => Promise<unknown>;

export function buildInternals(store: Store, pull: Pull): BuildInternals {
  const { clock, random, emit, failpoint } = store.options;
  return {
    resolveImage: (reference) => baseImage(store, reference),
    pullIfMissing: (reference, options = {}) => pullIfMissing(store, pull, reference, options),
    commitLayer: (folder, options) => commitFolder(store, folder, options),
    layer: (diffId) => layerOf(store, diffId),
    writeImage: (image) => writeImage(store, image),
    cacheGet: (key) => cacheGet(store, key),
    cachePut: (key, value, layers) => cachePut(store, key, value, layers),
    newWorkFolder: async () => {
      const folder = await store.layers.newWorkFolder(`build-${randomBytes(8).toString('hex')}`);
      return { folder, remove: () => discard(store, folder) };
    },
    cacheMount: (id) => cacheMount(store, id),
    lease: (holder, { images = [], layers = [] }) => store.leases.put(holder, { images, layers }),
    release: (holder) => store.leases.release(holder),
    clock,
    random,
    emit,
    failpoint,
  };
}

async function cacheMount(store: Store, id: string): Promise<CacheMount> {
  const folder = join(store.paths.mountCache, createHash('sha256').update(id).digest('hex'));
  const release = store.uses.hold(folder);
  const fresh = (await mkdir(folder, { recursive: true })) !== undefined;
  const now = new Date(store.options.clock.now());
  await utimes(folder, now, now);
  return { folder, fresh, release };
}

async function baseImage(store: Store, reference: string): Promise<BaseImage | undefined> {
  const image = lookUp(store, reference);
  if (image === undefined) return undefined;
  await ensureReady(store, image);
  return {
    id: image.id,
    config: image.document.config,
    document: image.document,
    layers: storedLayers(store, image),
  };
}

async function pullIfMissing(
  store: Store,
  pull: Pull,
  reference: string,
  options: PullOptions,
): Promise<BaseImage> {
  const present = options.always === true ? undefined : await baseImage(store, reference);
  if (present !== undefined) return present;
  await pull(reference, options);
  const pulled = await baseImage(store, reference);
  if (pulled !== undefined) return pulled;
  throw fail('notfound.image', `no image ${familiarName(parseReference(reference))} here`);
}

/** Through an image that has it, as its blob may be compressed; else as this store made it. */
function layerOf(store: Store, diffId: Digest): StoredLayer | undefined {
  const record = store.layers.get(diffId);
  if (record === undefined) return undefined;
  for (const image of store.catalog.images.values()) {
    const at = image.document.rootfs.diff_ids.indexOf(diffId);
    if (at !== -1) return storedLayers(store, image)[at];
  }
  const size = store.blobs.sizeOf(diffId);
  if (size === undefined) return undefined;
  const { unpackedSize } = record;
  return {
    diffId,
    digest: diffId,
    size,
    mediaType: MEDIA.ociLayer,
    unpackedSize,
    folder: store.layers.folder(diffId),
  };
}
