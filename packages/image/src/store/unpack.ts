/** Layers from blobs: into a folder aside, checked against the diff id, then renamed. Never a half layer. */
import { randomBytes } from 'node:crypto';
import type { Digest } from '@orc/model';
import { fail } from '@orc/model';
import { PROGRESS_INTERVAL_MS } from '../limits.ts';
import type { ImageRecord } from '../plan/catalog.ts';
import type { Descriptor, Manifest } from '../plan/documents.ts';
import type { OnProgress } from '../types.ts';
import type { Store } from './context.ts';
import { discard } from './write.ts';
import { chmod } from 'node:fs/promises';

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
  const folder = await store.layers.newWorkFolder(`unpack-${randomBytes(8).toString('hex')}`);
  try {
    await chmod(folder, 0o755);
    // A plain tar's digest was just computed on its way in; one that lay on the disk is read with suspicion.
    const isTrusted = layer.digest === diffId && store.fresh.has(layer.digest);
    const args = { path: store.blobs.path(layer.digest), folder, withDiffId: !isTrusted };
    const { signal } = options;
    const unpacked = await store.threads.run('unpack', args, {
      onBytes: throttled(store, options),
      ...(signal === undefined ? {} : { signal }),
    });
    const found = isTrusted ? layer.digest : unpacked.diffId;
    if (found !== diffId) {
      throw fail(
        'image.invalid',
        `layer ${layer.digest} unpacks to ${found}, but the image config says ${diffId}`,
      );
    }
    store.options.failpoint('image.layer.unpacked');
    await store.layers.adopt(folder, { diffId, unpackedSize: unpacked.bytes });
  } catch (error) {
    await discard(store, folder);
    throw error;
  }
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
