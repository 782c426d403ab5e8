/** What a registry says of a repository, without a pull: which tags there are, and what one of them is now. */
import { type Digest, defined } from '@orc/model';
import { type Reference, parseReference } from '../plan/reference.ts';
import type { Auth } from '../types.ts';
import { type Registry, openRegistry } from './client.ts';
import { translated } from './pull.ts';

type Options = { readonly auth?: Auth; readonly signal?: AbortSignal };

/** docker pull -a. */
export const listRemoteTags = (text: string, options: Options): Promise<readonly string[]> =>
  asked(text, options, (registry) => registry.tags());

/** docker compose config --resolve-image-digests. */
export const remoteDigestOf = (text: string, options: Options): Promise<Digest> =>
  asked(text, options, async (registry, { digest, tag }) => {
    const found = await registry.manifest(digest ?? (tag as string));
    return found.digest;
  });

async function asked<T>(
  text: string,
  { auth, signal }: Options,
  ask: (registry: Registry, reference: Reference) => Promise<T>,
): Promise<T> {
  const reference = parseReference(text);
  const { domain, path } = reference;
  const registry = await openRegistry({ domain, path, ...defined({ auth, signal }) });
  try {
    return await ask(registry, reference);
  } catch (error) {
    throw translated(reference, error, signal);
  } finally {
    await registry.close();
  }
}
