/** docker image inspect and docker history, from what the catalog knows. */
import { defined, type ImageStep } from '@orc/model';
import type { ImageInspect } from '../types.ts';
import { alignHistory } from './history.ts';
import { type Catalog, type ImageRecord, namesOf, shownName } from './catalog.ts';

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
export function historyOf(image: ImageRecord, sizeOf: (layer: number) => number): readonly ImageStep[] {
  const { history, rootfs } = image.document;
  let layer = 0;
  const steps = alignHistory(history, rootfs.diff_ids.length).map((entry): ImageStep => {
    const size = entry.empty_layer === true ? 0 : sizeOf(layer);
    if (entry.empty_layer !== true) layer += 1;
    const { created_by: createdBy = '', comment = '' } = entry;
    return { ...defined({ createdAt: timeOf(entry.created) }), createdBy, size, comment };
  });
  return steps.reverse().map((step, at) => (at === 0 ? { id: image.id, ...step } : step));
}

function timeOf(text = ''): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
