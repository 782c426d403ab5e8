/** Opening is recovering: half-written files go, damaged images are put aside with a word, the rest is loaded. */
import { closeSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, type Emit, fail, turns } from '@orc/model';
import { openContexts } from '../context/contexts.ts';
import { tryLock } from '../layer/syscalls.ts';
import { CONFIG_BYTES_MAX, INDEX_BYTES_MAX, MANIFEST_BYTES_MAX, UNPACKS_AT_ONCE } from '../limits.ts';
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
import { openThreads } from '../thread/threads.ts';
import type { ImageStoreOptions } from '../types.ts';
import { type Blobs, openBlobs } from './blobs.ts';
import type { Store } from './context.ts';
import { makePrivateFolder, readJson, removeTree, writeDurable } from './durable.ts';
import { openLayers } from './layers.ts';
import { openLeases } from './leases.ts';
import { type StorePaths, storePaths } from './paths.ts';
import { serial, shared } from './queue.ts';
import { openUses } from './uses.ts';

export type OpenStore = { readonly store: Store; readonly close: () => Promise<void> };

/** `close` waits for what is under way and gives the store's lock back. Throws `conflict.state` when another process has it open. */
export async function startStore(options: ImageStoreOptions): Promise<OpenStore> {
  const paths = storePaths(options.root);
  for (const path of [
    paths.blobs,
    paths.ingest,
    paths.layers,
    paths.trash,
    paths.buildCache,
    paths.packageCache,
  ]) {
    makePrivateFolder(path);
  }
  const unlock = takeLock(paths);
  try {
    await writeDurable(paths.layoutFile, '{"imageLayoutVersion":"1.0.0"}');
    clearFolder(paths.ingest);
    clearFolder(join(paths.layers, 'new'));
    const { failpoint, emit } = options;
    const fresh = new Map<Digest, number>();
    const onNew = (digest: Digest): unknown => fresh.set(digest, options.clock.monotonic());
    const threads = openThreads();
    const uses = openUses();
    const store: Store = {
      options,
      paths,
      blobs: openBlobs(paths, failpoint, onNew),
      layers: openLayers(paths, failpoint, onNew),
      leases: await openLeases(paths, failpoint, emit),
      locked: serial(),
      threads,
      uses,
      contexts: openContexts(paths.contexts, { threads, uses, clock: options.clock }),
      unpacking: turns(UNPACKS_AT_ONCE),
      unpacks: shared<void>(),
      pins: new Map(),
      fresh,
      catalog: EMPTY_CATALOG,
      resolved: new Map(),
    };
    store.catalog = await loadCatalog(store);
    emptyTrash(paths, emit);
    return { store, close: once(() => closeStore(store, unlock)) };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** A second time a descriptor's number would be another's. */
function once(job: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= job());
}

async function closeStore(store: Store, unlock: () => void): Promise<void> {
  await store.threads.close();
  await store.layers.settle();
  await store.leases.close();
  unlock();
}

function takeLock(paths: StorePaths): () => void {
  const fd = openSync(paths.lock, 'a', 0o600);
  if (tryLock(fd)) return () => closeSync(fd);
  closeSync(fd);
  throw fail('conflict.state', `the image store ${paths.images} is in use by another process`, {
    hint: 'one daemon per ORC_ROOT',
  });
}

function clearFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
  makePrivateFolder(path);
}

/** In the background: a large folder takes a while, and nothing waits for it. */
function emptyTrash(paths: StorePaths, emit: Emit): void {
  for (const name of readdirSync(paths.trash)) {
    removeTree(join(paths.trash, name)).catch((error: unknown) =>
      emit('warn', 'something in the trash cannot be removed', { name, error: String(error) }),
    );
  }
}

async function loadCatalog(store: Store): Promise<Catalog> {
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
  renameSync(store.paths.index, join(store.paths.quarantine, 'index.json'));
  const { emit } = store.options;
  emit('error', `the table of images is damaged and was put aside: ${(error as Error).message}`, {
    folder: store.paths.quarantine,
    hint: 'pull, load or build the images again; blobs and layers that come back are found on disk',
  });
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
  await writeFile(join(store.paths.quarantine, `image-${Date.now()}.json`), JSON.stringify(row), {
    mode: 0o600,
  });
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
