/** docker pull. */
import { type Digest, fail, OrcError, type ResolvedImage } from '@orc/model';
import { CONFIG_BYTES_MAX, INDEX_DEPTH_MAX } from '../limits.ts';
import { type ImageRecord, withImage, withName } from '../plan/catalog.ts';
import {
  type Descriptor,
  type ImageDocument,
  type Manifest,
  MEDIA,
  type Platform,
} from '../plan/documents.ts';
import { parseImageDocument, parseManifest } from '../plan/parse.ts';
import {
  choosePlatform,
  formatPlatform,
  hostPlatform,
  matchesPlatform,
  parsePlatform,
} from '../plan/platform.ts';
import { familiarName, fullName, parseReference, type Reference, repositoryOf } from '../plan/reference.ts';
import { checkBlob } from '../store/blobs.ts';
import { commitCatalog, lookUp, pinned, resolvedOf, type Store } from '../store/context.ts';
import type { Serial } from '../store/queue.ts';
import { ingestLayer, unpackLayer } from '../store/unpack.ts';
import { unpackedSize } from '../store/write.ts';
import type { Auth, OnProgress } from '../types.ts';
import { type FetchedManifest, openRegistry, type Registry } from './client.ts';
import { downloadBlob, downloaded } from './download.ts';

export type PullRequest = {
  readonly platform?: string;
  readonly auth?: Auth;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
};
export type Downloads = {
  readonly limit: Serial;
  /** Pulls of one blob at the same time share one download. */
  readonly share: (key: string, job: () => Promise<void>) => Promise<void>;
};

type Pulling = {
  readonly store: Store;
  readonly downloads: Downloads;
  readonly registry: Registry;
  readonly request: PullRequest;
};
type Chosen = FetchedManifest & { readonly manifest: Manifest };

