/** docker image inspect and docker history, from what the catalog knows. */
import type { ImageInspect } from '../types.ts';
import { type Catalog, type ImageRecord, namesOf, shownName } from './catalog.ts';

export type HistoryRow = {
  readonly created: string;
  readonly createdBy: string;
  readonly size: number;
  readonly empty: boolean;
};

export function inspectOf(catalog: Catalog, image: ImageRecord): ImageInspect {
  const { document } = image;
  return {
    Id: image.id,
    RepoTags: namesOf(catalog, image.id).map(shownName),
    RepoDigests: image.repoDigests.map(shownName),
    Parent: '',
    Comment: document.history.at(-1)?.comment ?? '',
    Created: document.created ?? '',
    Author: document.author ?? '',
    Architecture: document.architecture,
    ...(document.variant === undefined ? {} : { Variant: document.variant }),
    Os: document.os,
    Size: image.size,
    Config: document.config,
    RootFS: { Type: 'layers', Layers: document.rootfs.diff_ids },
    Descriptor: image.descriptor,
  };
}

/** The newest first, as docker shows it; `sizeOf` by the layer's place, the lowest is 0. */
export function historyOf(image: ImageRecord, sizeOf: (layer: number) => number): readonly HistoryRow[] {
  let layer = 0;
  const rows = image.document.history.map((entry) => {
    const empty = entry.empty_layer === true;
    const size = empty ? 0 : sizeOf(layer);
    if (!empty) layer += 1;
    return { created: entry.created ?? '', createdBy: entry.created_by ?? '', size, empty };
  });
  return rows.reverse();
}
