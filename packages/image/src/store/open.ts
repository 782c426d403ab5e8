/** The store as the other rooms see it. */
import { fail, type ResolvedImage } from '@orc/model';
import { bootstrapImage } from '../bootstrap/index.ts';
import { summaryOf } from '../plan/catalog.ts';
import type { ImageStore, ImageStoreOptions } from '../types.ts';
import { isReady, lookUp, resolvedOf, type Store } from './context.ts';
import { startStore } from './startup.ts';

const quiet = (): void => undefined;

export async function openImageStore(options: ImageStoreOptions): Promise<ImageStore> {
  const { store, close } = await startStore(options);
  const notYet = (): never => {
    throw fail('internal', 'not implemented');
  };
  return {
    list: async () => [...store.catalog.images.values()].map((image) => summaryOf(store.catalog, image)),
    resolve: (reference) => resolveImage(store, reference),
    inspect: notYet,
    history: notYet,
    pull: notYet,
    bootstrap: async (reference, { onProgress = quiet, ...rest }) => {
      const id = await bootstrapImage(store, reference, { onProgress, ...rest });
      return (await resolveImage(store, id)) as ResolvedImage;
    },
    load: notYet,
    save: notYet,
    import: notYet,
    tag: notYet,
    remove: notYet,
    build: notYet,
    lease: (holder, image) => store.leases.put(holder, { images: [image], layers: [] }),
    release: (holder) => store.leases.release(holder),
    collect: notYet,
    close: async () => {
      await store.layers.settle();
      close();
    },
  };
}

/** From memory when nothing has changed since the last time. */
export async function resolveImage(store: Store, reference: string): Promise<ResolvedImage | undefined> {
  const known = store.resolved.get(reference);
  if (known !== undefined) return known;
  const image = lookUp(store, reference);
  if (image === undefined || !isReady(store, image)) return undefined;
  const resolved = resolvedOf(store, image);
  store.resolved.set(reference, resolved);
  return resolved;
}
