/** Builds an image on the daemon out of a `BuildSpec` whose paths are ours. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { Client } from '@orc/api/client';
import { type BuildSpec, fail } from '@orc/model';
import type { Context } from '../cli/context.ts';
import { interruptible } from '../cli/io.ts';
import { sendContext } from '../context/send.ts';
import { showImage } from './image-progress.ts';

export type BuildJob = {
  readonly spec: BuildSpec;
  readonly tags: readonly string[];
  readonly quiet?: boolean;
  /** The image that has the first tag already: nothing is shown while all comes out of the cache. */
  readonly known?: string;
};

/** Gives the image's id. */
export async function buildImage(
  context: Context,
  client: Client,
  { spec, tags, quiet, known }: BuildJob,
): Promise<string> {
  if (!existsSync(spec.context) || !statSync(spec.context).isDirectory())
    throw fail('input.missing', `the build context ${spec.context} is no folder`, {
      hint: 'name a folder, or see build.context',
    });
  const { dockerfile, name } = readDockerfile(spec);
  return interruptible(context.io, async (signal) => {
    const sent = await sendContext(client, spec.context, name);
    const rows = client.build(sent, { spec, dockerfile, dockerfileName: name, tags }, signal);
    const reporter = quiet ? undefined : await context.reporter();
    const id = await showImage(
      reporter,
      `Image ${tags[0] ?? spec.context}`,
      { working: 'Building', done: 'Built', ...(known === undefined ? {} : { known }) },
      rows,
    );
    if (signal.aborted) throw fail('canceled', 'the build was canceled');
    return id;
  });
}

/** Its text, and its path in the context (or as written when it lies outside). */
function readDockerfile(spec: BuildSpec): { readonly dockerfile: string; readonly name: string } {
  if (spec.dockerfileInline !== undefined) return { dockerfile: spec.dockerfileInline, name: 'Dockerfile' };
  const wanted = spec.dockerfile ?? 'Dockerfile';
  const file = isAbsolute(wanted) ? wanted : resolve(spec.context, wanted);
  const inside = relative(spec.context, file);
  try {
    return { dockerfile: readFileSync(file, 'utf8'), name: inside.startsWith('..') ? wanted : inside };
  } catch {
    const other = join(spec.context, 'Containerfile');
    if (spec.dockerfile === undefined && existsSync(other))
      return { dockerfile: readFileSync(other, 'utf8'), name: 'Containerfile' };
    throw fail('input.missing', `the Dockerfile ${file} is not there`, {
      hint: 'name another with -f, or build.dockerfile',
    });
  }
}
