/** Making layers and images out of what is on disk. */
import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '@orc/disk';
import type { Digest } from '@orc/model';
import type { CopyPlan } from '../build/host/copy.ts';
import { PROGRESS_INTERVAL_MS } from '../limits.ts';
import { type ImageRecord, withImage, withName } from '../plan/catalog.ts';
import { type Descriptor, type ImageDocument, type Manifest, MEDIA } from '../plan/documents.ts';
import { fullName, parseReference } from '../plan/reference.ts';
import type { OnProgress } from '../types.ts';
import { commitCatalog, pinned, type Store } from './context.ts';
import type { NewImage, StoredLayer } from './internals.ts';

export type CommitOptions = {
  readonly withRoot?: boolean;
  /** What is written into the folder first. */
  readonly copy?: CopyPlan;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
};

/** The blob is a plain tar: no time goes into compressing what stays here, every tool reads it, one digest serves. */
export async function commitFolder(
  store: Store,
  folder: string,
  { withRoot = false, copy, onProgress, signal }: CommitOptions = {},
): Promise<StoredLayer> {
  const aside = store.blobs.newAside();
  const args = { folder, aside, withRoot, ...(copy === undefined ? {} : { copy }) };
  const onBytes = reporter(store, onProgress);
  const options = { onBytes, ...(signal === undefined ? {} : { signal }) };
  const { bytes: unpackedSize, ...made } = await store.threads.run('pack', args, options);
  const { digest, size } = await store.blobs.adopt(aside, made);
  await store.layers.adopt(folder, { diffId: digest, unpackedSize });
  store.options.failpoint('image.commit.adopted');
  return {
    diffId: digest,
    digest,
    size,
    mediaType: MEDIA.ociLayer,
    unpackedSize,
    folder: store.layers.folder(digest),
  };
}

/** Blobs first, then the names: whoever sees the name has the image. */
export async function writeImage(store: Store, image: NewImage): Promise<Digest> {
  const names = image.tags.map((tag) => fullName(parseReference(tag)));
  const document = documentOf(store, image);
  const layers = image.layers.map(({ mediaType, digest, size }): Descriptor => ({ mediaType, digest, size }));
  return pinned(
    store,
    layers.map((layer) => layer.digest),
    async () => {
      const record = await writeDocuments(store, document, layers);
      await store.locked(() => {
        const added = withImage(store.catalog, record);
        return commitCatalog(
          store,
          names.reduce((catalog, name) => withName(catalog, name, record.id), added),
        );
      });
      return record.id;
    },
  );
}

function documentOf(store: Store, image: NewImage): ImageDocument {
  const { architecture, os, variant, author, config, history } = image;
  return {
    created: image.created ?? new Date(store.options.clock.now()).toISOString(),
    ...(author === undefined ? {} : { author }),
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config,
    rootfs: { type: 'layers', diff_ids: image.layers.map((layer) => layer.diffId) },
    history,
  };
}

async function writeDocuments(
  store: Store,
  document: ImageDocument,
  layers: readonly Descriptor[],
): Promise<ImageRecord> {
  const config = await store.blobs.put(Buffer.from(JSON.stringify(document)));
  const manifest: Manifest = {
    mediaType: MEDIA.ociManifest,
    config: { mediaType: MEDIA.ociConfig, ...config },
    layers,
  };
  const data = Buffer.from(JSON.stringify({ schemaVersion: 2, ...manifest }));
  const descriptor: Descriptor = { mediaType: MEDIA.ociManifest, ...(await store.blobs.put(data)) };
  store.options.failpoint('image.manifest.written');
  return {
    id: config.digest,
    descriptor,
    manifest,
    document,
    size: unpackedSize(store, document),
    repoDigests: [],
  };
}

export const unpackedSize = (store: Store, document: ImageDocument): number =>
  document.rootfs.diff_ids.reduce((sum, diffId) => sum + (store.layers.get(diffId)?.unpackedSize ?? 0), 0);

/** The layers of an image, as the builder stacks them. */
export const storedLayers = (store: Store, image: ImageRecord): readonly StoredLayer[] =>
  image.manifest.layers.map((layer, at) => {
    const diffId = image.document.rootfs.diff_ids[at] as Digest;
    const { mediaType, digest, size } = layer;
    const unpacked = store.layers.get(diffId)?.unpackedSize ?? 0;
    return { diffId, digest, size, mediaType, unpackedSize: unpacked, folder: store.layers.folder(diffId) };
  });

/** Renamed first, so that it is gone at once and a crash leaves it to the next start. */
export async function discard(store: Store, path: string): Promise<void> {
  const target = join(store.paths.trash, randomBytes(8).toString('hex'));
  await rename(path, target).catch(() => undefined);
  await removeTree(target);
}

export function reporter(
  store: Store,
  onProgress: OnProgress | undefined,
  id?: string,
): (bytes: number) => void {
  let last = store.options.clock.monotonic();
  return (bytes) => {
    const now = store.options.clock.monotonic();
    if (onProgress === undefined || now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    onProgress({ ...(id === undefined ? {} : { id }), status: 'Packing', current: bytes });
  };
}
