/** Pulls an image with progress per layer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, ImageProgress } from '@orc/api/client';
import { OrcError, fail } from '@orc/model';
import type { Context } from '../cli/context.ts';
import { type Io, interruptible } from '../cli/io.ts';
import type { Progress, Reporter } from '../report/reporter.ts';

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

/** Shows rows of the image store under one name; gives the resulting id, if there is one. */
export async function showImage(
  reporter: Reporter | undefined,
  id: string,
  words: { readonly working: string; readonly done: string },
  rows: AsyncIterable<ImageProgress>,
): Promise<string> {
  let result = '';
  reporter?.update({ id, text: words.working, state: 'working' });
  try {
    for await (const row of rows) {
      if (row.problem !== undefined) throw new OrcError(row.problem);
      if (row.result?.id !== undefined) result = row.result.id;
      if (row.result === undefined) reporter?.update(progressOf(id, row, words.working));
    }
    reporter?.update({ id, text: words.done, state: 'done' });
    return result;
  } catch (error) {
    reporter?.update({ id, text: 'Error', state: 'error' });
    throw error;
  }
}

const progressOf = (parent: string, row: ImageProgress, working: string): Progress => ({
  ...(row.id === undefined
    ? { id: parent, text: row.output === undefined ? row.status : working }
    : { id: row.id, parent, text: row.status }),
  state: row.id === undefined ? 'working' : stateOf(row.status),
  ...(row.current === undefined ? {} : { current: row.current }),
  ...(row.total === undefined ? {} : { total: row.total }),
  ...(row.output === undefined ? {} : { output: row.output }),
});

/** `Pull complete` and `Already exists` of layers; `DONE 0.1s`, `CACHED` and `ERROR` of build steps. */
function stateOf(status: string): Progress['state'] {
  if (/complete|exists|done|cached/i.test(status)) return 'done';
  return /^error/i.test(status) ? 'error' : 'working';
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
