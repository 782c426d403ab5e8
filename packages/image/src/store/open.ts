/** The store as the other rooms see it. */
import { type ImageSummary, type ResolvedImage, turns } from '@orc/model';
import { importArchive } from '../archive/import.ts';
import { loadArchive } from '../archive/load.ts';
import { saveImages } from '../archive/save.ts';
import { bootstrapImage } from '../bootstrap/index.ts';
import { DOWNLOADS_AT_ONCE, RESOLVED_KEPT_MAX } from '../limits.ts';
import { summaryOf } from '../plan/catalog.ts';
import { historyOf, inspectOf } from '../plan/describe.ts';
import { type Downloads, pullImage } from '../registry/pull.ts';
import { listRemoteTags, remoteDigestOf } from '../registry/tags.ts';
import type { ImageStore, ImageStoreOptions } from '../types.ts';
import { buildInternals } from './builder.ts';
import { collectGarbage } from './collect.ts';
import { lookUp, resolvedOf, type Store } from './context.ts';
import { foundImage, removeImage, tagImage } from './names.ts';
import { shared } from './queue.ts';
import { startStore } from './startup.ts';
import { ensureReady } from './unpack.ts';

const quiet = (): void => undefined;

export async function openImageStore(options: ImageStoreOptions): Promise<ImageStore> {
  const { store, close } = await startStore(options);
  const downloads: Downloads = { limit: turns(DOWNLOADS_AT_ONCE), share: shared<void>() };
  const pull: ImageStore['pull'] = (reference, { onProgress = quiet, ...rest }) =>
    pullImage(store, downloads, reference, { onProgress, ...rest });
  return {
    list: async () => listImages(store),
    resolve: (reference) => resolveImage(store, reference),
    inspect: async (reference) => {
      const image = lookUp(store, reference);
      return image === undefined ? undefined : inspectOf(store.catalog, image);
    },
    history: async (reference) => {
      const { image } = foundImage(store, reference);
      return historyOf(image, (at) => layerSize(store, image.document.rootfs.diff_ids[at]));
    },
    pull,
    remoteTags: (reference, tagOptions) => listRemoteTags(reference, tagOptions),
    remoteDigest: (reference, digestOptions) => remoteDigestOf(reference, digestOptions),
    bootstrap: async (reference, { onProgress = quiet, ...rest }) => {
      const id = await bootstrapImage(store, reference, { onProgress, ...rest });
      return (await resolveImage(store, id)) as ResolvedImage;
    },
    load: (archive, onProgress = quiet) => loadArchive(store, archive, onProgress),
    save: (references) => saveImages(store, references),
    import: (archive, importOptions) => importArchive(store, archive, importOptions),
    tag: (reference, target) => tagImage(store, reference, target),
    remove: (reference, { force = false }) => removeImage(store, reference, force),
    build: async (request) => {
      const { runBuild } = await import('../build/index.ts');
      return runBuild(buildInternals(store, pull), request);
    },
    contexts: store.contexts,
    contentBytes: async (folder) =>
      (await store.threads.run('measure', { folders: [folder], contents: true }))[0] ?? 0,
    lease: (holder, image) => store.leases.put(holder, { images: [image], layers: [] }),
    release: (holder) => store.leases.release(holder),
    collect: (known) => collectGarbage(store, known),
    close,
  };
}

/** The newest first. */
const listImages = (store: Store): readonly ImageSummary[] =>
  [...store.catalog.images.values()]
    .map((image) => summaryOf(store.catalog, image))
    .sort((a, b) => b.createdAt - a.createdAt);

/** From memory when nothing has changed since the last time. */
export async function resolveImage(store: Store, reference: string): Promise<ResolvedImage | undefined> {
  const known = store.resolved.get(reference);
  if (known !== undefined) return known;
  const image = lookUp(store, reference);
  if (image === undefined) return undefined;
  await ensureReady(store, image);
  const resolved = resolvedOf(store, image);
  if (store.resolved.size >= RESOLVED_KEPT_MAX) store.resolved.clear();
  store.resolved.set(reference, resolved);
  return resolved;
}

const layerSize = (store: Store, diffId: ResolvedImage['id'] | undefined): number =>
  diffId === undefined ? 0 : (store.layers.get(diffId)?.unpackedSize ?? 0);
