/** Layers from blobs: into a folder aside, checked against the diff id, then renamed. Never a half layer. */
import { randomBytes } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import type { Digest } from '@orc/model';
import { fail } from '@orc/model';
import { PROGRESS_INTERVAL_MS } from '../limits.ts';
import type { ImageRecord } from '../plan/catalog.ts';
import type { Descriptor, Manifest } from '../plan/documents.ts';
import { errorOf } from '../thread/failure.ts';
import type { OnProgress } from '../types.ts';
import type { BlobInfo } from './blobs.ts';
import type { Store } from './context.ts';
import { discard } from './write.ts';

export type UnpackLayerOptions = {
  readonly onProgress?: OnProgress;
  readonly id?: string;
  readonly signal?: AbortSignal;
};

/** The blob is here and was checked. Callers of the same layer share one run. */
export function unpackLayer(
  store: Store,
  layer: Descriptor,
  diffId: Digest,
  options: UnpackLayerOptions = {},
): Promise<void> {
  if (store.layers.get(diffId) !== undefined) return Promise.resolve();
  return store.unpacks(diffId, () => store.unpacking(() => unpackNow(store, layer, diffId, options)));
}

/** Whatever of an image is not unpacked, after a power loss or when the blobs came alone. */
export async function ensureUnpacked(
  store: Store,
  manifest: Manifest,
  diffIds: readonly Digest[],
): Promise<void> {
  await Promise.all(manifest.layers.map((layer, at) => unpackLayer(store, layer, diffIds[at] as Digest)));
}

export const ensureReady = (store: Store, image: ImageRecord): Promise<void> =>
  ensureUnpacked(store, image.manifest, image.document.rootfs.diff_ids);

async function unpackNow(
  store: Store,
  layer: Descriptor,
  diffId: Digest,
  options: UnpackLayerOptions,
): Promise<void> {
  if (store.layers.get(diffId) !== undefined) return;
  await inWorkFolder(store, async (folder) => {
    // A plain tar's digest was just computed on its way in; one that lay on the disk is read with suspicion.
    const isTrusted = layer.digest === diffId && store.fresh.has(layer.digest);
    const args = { path: store.blobs.path(layer.digest), folder, withDiffId: !isTrusted };
    const unpacked = await store.threads.run('unpack', args, {
      onBytes: throttled(store, options),
      ...signalOf(options),
    });
    await adoptLayer(store, folder, layer, diffId, { diffId: layer.digest, ...unpacked });
  });
}

const signalOf = ({ signal }: UnpackLayerOptions): { readonly signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };

async function inWorkFolder<T>(store: Store, job: (folder: string) => Promise<T>): Promise<T> {
  const folder = await store.layers.newWorkFolder(`unpack-${randomBytes(8).toString('hex')}`);
  try {
    await chmod(folder, 0o755);
    return await job(folder);
  } catch (error) {
    await discard(store, folder);
    throw error;
  }
}

async function adoptLayer(
  store: Store,
  folder: string,
  layer: Pick<Descriptor, 'digest'>,
  diffId: Digest,
  { diffId: found, bytes }: { readonly diffId: Digest; readonly bytes: number },
): Promise<void> {
  if (found !== diffId) {
    throw fail(
      'image.invalid',
      `layer ${layer.digest} unpacks to ${found}, but the image config says ${diffId}`,
    );
  }
  store.options.failpoint('image.layer.unpacked');
  await store.layers.adopt(folder, { diffId, unpackedSize: bytes });
}

/**
 * A layer's blob that comes as `source`, unpacked while it comes: nobody waits for the disk in between. The blob gets its
 * name first, and the layer only after it.
 */
export function ingestLayer(
  store: Store,
  source: AsyncIterable<Uint8Array>,
  layer: Descriptor,
  diffId: Digest,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  return inWorkFolder(store, async (folder) => {
    const aside = store.blobs.newAside();
    const withDiffId = layer.digest !== diffId;
    const args = { aside, plain: false, folder, withDiffId };
    const { unpacked, failure, ...found } = await store.threads.run('ingest', args, {
      input: source,
      ...signalOf(options),
    });
    await store.blobs.adopt(aside, found, layer);
    if (failure !== undefined) throw errorOf(failure);
    if (unpacked === undefined) throw new Error('assertion failed: a layer was ingested and not unpacked');
    await adoptLayer(store, folder, layer, diffId, { diffId: found.digest, ...unpacked });
  });
}

/** An uncompressed root file system out of a stream: the blob's digest is the layer's. */
export function ingestPlainLayer(store: Store, source: AsyncIterable<Uint8Array>): Promise<BlobInfo> {
  return inWorkFolder(store, async (folder) => {
    const aside = store.blobs.newAside();
    const args = { aside, plain: true, folder, withDiffId: false };
    const { unpacked, failure, ...found } = await store.threads.run('ingest', args, { input: source });
    if (failure !== undefined) await rm(aside, { force: true });
    if (failure !== undefined) throw errorOf(failure);
    const blob = await store.blobs.adopt(aside, found);
    await adoptLayer(store, folder, blob, blob.digest, { diffId: blob.digest, bytes: unpacked?.bytes ?? 0 });
    return blob;
  });
}

/** What comes out of a compressed stream, as a blob; nothing is unpacked. */
export async function ingestPlain(store: Store, source: AsyncIterable<Uint8Array>): Promise<BlobInfo> {
  const aside = store.blobs.newAside();
  const args = { aside, plain: true, withDiffId: false };
  const { digest, size } = await store.threads.run('ingest', args, { input: source });
  return store.blobs.adopt(aside, { digest, size });
}

function throttled(store: Store, { onProgress, id }: UnpackLayerOptions): (bytes: number) => void {
  let last = 0;
  return (current) => {
    const now = store.options.clock.monotonic();
    if (onProgress === undefined || now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    onProgress({ ...(id === undefined ? {} : { id }), status: 'Extracting', current });
  };
}
