/** Opening is recovering: half-written files go, damaged images are put aside with a word, the rest is loaded. */
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder, removeTree, tryLock, writeDurable } from '@orc/disk';
import { type Digest, type Emit, fail, turns } from '@orc/model';
import { openContexts } from '../context/contexts.ts';
import { UNPACKS_AT_ONCE } from '../limits.ts';
import { EMPTY_CATALOG } from '../plan/catalog.ts';
import { openThreads } from '../thread/threads.ts';
import type { ImageStoreOptions } from '../types.ts';
import { openBlobs } from './blobs.ts';
import type { Store } from './context.ts';
import { openLayers } from './layers.ts';
import { loadCatalog } from './load-catalog.ts';
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
