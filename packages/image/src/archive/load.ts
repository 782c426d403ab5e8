/** docker load: an OCI layout when the archive is one, else docker's `manifest.json`. */
import { type Digest, fail } from '@orc/model';
import type { Source } from '../layer/compression.ts';
import { ARCHIVE_JSON_BYTES_MAX, CONFIG_BYTES_MAX, INDEX_DEPTH_MAX, MANIFEST_BYTES_MAX } from '../limits.ts';
import { type DockerRow, type OciRow, parseDockerManifest, parseOciIndex } from '../plan/archive.ts';
import { type ImageRecord, shownName, withImage, withName } from '../plan/catalog.ts';
import { type Descriptor, INDEX_TYPES, type Manifest, MANIFEST_TYPES, MEDIA } from '../plan/documents.ts';
import { parseImageDocument, parseManifest } from '../plan/parse.ts';
import { commitCatalog, pinned, type Store } from '../store/context.ts';
import { readImage } from '../store/load-catalog.ts';
import { readFileChunks } from '../store/blobs.ts';
import { ensureReady, ingestPlain } from '../store/unpack.ts';
import { discard } from '../store/write.ts';
import { unpackedSize } from '../store/write.ts';
import type { OnProgress } from '../types.ts';
import { ingestMembers, type Member, type Members } from './ingest.ts';

type Loaded = { readonly image: ImageRecord; readonly names: readonly string[] };

export async function loadArchive(
  store: Store,
  source: Source,
  onProgress: OnProgress,
): Promise<readonly string[]> {
  const present = new Set(await store.blobs.list());
  const members = await ingestMembers(store, source);
  return pinned(store, members.digests, async () => {
    try {
      const loaded = await imagesIn(store, members);
      for (const { image } of loaded) {
        onProgress({ id: image.id.slice(7, 19), status: 'Loading layers' });
        await ensureReady(store, image);
      }
      await addImages(store, loaded);
      return loaded.flatMap(({ image, names }) => (names.length === 0 ? [image.id] : names.map(shownName)));
    } finally {
      await dropUnused(store, members, present);
    }
  });
}

async function imagesIn(store: Store, members: Members): Promise<readonly Loaded[]> {
  const index = members.find('index.json');
  const docker = members.find('manifest.json');
  const dockerRows = docker === undefined ? [] : parseDockerManifest(await readSmall(store, docker));
  const rows = index === undefined ? [] : parseOciIndex(await readSmall(store, index));
  const found = rows.length === 0 ? [] : await ociImages(store, rows, dockerRows);
  if (found.length > 0) return found;
  if (dockerRows.length > 0) return Promise.all(dockerRows.map((row) => dockerImage(store, members, row)));
  throw fail('image.invalid', 'the archive has no image: neither index.json nor manifest.json', {
    hint: 'docker save, skopeo and orc image save write such archives; a root file system is for orc image import',
  });
}

const readSmall = (store: Store, member: Member): Promise<Buffer> =>
  store.blobs.read(member.digest, ARCHIVE_JSON_BYTES_MAX);

/** Only images whose blobs are all here: an index of many platforms is often saved with one of them. */
async function ociImages(
  store: Store,
  rows: readonly OciRow[],
  docker: readonly DockerRow[],
): Promise<readonly Loaded[]> {
  const found = new Map<Digest, Loaded>();
  for (const row of rows) {
    for (const descriptor of await manifestsBelow(store, row.descriptor, 0)) {
      const image = await readImage(store.blobs, descriptor, () => 0);
      const fromDocker = docker.filter((each) => each.config.includes(image.id.slice('sha256:'.length)));
      const names = [
        ...(found.get(image.id)?.names ?? []),
        ...(row.name === undefined ? [] : [row.name]),
        ...fromDocker.flatMap((each) => each.names),
      ];
      found.set(image.id, { image, names: [...new Set(names)] });
    }
  }
  return [...found.values()];
}

