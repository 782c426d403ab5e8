/** Pulls an image with progress per layer. */
import type { Client } from '@orc/api/client';
import type { Context } from '../cli/context.ts';
import { interruptible } from '../cli/io.ts';
import { registryAuth } from './credentials.ts';
import { showImage } from './image-progress.ts';

export type PullOptions = { readonly platform?: string; readonly quiet?: boolean };

/** Gives the image's id. A failure is on the row and thrown. */
export async function pullImage(
  context: Context,
  client: Client,
  reference: string,
  { platform, quiet = false }: PullOptions,
): Promise<string> {
  const auth = registryAuth(context, reference);
  const options = {
    ...(platform === undefined ? {} : { platform }),
    ...(auth === undefined ? {} : { auth }),
  };
  return interruptible(context.io, async (signal) => {
    const rows = client.pullImage(reference, options, signal);
    const canceled = { by: signal, message: `the pull of ${reference} was canceled` };
    const words = { working: 'Pulling', done: 'Pulled', canceled };
    return showImage(quiet ? undefined : await context.reporter(), `Image ${reference}`, words, rows);
  });
}

/** What a tag is now in its registry; asked with the same login. */
export async function remoteDigest(context: Context, client: Client, name: string): Promise<string> {
  const auth = registryAuth(context, name);
  const { digest } = await interruptible(context.io, (signal) =>
    client.remoteDigest(name, auth === undefined ? {} : { auth }, signal),
  );
  return digest;
}

/** Of a repository; asked with the same login. */
export async function remoteTags(context: Context, client: Client, name: string): Promise<readonly string[]> {
  const auth = registryAuth(context, name);
  return interruptible(context.io, (signal) =>
    client.remoteTags(name, auth === undefined ? {} : { auth }, signal),
  );
}
