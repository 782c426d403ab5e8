/** docker pull -a: which tags there are. */
import { defined } from '@orc/model';
import { parseReference } from '../plan/reference.ts';
import type { Auth } from '../types.ts';
import { openRegistry } from './client.ts';
import { translated } from './pull.ts';

export async function listRemoteTags(
  text: string,
  { auth, signal }: { readonly auth?: Auth; readonly signal?: AbortSignal },
): Promise<readonly string[]> {
  const reference = parseReference(text);
  const { domain, path } = reference;
  const registry = await openRegistry({ domain, path, ...defined({ auth, signal }) });
  try {
    return await registry.tags();
  } catch (error) {
    throw translated(reference, error, signal);
  } finally {
    await registry.close();
  }
}
