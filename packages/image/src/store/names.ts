/** docker tag and docker rmi. */
import { type Digest, fail } from '@orc/model';
import {
  type Catalog,
  findImage,
  type Found,
  namesOf,
  shownName,
  withName,
  withoutImage,
  withoutName,
  withRetired,
} from '../plan/catalog.ts';
import { fullName, parseReference } from '../plan/reference.ts';
import { collectGarbage } from './collect.ts';
import { commitCatalog, type Store } from './context.ts';

export type Removal = { readonly untagged: string } | { readonly deleted: string };

export async function tagImage(store: Store, reference: string, target: string): Promise<void> {
  const name = fullName(parseReference(target));
  await store.locked(() => {
    const { image } = foundImage(store, reference);
    return commitCatalog(store, withName(store.catalog, name, image.id));
  });
}

/** By name: that name goes, and with the last one the image. By id: all its names, if there is one or by force. */
export async function removeImage(
  store: Store,
  reference: string,
  force: boolean,
): Promise<readonly Removal[]> {
  const removed = await store.locked(async () => {
    const found = foundImage(store, reference);
    const { catalog, removals } = removalOf(store, found, force);
    await commitCatalog(store, catalog);
    return removals;
  });
  if (removed.some((each) => 'deleted' in each)) await collectGarbage(store);
  return removed;
}

export function foundImage(store: Store, reference: string): Found {
  const found = findImage(store.catalog, reference);
  if (found !== undefined) return found;
  throw fail('notfound.image', `no image ${JSON.stringify(reference)} here`, {
    hint: 'orc image ls shows those there are',
  });
}

function removalOf(
  store: Store,
  { image, name }: Found,
  force: boolean,
): { readonly catalog: Catalog; readonly removals: readonly Removal[] } {
  const names = namesOf(store.catalog, image.id);
  const goes = name === undefined ? names : [name];
  const stays = names.filter((each) => !goes.includes(each));
  const untagged = goes.map((each) => ({ untagged: shownName(each) }));
  if (name === undefined && names.length > 1 && !force) {
    throw fail(
      'conflict.inuse',
      `image ${short(image.id)} has ${names.length} names: ${names.map(shownName).join(', ')}`,
      {
        hint: 'remove it by name, or all of them with --force',
      },
    );
  }
  const without = goes.reduce(withoutName, store.catalog);
  if (stays.length > 0) return { catalog: without, removals: untagged };
  const holder = store.leases.holdsImage(image.id);
  if (holder === undefined) {
    return { catalog: withoutImage(without, image.id), removals: [...untagged, { deleted: image.id }] };
  }
  if (!force) {
    throw fail(
      'conflict.inuse',
      `image ${shownName(goes[0] ?? short(image.id))} is used by ${holder.slice(0, 12)}`,
      {
        hint: 'remove that first, or take the name away with --force',
      },
    );
  }
  return { catalog: withRetired(without, image.id), removals: untagged };
}

const short = (id: Digest): string => id.slice('sha256:'.length, 'sha256:'.length + 12);
