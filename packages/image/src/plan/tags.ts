/** A registry's list of the tags of a repository (OCI distribution-spec, "Listing tags"). */
import { fail } from '@orc/model';

const TAG = /^\w[\w.-]{0,127}$/;

/** Throws `image.invalid`. What is no tag is left out: nobody could pull it. */
export function parseTags(data: Uint8Array): readonly string[] {
  try {
    const { tags } = JSON.parse(Buffer.from(data).toString('utf8')) as { tags?: unknown };
    // Some registries say null where there are none.
    if (tags === null || tags === undefined) return [];
    if (Array.isArray(tags))
      return tags.filter((tag): tag is string => typeof tag === 'string' && TAG.test(tag));
  } catch {
    // Said below.
  }
  throw fail('image.invalid', 'the registry sent no list of tags');
}

/** `</v2/app/tags/list?last=b&n=2>; rel="next"`: the name after which the next page begins. */
export function nextPage(link: string | undefined): string | undefined {
  const query = /<[^>]*\?([^>#]*)[^>]*>\s*;\s*rel="?next"?/i.exec(link ?? '')?.[1];
  return query === undefined ? undefined : (new URLSearchParams(query).get('last') ?? undefined);
}
