/** Where everything of this package lies below ORC_ROOT; docs/files.md has a row for each. */
import { join } from 'node:path';
import { type Digest, isDigest } from '@orc/model';
import { assert } from '@orc/model';

export type StorePaths = {
  readonly images: string;
  readonly layoutFile: string;
  readonly index: string;
  readonly blobs: string;
  /** Blobs that are being written. */
  readonly ingest: string;
  readonly quarantine: string;
  readonly lock: string;
  readonly layers: string;
  /** Layers that are being made, and work folders of builds. */
  readonly work: string;
  readonly leases: string;
  /** Of this package alone: others of the root have theirs beside it. */
  readonly trash: string;
  readonly buildCache: string;
  /** Folders of `RUN --mount=type=cache`. */
  readonly mountCache: string;
  /** Build contexts that clients sent. */
  readonly contexts: string;
  /** Packages that debootstrap fetched. */
  readonly packageCache: string;
  blob(digest: Digest): string;
  layer(diffId: Digest): string;
  layerRecord(diffId: Digest): string;
};

export function storePaths(root: string): StorePaths {
  const images = join(root, 'images');
  const layers = join(root, 'layers');
  const blobs = join(images, 'blobs', 'sha256');
  return {
    images,
    layoutFile: join(images, 'oci-layout'),
    index: join(images, 'index.json'),
    blobs,
    ingest: join(images, 'ingest'),
    quarantine: join(images, 'quarantine'),
    lock: join(images, 'lock'),
    layers,
    work: join(layers, 'new'),
    leases: join(root, 'leases'),
    trash: join(root, 'trash', 'image'),
    buildCache: join(root, 'cache', 'build'),
    mountCache: join(root, 'cache', 'mounts'),
    contexts: join(root, 'contexts'),
    packageCache: join(root, 'cache', 'packages'),
    blob: (digest) => join(blobs, hexOf(digest)),
    layer: (diffId) => join(layers, hexOf(diffId)),
    layerRecord: (diffId) => join(layers, `${hexOf(diffId)}.json`),
  };
}

/** No digest gets into a path unchecked. */
export function hexOf(digest: Digest): string {
  assert(isDigest(digest), `digest ${JSON.stringify(digest)}`);
  return digest.slice('sha256:'.length);
}
