/** DECISIONS 13: under the store's lock mark what is named, move the rest to the trash, delete it. */
import { randomBytes } from 'node:crypto';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '@orc/disk';
import type { Digest } from '@orc/model';
import { FRESH_MS } from '../limits.ts';
import { type Catalog, withoutImage } from '../plan/catalog.ts';
import { isErrno } from '../layer/syscalls.ts';
import { cachedLayers } from './cache.ts';
import { collectFolders } from './collect-folders.ts';
import { commitCatalog, everyBlobOf, type Store } from './context.ts';

export type Collected = { readonly deleted: readonly string[]; readonly bytes: number };

/** `known` absent: leases stay. */
export function collectGarbage(store: Store, known?: ReadonlySet<string>): Promise<Collected> {
  return store.locked(async () => {
    if (known !== undefined) await dropLeases(store, known);
    await commitCatalog(store, withoutRetired(store));
    const marked = await mark(store);
    const trash: string[] = [];
    const deleted: string[] = [];
    let bytes = 0;
    for (const { diffId, unpackedSize } of store.layers.list()) {
      if (marked.has(diffId)) continue;
      trash.push(randomBytes(8).toString('hex'));
      await store.layers.retire(diffId, trash.at(-1) as string);
      bytes += unpackedSize;
      deleted.push(diffId);
    }
    for (const digest of await store.blobs.list()) {
      if (marked.has(digest)) continue;
      trash.push(randomBytes(8).toString('hex'));
      bytes += await trashBlob(store, digest, trash.at(-1) as string);
      if (!deleted.includes(digest)) deleted.push(digest);
    }
    store.options.failpoint('image.collect.trashed');
    await Promise.all(trash.map((name) => removeTree(join(store.paths.trash, name))));
    return { deleted, bytes: bytes + (await collectFolders(store)) };
  });
}

async function dropLeases(store: Store, known: ReadonlySet<string>): Promise<void> {
  for (const holder of store.leases.all().keys()) if (!known.has(holder)) await store.leases.release(holder);
}

function withoutRetired(store: Store): Catalog {
  const gone = [...store.catalog.images.values()].filter(
    (image) => image.retired === true && store.leases.holdsImage(image.id) === undefined,
  );
  return gone.reduce((catalog, image) => withoutImage(catalog, image.id), store.catalog);
}

async function mark(store: Store): Promise<ReadonlySet<Digest>> {
  const marked = new Set<Digest>([...store.pins.keys(), ...freshOnes(store)]);
  for (const image of store.catalog.images.values())
    for (const digest of everyBlobOf(image)) marked.add(digest);
  for (const lease of store.leases.all().values()) for (const diffId of lease.layers) marked.add(diffId);
  for (const digest of await cachedLayers(store)) marked.add(digest);
  return marked;
}

function freshOnes(store: Store): readonly Digest[] {
  const oldest = store.options.clock.monotonic() - FRESH_MS;
  for (const [digest, at] of store.fresh) if (at < oldest) store.fresh.delete(digest);
  return [...store.fresh.keys()];
}

async function trashBlob(store: Store, digest: Digest, name: string): Promise<number> {
  const path = store.blobs.path(digest);
  try {
    const { size } = await stat(path);
    await rename(path, join(store.paths.trash, name));
    return size;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 0;
    throw error;
  }
}