async function manifestsBelow(
  store: Store,
  descriptor: Descriptor,
  depth: number,
): Promise<readonly Descriptor[]> {
  const { mediaType, digest } = descriptor;
  if (!store.blobs.has(digest)) return [];
  if (depth > INDEX_DEPTH_MAX)
    throw fail('image.invalid', `indexes are nested more than ${INDEX_DEPTH_MAX} deep`);
  const known = INDEX_TYPES.includes(mediaType) || MANIFEST_TYPES.includes(mediaType);
  const parsed = parseManifest(
    await store.blobs.read(digest, MANIFEST_BYTES_MAX),
    known ? mediaType : undefined,
  );
  if (parsed.kind === 'manifest') return isRunnable(store, parsed.manifest) ? [descriptor] : [];
  const below: Descriptor[] = [];
  for (const each of parsed.index.manifests) below.push(...(await manifestsBelow(store, each, depth + 1)));
  return below;
}

const isRunnable = (store: Store, manifest: Manifest): boolean =>
  [MEDIA.ociConfig, MEDIA.dockerConfig].includes(manifest.config.mediaType as typeof MEDIA.ociConfig) &&
  [manifest.config, ...manifest.layers].every((each) => store.blobs.has(each.digest));

const LAYER_MEDIA: Readonly<Record<string, string>> = {
  none: MEDIA.ociLayer,
  gzip: MEDIA.ociLayerGzip,
  zstd: MEDIA.ociLayerZstd,
};

/** Docker's archives have no manifest with digests: this writes one. */
async function dockerImage(store: Store, members: Members, row: DockerRow): Promise<Loaded> {
  const config = memberOf(members, row.config);
  parseImageDocument(await store.blobs.read(config.digest, CONFIG_BYTES_MAX));
  const layers: Descriptor[] = [];
  for (const path of row.layers) layers.push(await layerOf(store, members, path));
  const manifest = {
    mediaType: MEDIA.ociManifest,
    config: { mediaType: MEDIA.ociConfig, digest: config.digest, size: config.size },
    layers,
  };
  const written = await store.blobs.put(Buffer.from(JSON.stringify({ schemaVersion: 2, ...manifest })));
  members.digests.push(written.digest);
  const image = await readImage(store.blobs, { mediaType: MEDIA.ociManifest, ...written }, () => 0);
  return { image, names: row.names };
}

/** Manifests have no name for other compressions: such a layer is stored as the plain tar that it is. */
async function layerOf(store: Store, members: Members, path: string): Promise<Descriptor> {
  const { digest, size, compression } = memberOf(members, path);
  const mediaType = LAYER_MEDIA[compression];
  if (mediaType !== undefined) return { mediaType, digest, size };
  const plain = await ingestPlain(store, readFileChunks(store.blobs.path(digest)));
  members.digests.push(plain.digest);
  return { mediaType: MEDIA.ociLayer, ...plain };
}

function memberOf(members: Members, path: string): Member {
  const member = members.find(path);
  if (member === undefined)
    throw fail('image.invalid', `manifest.json names ${path}, which is not in the archive`);
  return member;
}

const addImages = (store: Store, loaded: readonly Loaded[]): Promise<void> =>
  store.locked(() => {
    const next = loaded.reduce((catalog, { image, names }) => {
      const added = withImage(catalog, { ...image, size: unpackedSize(store, image.document) });
      return names.reduce((each, name) => withName(each, name, image.id), added);
    }, store.catalog);
    return commitCatalog(store, next);
  });

/** Files of the archive that were no blobs of an image, and everything when it was refused. */
async function dropUnused(store: Store, members: Members, present: ReadonlySet<Digest>): Promise<void> {
  const used = new Set(
    [...store.catalog.images.values()].flatMap((image) => [
      image.descriptor.digest,
      image.manifest.config.digest,
      ...image.manifest.layers.map((layer) => layer.digest),
    ]),
  );
  for (const digest of new Set(members.digests)) {
    if (!used.has(digest) && !present.has(digest) && (store.pins.get(digest) ?? 0) <= 1)
      await discard(store, store.blobs.path(digest));
  }
}
