/** Images as `orc image ls` shows them. */
import type { ImageSummary } from '@orc/model';

export type ImageRow = {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
  /** Of its manifest at the registry: what was built or loaded has none. */
  readonly digest: string;
};

export const NONE = '<none>';

/**
 * A row per name. A digest belongs to the repository that it was pulled from; with `digests` there is a row for each of
 * them, as docker has it, for one image may have come by several manifests.
 */
export function imageRows(image: ImageSummary, digests: boolean): readonly ImageRow[] {
  const names = image.tags.map((name) => splitAt(name, ':'));
  const pulled = image.digests.map((name) => splitAt(name, '@'));
  const of = (repository: string): readonly string[] => {
    const found = pulled.filter(([name]) => name === repository).map(([, digest]) => digest);
    return found.length === 0 ? [NONE] : digests ? found : found.slice(0, 1);
  };
  const rows = names.flatMap(([repository, tag]) =>
    of(repository).map((digest) => ({ image, repository, tag, digest })),
  );
  const untagged = digests ? pulled.filter(([name]) => !names.some(([other]) => other === name)) : [];
  const more = untagged.map(([repository, digest]) => ({ image, repository, tag: NONE, digest }));
  if (rows.length + more.length > 0) return [...rows, ...more];
  return [{ image, repository: NONE, tag: NONE, digest: pulled[0]?.[1] ?? NONE }];
}

function splitAt(name: string, mark: string): readonly [string, string] {
  const at = name.lastIndexOf(mark);
  return [name.slice(0, at), name.slice(at + 1)];
}