export async function pullImage(
  store: Store,
  downloads: Downloads,
  text: string,
  request: PullRequest,
): Promise<ResolvedImage> {
  const reference = parseReference(text);
  const { domain, path } = reference;
  const wanted =
    request.platform === undefined ? hostPlatform(process.arch) : parsePlatform(request.platform);
  const { auth, signal } = request;
  const registry = await openRegistry({
    domain,
    path,
    ...(auth === undefined ? {} : { auth }),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    return await pullFrom({ store, downloads, registry, request }, reference, wanted);
  } catch (error) {
    throw translated(reference, error, signal);
  } finally {
    await registry.close();
  }
}

async function pullFrom(pulling: Pulling, reference: Reference, wanted: Platform): Promise<ResolvedImage> {
  const { store, request } = pulling;
  const tagOrDigest = reference.digest ?? (reference.tag as string);
  request.onProgress({ id: tagOrDigest, status: `Pulling from ${reference.path}` });
  const top = await pulling.registry.manifest(tagOrDigest);
  const chosen = await chooseManifest(pulling, top, wanted, 0);
  const { manifest } = chosen;
  const blobs = [manifest.config, ...manifest.layers].map((each) => each.digest);
  return pinned(store, [chosen.digest, ...blobs], async () => {
    const document = await fetchConfig(pulling, manifest, wanted);
    return pinned(store, document.rootfs.diff_ids, async () => {
      await fetchLayers(pulling, manifest, document);
      const record = await recordOf(pulling, reference, chosen, document, top.digest);
      const former = lookUp(store, fullName(reference));
      await nameIt(store, reference, record);
      request.onProgress({ status: `Digest: ${top.digest}` });
      request.onProgress({ status: statusLine(reference, former?.id === record.id) });
      return resolvedOf(store, record);
    });
  });
}

async function chooseManifest(
  pulling: Pulling,
  fetched: FetchedManifest,
  wanted: Platform,
  depth: number,
): Promise<Chosen> {
  const parsed = parseManifest(fetched.data, fetched.mediaType);
  if (parsed.kind === 'manifest') return { ...fetched, manifest: parsed.manifest };
  if (depth >= INDEX_DEPTH_MAX)
    throw fail('image.invalid', `indexes are nested more than ${INDEX_DEPTH_MAX} deep`);
  const row = choosePlatform(wanted, parsed.index.manifests);
  if (row === undefined)
    throw noPlatform(
      wanted,
      parsed.index.manifests.flatMap((each) => each.platform ?? []),
    );
  const next = await pulling.registry.manifest(row.digest);
  if (next.data.length !== row.size) {
    throw fail(
      'image.invalid',
      `manifest ${row.digest} has ${next.data.length} bytes instead of ${row.size}`,
    );
  }
  return chooseManifest(pulling, { ...next, mediaType: next.mediaType ?? row.mediaType }, wanted, depth + 1);
}

const noPlatform = (wanted: Platform, there: readonly Platform[]): OrcError =>
  fail('image.platform', `the image has no variant for ${formatPlatform(wanted)}`, {
    hint: `it has ${[...new Set(there.map(formatPlatform))].join(', ') || 'none with a platform'}; choose with --platform`,
  });

async function fetchConfig(pulling: Pulling, manifest: Manifest, wanted: Platform): Promise<ImageDocument> {
  const { config } = manifest;
  if (config.mediaType !== MEDIA.ociConfig && config.mediaType !== MEDIA.dockerConfig) {
    throw fail('image.invalid', `${config.mediaType} is an artifact, not an image that can run`);
  }
  if (config.size > CONFIG_BYTES_MAX)
    throw fail('image.invalid', `image config of ${config.size} bytes is too large`);
  await fetchBlob(pulling, config, () => undefined);
  const document = parseImageDocument(await pulling.store.blobs.read(config.digest, CONFIG_BYTES_MAX));
  if (document.rootfs.diff_ids.length !== manifest.layers.length) {
    throw fail(
      'image.invalid',
      `manifest has ${manifest.layers.length} layers but the config has ${document.rootfs.diff_ids.length}`,
    );
  }
  if (document.architecture !== '' && !matchesPlatform(wanted, document))
    throw noPlatform(wanted, [document]);
  return document;
}

/**
 * A blob that is here is believed only with its size; its content is checked when it is unpacked. `diffId`: of a layer,
 * which is unpacked while it comes.
 */
async function fetchBlob(
  pulling: Pulling,
  blob: Descriptor,
  onBytes: (bytes: number) => void,
  diffId?: Digest,
): Promise<void> {
  const { store, downloads, registry, request } = pulling;
  const size = store.blobs.sizeOf(blob.digest);
  if (size !== undefined) return checkBlob({ digest: blob.digest, size }, blob);
  const { signal } = request;
  const job = (): Promise<void> =>
    downloads.limit(async () => {
      if (store.blobs.has(blob.digest)) return;
      const options = { onBytes, ...(signal === undefined ? {} : { signal }) };
      if (diffId === undefined || store.layers.get(diffId) !== undefined)
        await downloadBlob(store, registry, blob, options);
      else await ingestLayer(store, downloaded(store, registry, blob, options), blob, diffId, options);
    });
  try {
    await downloads.share(blob.digest, job);
  } catch (error) {
    const isOthers =
      error instanceof OrcError && error.problem.code === 'canceled' && signal?.aborted !== true;
    if (!isOthers) throw error;
    await downloads.share(blob.digest, job);
  }
  return checkBlob({ digest: blob.digest, size: store.blobs.sizeOf(blob.digest) ?? -1 }, blob);
}

/** All end before a failure is told: nobody writes behind the caller's back. */
async function fetchLayers(pulling: Pulling, manifest: Manifest, document: ImageDocument): Promise<void> {
  const jobs = manifest.layers.map((layer, at) =>
    fetchLayer(pulling, layer, document.rootfs.diff_ids[at] as Digest),
  );
  const ends = await Promise.allSettled(jobs);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function fetchLayer({ request, ...rest }: Pulling, layer: Descriptor, diffId: Digest): Promise<void> {
  const { store } = rest;
  const id = layer.digest.slice('sha256:'.length, 'sha256:'.length + 12);
  const say = (status: string, current?: number): void =>
    void request.onProgress({ id, status, ...(current === undefined ? {} : { current, total: layer.size }) });
  const isHere = store.layers.get(diffId) !== undefined && store.blobs.sizeOf(layer.digest) === layer.size;
  if (isHere) return say('Already exists');
  say('Pulling fs layer');
  await fetchBlob({ request, ...rest }, layer, (bytes) => say('Downloading', bytes), diffId);
  say('Download complete');
  const { signal, onProgress } = request;
  await unpackLayer(store, layer, diffId, { id, onProgress, ...(signal === undefined ? {} : { signal }) });
  return say('Pull complete');
}

async function recordOf(
  { store }: Pulling,
  reference: Reference,
  chosen: Chosen,
  document: ImageDocument,
  topDigest: Digest,
): Promise<ImageRecord> {
  const written = await store.blobs.put(chosen.data, { digest: chosen.digest, size: chosen.data.length });
  return {
    id: chosen.manifest.config.digest,
    descriptor: { mediaType: chosen.manifest.mediaType, ...written },
    manifest: chosen.manifest,
    document,
    size: unpackedSize(store, document),
    repoDigests: [`${repositoryOf(reference)}@${topDigest}`],
  };
}

const nameIt = (store: Store, reference: Reference, record: ImageRecord): Promise<void> =>
  store.locked(() => {
    const added = withImage(store.catalog, record);
    const byTag = reference.digest === undefined;
    return commitCatalog(store, byTag ? withName(added, fullName(reference), record.id) : added);
  });

const statusLine = (reference: Reference, same: boolean): string =>
  `Status: ${same ? 'Image is up to date' : 'Downloaded newer image'} for ${familiarName(reference)}`;

export function translated(reference: Reference, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true)
    return fail('canceled', `the pull of ${familiarName(reference)} was canceled`);
  if (error instanceof OrcError) return error;
  const cause = (error as { cause?: unknown }).cause;
  if (cause instanceof OrcError) return cause;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (
    !/^(UND_|ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE|ERR_TLS|CERT_|DEPTH_|SELF_|UNABLE_)/.test(code)
  )
    return error;
  return fail('image.pull', `registry ${reference.domain} cannot be reached: ${message || code}`, {
    hint: 'check the network and the name; `orc image load` and `orc image bootstrap` need no registry',
    retry: true,
  });
}
