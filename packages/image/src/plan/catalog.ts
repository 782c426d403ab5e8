/** The images of a store and their names, as data; every change is a new catalog. */
import { type Digest, fail, type ImageSummary, isDigest } from '@orc/model';
import type { Descriptor, ImageDocument, Manifest } from './documents.ts';
import { MEDIA } from './documents.ts';
import { familiarRepository, fullName, repositoryOf, tryParseReference } from './reference.ts';

export type ImageRecord = {
  /** Digest of the config blob. */
  readonly id: Digest;
  /** Of the manifest, without annotations. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly document: ImageDocument;
  /** Unpacked bytes of all layers. */
  readonly size: number;
  /** `docker.io/library/busybox@sha256:…`: where it was pulled from. */
  readonly repoDigests: readonly string[];
  /** Removed by force while in use: goes with its last lease. */
  readonly retired?: boolean;
};

/** `names`: full name (`docker.io/library/busybox:latest`) to image. */
export type Catalog = {
  readonly images: ReadonlyMap<Digest, ImageRecord>;
  readonly names: ReadonlyMap<string, Digest>;
};

export const EMPTY_CATALOG: Catalog = { images: new Map(), names: new Map() };

export const REF_NAME = 'org.opencontainers.image.ref.name';
export const FULL_NAME = 'io.containerd.image.name';
export const REPO_DIGESTS = 'io.orc.image.repo-digests';
export const RETIRED = 'io.orc.image.retired';

/** The same image again keeps its manifest, joins the digests, and is no longer retired. */
export function withImage(catalog: Catalog, image: ImageRecord): Catalog {
  const former = catalog.images.get(image.id);
  const repoDigests = [...new Set([...(former?.repoDigests ?? []), ...image.repoDigests])];
  const { id, descriptor, manifest, document, size } = former ?? image;
  const joined: ImageRecord = { id, descriptor, manifest, document, size: size || image.size, repoDigests };
  const record = image.retired === true ? { ...joined, retired: true } : joined;
  return { ...catalog, images: new Map(catalog.images).set(image.id, record) };
}

export const withName = (catalog: Catalog, name: string, id: Digest): Catalog => ({
  ...catalog,
  names: new Map(catalog.names).set(name, id),
});

export const withoutName = (catalog: Catalog, name: string): Catalog => ({
  ...catalog,
  names: new Map([...catalog.names].filter(([each]) => each !== name)),
});

export const withoutImage = (catalog: Catalog, id: Digest): Catalog => ({
  images: new Map([...catalog.images].filter(([each]) => each !== id)),
  names: new Map([...catalog.names].filter(([, each]) => each !== id)),
});

export function withRetired(catalog: Catalog, id: Digest): Catalog {
  const image = catalog.images.get(id);
  return image === undefined
    ? catalog
    : { ...catalog, images: new Map(catalog.images).set(id, { ...image, retired: true }) };
}

export const namesOf = (catalog: Catalog, id: Digest): readonly string[] =>
  [...catalog.names].flatMap(([name, each]) => (each === id ? [name] : [])).sort();

/** As docker shows it: `busybox:latest`. */
export const shownName = (name: string): string => familiarRepository(name);

export type Found = {
  readonly image: ImageRecord;
  /** The full name that it was found by, if it was. */
  readonly name?: string;
};

/** Name first, then digest, then id or prefix of one. Throws `id.ambiguous`; `undefined`: not here. */
export function findImage(catalog: Catalog, text: string): Found | undefined {
  return findByName(catalog, text) ?? findById(catalog, text);
}

function findByName(catalog: Catalog, text: string): Found | undefined {
  const reference = tryParseReference(text);
  if (reference === undefined) return undefined;
  if (reference.digest !== undefined)
    return findByDigest(catalog, `${repositoryOf(reference)}@${reference.digest}`);
  const name = fullName(reference);
  const id = catalog.names.get(name);
  const image = id === undefined ? undefined : catalog.images.get(id);
  return image === undefined ? undefined : { image, name };
}

function findByDigest(catalog: Catalog, repoDigest: string): Found | undefined {
  for (const image of catalog.images.values()) if (image.repoDigests.includes(repoDigest)) return { image };
  const [repository, digest] = repoDigest.split('@');
  const named = [...catalog.names].find(([name, id]) => {
    const image = catalog.images.get(id);
    return name.startsWith(`${repository}:`) && (image?.descriptor.digest === digest || id === digest);
  });
  const image = named === undefined ? undefined : catalog.images.get(named[1]);
  return image === undefined ? undefined : { image };
}

function findById(catalog: Catalog, text: string): Found | undefined {
  const hex = text.startsWith('sha256:') ? text.slice('sha256:'.length) : text;
  if (!/^[0-9a-f]{1,64}$/.test(hex)) return undefined;
  const whole = `sha256:${hex}`;
  const exact = isDigest(whole) ? catalog.images.get(whole) : undefined;
  if (exact !== undefined) return { image: exact };
  const matches = [...catalog.images.values()].filter((image) => image.id.startsWith(whole));
  if (matches.length > 1) {
    throw fail('id.ambiguous', `image id ${text} stands for ${matches.length} images`, {
      hint: 'write more digits',
    });
  }
  return matches[0] === undefined ? undefined : { image: matches[0] };
}

export const summaryOf = (catalog: Catalog, image: ImageRecord): ImageSummary => ({
  id: image.id,
  tags: namesOf(catalog, image.id).map(shownName),
  digests: image.repoDigests.map(shownName),
  createdAt: Date.parse(image.document.created ?? '') || 0,
  size: image.size,
  architecture: image.document.architecture,
  os: image.document.os,
});

/** `index.json`: a descriptor per name, and one for each image without a name. */
export function toIndex(catalog: Catalog): object {
  const rows = [...catalog.images.values()].flatMap((image) => {
    const names = namesOf(catalog, image.id);
    return names.length === 0
      ? [indexRow(image, {})]
      : names.map((name) => indexRow(image, nameAnnotations(name)));
  });
  return { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: rows };
}

const nameAnnotations = (name: string): Record<string, string> => ({
  [REF_NAME]: shownName(name),
  [FULL_NAME]: name,
});

function indexRow(image: ImageRecord, annotations: Record<string, string>): Descriptor {
  const digests = image.repoDigests.length === 0 ? {} : { [REPO_DIGESTS]: image.repoDigests.join(' ') };
  const retired = image.retired === true ? { [RETIRED]: 'true' } : {};
  const { os, architecture, variant } = image.document;
  return {
    ...image.descriptor,
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    annotations: { ...annotations, ...digests, ...retired },
  };
}

/** Every image's blobs: manifest, config, layers. */
export const blobsOf = (image: ImageRecord): readonly Digest[] => [
  image.descriptor.digest,
  image.manifest.config.digest,
  ...image.manifest.layers.map((layer) => layer.digest),
];
