/** The build cache: what a step with this key made. Losing a record costs a rebuilt step, nothing else. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '@orc/disk';
import { type Digest, fail, isDigest } from '@orc/model';
import { CACHE_RECORD_BYTES_MAX, CACHE_RECORDS_MAX } from '../limits.ts';
import type { Store } from './context.ts';
import type { CacheRecord, StoredLayer } from './internals.ts';

type Stored = {
  readonly schema: 1;
  readonly value: unknown;
  readonly layers: readonly Omit<StoredLayer, 'folder'>[];
};

/** `undefined` also when one of its layers is gone. */
export async function cacheGet(store: Store, key: string): Promise<CacheRecord | undefined> {
  const path = fileOf(store, key);
  const record = await readRecord(path);
  if (record === undefined || !record.layers.every((layer) => isPresent(store, layer))) return undefined;
  const now = new Date(store.options.clock.now());
  await utimes(path, now, now).catch(() => undefined);
  const layers = record.layers.map((layer) => ({ ...layer, folder: store.layers.folder(layer.diffId) }));
  return { value: record.value, layers };
}

export async function cachePut(
  store: Store,
  key: string,
  value: unknown,
  layers: readonly StoredLayer[],
): Promise<void> {
  const stored: Stored = { schema: 1, value, layers: layers.map(packedOf) };
  const text = JSON.stringify(stored);
  if (text.length > CACHE_RECORD_BYTES_MAX)
    throw fail('input.toolarge', 'a record of the build cache is too large');
  replaceFile(fileOf(store, key), text);
  store.options.failpoint('image.cache.written');
}

/** Folders move with ORC_ROOT, so they stay out of records. */
const packedOf = ({
  diffId,
  digest,
  size,
  mediaType,
  unpackedSize,
}: StoredLayer): Omit<StoredLayer, 'folder'> => ({
  diffId,
  digest,
  size,
  mediaType,
  unpackedSize,
});

/** Blobs and layers that the youngest records keep; older records go. */
export async function cachedLayers(store: Store): Promise<readonly Digest[]> {
  const kept = await youngest(store);
  const records = await Promise.all(kept.map((path) => readRecord(path)));
  return records.flatMap((record) => (record?.layers ?? []).flatMap((layer) => [layer.diffId, layer.digest]));
}

async function youngest(store: Store): Promise<readonly string[]> {
  const folder = store.paths.buildCache;
  const names = await readdir(folder);
  const rows = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), age: await ageOf(join(folder, name)) })),
  );
  rows.sort((a, b) => b.age - a.age);
  await Promise.all(rows.slice(CACHE_RECORDS_MAX).map(({ path }) => rm(path, { force: true })));
  return rows.slice(0, CACHE_RECORDS_MAX).map(({ path }) => path);
}

const ageOf = async (path: string): Promise<number> =>
  (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;

const fileOf = (store: Store, key: string): string =>
  join(store.paths.buildCache, `${createHash('sha256').update(key).digest('hex')}.json`);

const isPresent = (store: Store, layer: Omit<StoredLayer, 'folder'>): boolean =>
  store.layers.get(layer.diffId) !== undefined && store.blobs.has(layer.digest);

async function readRecord(path: string): Promise<Stored | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Stored;
    const valid =
      value.schema === 1 && value.layers.every((layer) => isDigest(layer.diffId) && isDigest(layer.digest));
    return valid ? value : undefined;
  } catch {
    return undefined;
  }
}
