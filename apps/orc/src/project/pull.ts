/** Pulls an image with progress per layer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@orc/api/client';
import { fail } from '@orc/model';
import type { Context } from '../cli/context.ts';
import { type Io, interruptible } from '../cli/io.ts';
import { showImage } from './image-progress.ts';

export type PullOptions = { readonly platform?: string; readonly quiet?: boolean };

/** Gives the image's id. A failure is on the row and thrown. */
export async function pullImage(
  context: Context,
  client: Client,
  reference: string,
  { platform, quiet = false }: PullOptions,
): Promise<string> {
  const auth = registryAuth(context.io, reference);
  const options = {
    ...(platform === undefined ? {} : { platform }),
    ...(auth === undefined ? {} : { auth }),
  };
  return interruptible(context.io, async (signal) => {
    const rows = client.pullImage(reference, options, signal);
    const words = { working: 'Pulling', done: 'Pulled' };
    const id = await showImage(
      quiet ? undefined : await context.reporter(),
      `Image ${reference}`,
      words,
      rows,
    );
    if (signal.aborted) throw fail('canceled', `the pull of ${reference} was canceled`);
    return id;
  });
}

/** Of a repository; asked with the same login. */
export async function remoteTags(context: Context, client: Client, name: string): Promise<readonly string[]> {
  const auth = registryAuth(context.io, name);
  return interruptible(context.io, (signal) =>
    client.remoteTags(name, auth === undefined ? {} : { auth }, signal),
  );
}

type Auth = { readonly username: string; readonly password: string } | { readonly token: string };

/** The registry's entry of docker's `config.json`, as `docker login` left it. */
function registryAuth(io: Io, reference: string): Auth | undefined {
  const folder = io.env['DOCKER_CONFIG'] ?? join(io.env['HOME'] ?? '/root', '.docker');
  const auths = readAuths(join(folder, 'config.json'));
  const entry = registryKeys(reference)
    .map((key) => auths[key])
    .find((each) => each !== undefined);
  if (entry?.identitytoken) return { token: entry.identitytoken };
  if (entry?.auth === undefined) return undefined;
  const [username = '', ...password] = Buffer.from(entry.auth, 'base64').toString('utf8').split(':');
  return { username, password: password.join(':') };
}

type Entry = { readonly auth?: string; readonly identitytoken?: string };

function readAuths(file: string): Readonly<Record<string, Entry>> {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { auths?: Record<string, Entry> }).auths ?? {};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw fail('input.invalid', `${file} cannot be read: ${(error as Error).message}`, {
      hint: 'mend it, or set DOCKER_CONFIG',
    });
  }
}

/** A first part with a dot or a colon, or `localhost`, is a registry; else it is Docker Hub. */
function registryKeys(reference: string): readonly string[] {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  if (!isHost || first === 'docker.io')
    return ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io'];
  return [first, `https://${first}`, `http://${first}`, `https://${first}/v1/`, `https://${first}/v2/`];
}
