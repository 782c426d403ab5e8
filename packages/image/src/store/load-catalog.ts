/** The table of images as it was left: what is damaged is put aside with a word, the rest is there. */
import { renameSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder, readJson, writeDurable } from '@orc/disk';
import { fail } from '@orc/model';
import { isErrno } from '../layer/syscalls.ts';
import { CONFIG_BYTES_MAX, INDEX_BYTES_MAX, MANIFEST_BYTES_MAX, QUARANTINE_NAMES_MAX } from '../limits.ts';
import {
  type Catalog,
  EMPTY_CATALOG,
  FULL_NAME,
  type ImageRecord,
  REPO_DIGESTS,
  RETIRED,
  withImage,
  withName,
} from '../plan/catalog.ts';
import type { Descriptor } from '../plan/documents.ts';
import { parseDescriptor, parseImageDocument, parseManifest } from '../plan/parse.ts';
import type { Blobs } from './blobs.ts';
import type { Store } from './context.ts';

export async function loadCatalog(store: Store): Promise<Catalog> {
  let rows: readonly unknown[];
  try {
    const value = (await readJson(store.paths.index, INDEX_BYTES_MAX)) as { manifests?: unknown } | undefined;
    rows = Array.isArray(value?.manifests) ? value.manifests : [];
    if (value === undefined) await writeDurable(store.paths.index, '{"schemaVersion":2,"manifests":[]}');
  } catch (error) {
    rows = [];
    await putIndexAside(store, error);
  }
  let catalog = EMPTY_CATALOG;
  for (const row of rows) catalog = await addRow(store, catalog, row);
  return catalog;
}

async function putIndexAside(store: Store, error: unknown): Promise<void> {
  makePrivateFolder(store.paths.quarantine);
  renameSync(store.paths.index, await placeAside(store, 'index'));
  const { emit } = store.options;
  emit('error', `the table of images is damaged and was put aside: ${(error as Error).message}`, {
    folder: store.paths.quarantine,
    hint: 'pull, load or build the images again; blobs and layers that come back are found on disk',
  });
}

/** A name of its own, taken: what was put aside before stays, also of the same millisecond. */
async function placeAside({ paths, options }: Store, what: 'index' | 'image'): Promise<string> {
  const now = options.clock.now();
  for (let more = 0; ; more += 1) {
    const path = join(paths.quarantine, `${what}-${now}${more === 0 ? '' : `-${more}`}.json`);
    try {
      await (await open(path, 'wx', 0o600)).close();
      return path;
    } catch (error) {
      if (!isErrno(error, 'EEXIST') || more >= QUARANTINE_NAMES_MAX) throw error;
    }
  }
}

async function addRow(store: Store, catalog: Catalog, row: unknown): Promise<Catalog> {
  try {
    const descriptor = parseDescriptor(row, 'an entry of index.json');
    const image = await readImage(
      store.blobs,
      descriptor,
      (diffId) => store.layers.get(diffId)?.unpackedSize ?? 0,
    );
    const name = descriptor.annotations?.[FULL_NAME];
    const added = withImage(catalog, image);
    return name === undefined ? added : withName(added, name, image.id);
  } catch (error) {
    await putRowAside(store, row, error);
    return catalog;
  }
}

async function putRowAside(store: Store, row: unknown, error: unknown): Promise<void> {
  makePrivateFolder(store.paths.quarantine);
  const name =
    (row as { annotations?: Record<string, string> } | null)?.annotations?.[FULL_NAME] ?? 'without a name';
  await writeFile(await placeAside(store, 'image'), JSON.stringify(row));
  store.options.emit('warn', `image ${name} is damaged and was put aside: ${(error as Error).message}`, {
    folder: store.paths.quarantine,
  });
}

/** Reads and checks manifest and config; the layers' blobs must be there with their sizes. */
export async function readImage(
  blobs: Blobs,
  descriptor: Descriptor,
  unpackedSizeOf: (diffId: ImageRecord['id']) => number,
): Promise<ImageRecord> {
  const parsed = parseManifest(await blobs.read(descriptor.digest, MANIFEST_BYTES_MAX), descriptor.mediaType);
  if (parsed.kind !== 'manifest') throw fail('image.invalid', `${descriptor.digest} is an index`);
  const { manifest } = parsed;
  const document = parseImageDocument(await blobs.read(manifest.config.digest, CONFIG_BYTES_MAX));
  checkLayers(blobs, manifest.layers, document.rootfs.diff_ids.length);
  const annotations = descriptor.annotations ?? {};
  const repoDigests = (annotations[REPO_DIGESTS] ?? '').split(' ').filter((each) => each !== '');
  return {
    id: manifest.config.digest,
    descriptor: { mediaType: manifest.mediaType, digest: descriptor.digest, size: descriptor.size },
    manifest,
    document,
    size: document.rootfs.diff_ids.reduce((sum, diffId) => sum + unpackedSizeOf(diffId), 0),
    repoDigests,
    ...(annotations[RETIRED] === 'true' ? { retired: true } : {}),
  };
}

function checkLayers(blobs: Blobs, layers: readonly Descriptor[], diffIds: number): void {
  if (layers.length !== diffIds) {
    throw fail('image.invalid', `manifest has ${layers.length} layers but the config has ${diffIds}`);
  }
  for (const layer of layers) {
    const size = blobs.sizeOf(layer.digest);
    if (size !== layer.size)
      throw fail('disk.damaged', `layer ${layer.digest} has ${size ?? 'no'} bytes on disk`);
  }
}
