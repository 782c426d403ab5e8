/** docker save archives and OCI layouts in one tar: what their documents say, and what ours say. Pure. */
import { type Digest, fail, isDigest } from '@orc/model';
import { ARCHIVE_ENTRIES_MAX } from '../limits.ts';
import { FULL_NAME, type ImageRecord, REF_NAME, shownName } from './catalog.ts';
import { type Descriptor, MEDIA } from './documents.ts';
import { parseDescriptor, parseObject } from './parse.ts';
import { fullName, parseReference, tryParseReference } from './reference.ts';

/** One row of `manifest.json`. */
export type DockerRow = {
  readonly config: string;
  readonly layers: readonly string[];
  /** Full names. */
  readonly names: readonly string[];
};

export function parseDockerManifest(data: Uint8Array): readonly DockerRow[] {
  const rows = (
    parseObject(Buffer.concat([Buffer.from('{"rows":'), data, Buffer.from('}')]), 'manifest.json') as {
      rows: unknown;
    }
  ).rows;
  if (!Array.isArray(rows) || rows.length > ARCHIVE_ENTRIES_MAX)
    throw fail('image.invalid', 'manifest.json is not a list');
  return rows.map((row) => parseDockerRow(row));
}

function parseDockerRow(row: unknown): DockerRow {
  const { Config, Layers, RepoTags } = (row ?? {}) as {
    Config?: unknown;
    Layers?: unknown;
    RepoTags?: unknown;
  };
  if (typeof Config !== 'string' || !isTexts(Layers)) {
    throw fail('image.invalid', 'manifest.json has an image without "Config" or "Layers"');
  }
  const names = isTexts(RepoTags) ? RepoTags.map((tag) => fullName(parseReference(tag))) : [];
  return { config: Config, layers: Layers, names };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

export type OciRow = { readonly descriptor: Descriptor; readonly name?: string };

/** Manifests named by an OCI layout's `index.json`. */
export function parseOciIndex(data: Uint8Array): readonly OciRow[] {
  const { manifests } = parseObject(data, 'index.json');
  if (!Array.isArray(manifests)) throw fail('image.invalid', 'index.json has no "manifests"');
  return manifests.map((each) => {
    const descriptor = parseDescriptor(each, 'an entry of index.json');
    const name = nameOf(descriptor.annotations ?? {});
    return name === undefined ? { descriptor } : { descriptor, name };
  });
}

/** `ref.name` is a whole name for some tools and only the tag for others. */
function nameOf(annotations: Readonly<Record<string, string>>): string | undefined {
  const text = annotations[FULL_NAME] ?? annotations[REF_NAME];
  if (text === undefined || !/[/:]/.test(text)) return undefined;
  const reference = tryParseReference(text);
  return reference?.tag === undefined ? undefined : fullName(reference);
}

/** `blobs/sha256/HEX` or `HEX.json`: the digest that a path promises. */
export function promisedDigest(path: string): Digest | undefined {
  const hex = /^(?:\.\/)?(?:blobs\/sha256\/([0-9a-f]{64})|([0-9a-f]{64})\.json)$/.exec(path);
  const digest = hex === null ? undefined : `sha256:${hex[1] ?? hex[2]}`;
  return digest !== undefined && isDigest(digest) ? digest : undefined;
}

export type SavedImage = { readonly image: ImageRecord; readonly names: readonly string[] };
export type SavedFile = { readonly path: string; readonly text: string };

export const blobPath = (digest: Digest): string => `blobs/sha256/${digest.slice('sha256:'.length)}`;

/** The documents beside the blobs: OCI's for skopeo and newer engines, docker's for all others. */
export function savedFiles(images: readonly SavedImage[]): readonly SavedFile[] {
  return [
    { path: 'oci-layout', text: '{"imageLayoutVersion":"1.0.0"}' },
    { path: 'index.json', text: JSON.stringify(ociIndex(images)) },
    { path: 'manifest.json', text: JSON.stringify(images.map(dockerRow)) },
    { path: 'repositories', text: JSON.stringify(repositories(images)) },
  ];
}

function ociIndex(images: readonly SavedImage[]): object {
  const manifests = images.flatMap(({ image, names }) =>
    names.length === 0
      ? [image.descriptor]
      : names.map((name) => ({
          ...image.descriptor,
          annotations: { [FULL_NAME]: name, [REF_NAME]: shownName(name) },
        })),
  );
  return { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests };
}

const dockerRow = ({ image, names }: SavedImage): object => ({
  Config: blobPath(image.manifest.config.digest),
  RepoTags: names.length === 0 ? null : names.map(shownName),
  Layers: image.manifest.layers.map((layer) => blobPath(layer.digest)),
});

function repositories(images: readonly SavedImage[]): Record<string, Record<string, string>> {
  const table: Record<string, Record<string, string>> = {};
  for (const { image, names } of images) {
    const top = image.manifest.layers.at(-1)?.digest ?? image.id;
    for (const name of names) {
      const reference = parseReference(name);
      const repository = shownName(`${reference.domain}/${reference.path}`);
      table[repository] = { ...table[repository], [reference.tag ?? 'latest']: top.slice('sha256:'.length) };
    }
  }
  return table;
}
