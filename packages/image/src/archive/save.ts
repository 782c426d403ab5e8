/** docker save: an OCI layout with docker's documents beside it, in one tar. */
import type { Digest } from '@orc/model';
import { blobPath, type SavedImage, savedFiles } from '../plan/archive.ts';
import { blobsOf, namesOf } from '../plan/catalog.ts';
import { readFileChunks } from '../store/blobs.ts';
import { pinned, type Store } from '../store/context.ts';
import { foundImage } from '../store/names.ts';
import { encodeHeader, entryOf, padding, trailer } from '../tar/writer.ts';

/** By name: that name; by id: the image with no name. Throws `notfound.image` before the first byte. */
export async function* saveImages(store: Store, references: readonly string[]): AsyncGenerator<Uint8Array> {
  const images = savedImages(store, references);
  const digests = [...new Set(images.flatMap(({ image }) => blobsOf(image)))];
  const sizes = new Map(images.flatMap(({ image }) => sizesOf(image)));
  const release = hold(store, digests);
  try {
    for (const path of ['blobs/', 'blobs/sha256/']) yield encodeHeader(entryOf({ path, type: 'directory' }));
    for (const digest of digests) yield* blobMember(store, digest, sizes.get(digest) as number);
    for (const { path, text } of savedFiles(images)) {
      const data = Buffer.from(text);
      yield Buffer.concat([
        encodeHeader(entryOf({ path, type: 'file', size: data.length })),
        data,
        padding(data.length),
      ]);
    }
    yield trailer();
  } finally {
    release();
  }
}

function savedImages(store: Store, references: readonly string[]): readonly SavedImage[] {
  const byId = new Map<Digest, SavedImage>();
  for (const reference of references) {
    const { image, name } = foundImage(store, reference);
    const names = [...(byId.get(image.id)?.names ?? []), ...(name === undefined ? [] : [name])];
    const known = namesOf(store.catalog, image.id);
    byId.set(image.id, { image, names: [...new Set(names)].filter((each) => known.includes(each)) });
  }
  return [...byId.values()];
}

const sizesOf = (image: SavedImage['image']): readonly (readonly [Digest, number])[] =>
  [image.descriptor, image.manifest.config, ...image.manifest.layers].map(({ digest, size }) => [
    digest,
    size,
  ]);

/** Until the reader is done or has gone away. */
function hold(store: Store, digests: readonly Digest[]): () => void {
  let release = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    release = resolve;
  });
  void pinned(store, digests, () => done);
  return release;
}

async function* blobMember(store: Store, digest: Digest, size: number): AsyncGenerator<Uint8Array> {
  yield encodeHeader(entryOf({ path: blobPath(digest), type: 'file', size }));
  yield* readFileChunks(store.blobs.path(digest));
  yield padding(size);
}
