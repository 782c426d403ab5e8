/** Builds an image on the daemon out of a `BuildSpec` whose paths are ours. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { Client, ImageProgress } from '@orc/api/client';
import { type BuildSpec, OrcError, defined, fail } from '@orc/model';
import type { Context } from '../cli/context.ts';
import { interruptible } from '../cli/io.ts';
import { sendContext } from '../context/send.ts';
import { type BuildPlace, placed, placeOf } from './build-place.ts';
import { registryAuths } from './credentials.ts';
import { showImage } from './image-progress.ts';

/** Absent: the folder of the spec. `archive`: the Dockerfile lies in it. */
export type ContextSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'archive'; readonly chunks: AsyncIterable<Uint8Array> };

export type BuildJob = {
  readonly spec: BuildSpec;
  readonly tags: readonly string[];
  readonly source?: ContextSource;
  /** By id, base 64. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly quiet?: boolean;
  /** The image that has the first tag already: nothing is shown while all comes out of the cache. */
  readonly known?: string;
  /** Whose image it is, for what is said of its problems. */
  readonly service?: string;
};

/** Gives the image's id. */
export async function buildImage(context: Context, client: Client, job: BuildJob): Promise<string> {
  const { spec, tags, secrets, quiet, known, service } = job;
  return interruptible(context.io, async (signal) => {
    const { sent, file, ...dockerfile } = await sendSource(client, job);
    // Which images it is built from only the daemon reads.
    const auths = registryAuths(context.io);
    const options = defined({ spec, tags, secrets, auths, ...dockerfile });
    const name = dockerfile.dockerfileName;
    const place = placeOf(spec, { cwd: context.io.cwd, name, ...defined({ file, service }) });
    const canceled = { by: signal, message: 'the build was canceled' };
    return showImage(
      quiet ? undefined : await context.reporter(),
      `Image ${tags[0] ?? spec.context}`,
      defined({ working: 'Building', done: 'Built', known, canceled }),
      placedRows(client.build(sent, options, signal), place),
    );
  });
}

async function* placedRows(
  rows: AsyncIterable<ImageProgress>,
  place: BuildPlace,
): AsyncGenerator<ImageProgress> {
  try {
    for await (const row of rows)
      yield row.problem === undefined ? row : { ...row, problem: placed(row.problem, place) };
  } catch (error) {
    throw error instanceof OrcError ? new OrcError(placed(error.problem, place)) : error;
  }
}

type Sent = {
  /** Name of the context for `build`. */
  readonly sent: string | null;
  readonly dockerfile?: string;
  readonly dockerfileName: string;
  /** Path of the Dockerfile here. */
  readonly file?: string;
};

async function sendSource(client: Client, { spec, source, service }: BuildJob): Promise<Sent> {
  if (source?.kind === 'archive') {
    const { context } = await client.unpackContext(source.chunks);
    return { sent: context, dockerfileName: spec.dockerfile ?? 'Dockerfile' };
  }
  try {
    if (source === undefined) mustBeFolder(spec.context);
    const { dockerfile, name, file } = readDockerfile(spec);
    const sent = source === undefined ? await sendContext(client, spec.context, name) : null;
    return { sent, dockerfile, dockerfileName: name, ...defined({ file }) };
  } catch (error) {
    if (!(error instanceof OrcError) || service === undefined) throw error;
    throw new OrcError(placed(error.problem, { name: '', shown: '', service }));
  }
}

function mustBeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw fail('input.missing', `the build context ${path} is no folder`, {
    hint: 'name a folder, or see build.context',
  });
}

/** Its text, and its path in the context (or as written when it lies outside). */
function readDockerfile(spec: BuildSpec): {
  readonly dockerfile: string;
  readonly name: string;
  readonly file?: string;
} {
  if (spec.dockerfileInline !== undefined) return { dockerfile: spec.dockerfileInline, name: 'Dockerfile' };
  const wanted = spec.dockerfile ?? 'Dockerfile';
  const file = isAbsolute(wanted) ? wanted : resolve(spec.context, wanted);
  const inside = relative(spec.context, file);
  try {
    return { dockerfile: readFileSync(file, 'utf8'), name: inside.startsWith('..') ? wanted : inside, file };
  } catch {
    const other = join(spec.context, 'Containerfile');
    if (spec.dockerfile === undefined && existsSync(other))
      return { dockerfile: readFileSync(other, 'utf8'), name: 'Containerfile', file: other };
    throw fail('input.missing', `the Dockerfile ${file} is not there`, {
      hint: 'name another with -f, or build.dockerfile',
    });
  }
}
