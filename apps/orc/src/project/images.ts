/** Makes the images of a project be there: built, pulled or found, several at once. */
import type { Client } from '@orc/api/client';
import { type BuildSpec, type Digest, type ProjectService, type ResolvedImages, fail } from '@orc/model';
import type { Context } from '../cli/context.ts';
import { IMAGES_AT_ONCE } from '../limits.ts';
import { buildImage } from './build.ts';
import { idOf } from './image-id.ts';
import { pullImage } from './pull.ts';

export { idOf };

export type ImagePolicy = {
  /** `--build`: also where it would be taken as it is. */
  readonly build?: boolean;
  readonly noBuild?: boolean;
  /** `--pull`, instead of each service's own. */
  readonly pull?: string;
  readonly quiet?: boolean;
};

type Job = { readonly image: string; readonly service: ProjectService; readonly build?: BuildSpec };

/** By the names as written. The first failure stops what has not begun, and is thrown. */
export async function resolveImages(
  context: Context,
  client: Client,
  services: readonly ProjectService[],
  policy: ImagePolicy,
): Promise<ResolvedImages> {
  const jobs = jobsOf(services);
  const resolved: Record<string, Digest> = {};
  await inParallel(jobs, async (job) => {
    resolved[job.image] = (await resolveOne(context, client, job, policy)) as Digest;
  });
  return resolved;
}

/** One for each name; a service that builds it goes before those that only use it. */
function jobsOf(services: readonly ProjectService[]): readonly Job[] {
  const jobs = new Map<string, Job>();
  for (const service of services) {
    const { image } = service.container;
    if (service.build !== undefined) jobs.set(image, { image, service, build: service.build });
    else if (!jobs.has(image)) jobs.set(image, { image, service });
  }
  return [...jobs.values()];
}

export async function inParallel<T>(jobs: readonly T[], act: (job: T) => Promise<unknown>): Promise<void> {
  const waiting = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await act(job);
  };
  const workers = Array.from({ length: Math.min(IMAGES_AT_ONCE, jobs.length) }, worker);
  const results = await Promise.allSettled(
    workers.map((each) =>
      each.catch((error) => {
        waiting.length = 0;
        throw error;
      }),
    ),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Who said so: the command line, or the file. */
const neverHint = (image: string, policy: ImagePolicy): string =>
  policy.pull === undefined
    ? `get it with "orc image pull ${image}", or leave pull_policy: never out`
    : 'leave "--pull never" out';

/**
 * What is built is built each time: unchanged steps come from the cache, so that a changed context is noticed
 * without being told.
 */
async function resolveOne(context: Context, client: Client, job: Job, policy: ImagePolicy): Promise<string> {
  const { image, service, build } = job;
  const pull = policy.pull ?? service.pullPolicy;
  const { platform } = service.container;
  const quiet = policy.quiet ?? false;
  if (build !== undefined && !policy.noBuild && (pull !== 'never' || policy.build)) {
    const known = policy.build ? undefined : await idOf(client, image);
    const seen = known === undefined ? {} : { known };
    const tags = [image, ...(build.tags ?? [])];
    return buildImage(context, client, { spec: build, tags, quiet, service: service.service, ...seen });
  }
  const found = pull === 'always' ? undefined : await idOf(client, image);
  if (found !== undefined) return found;
  if (pull === 'never' || build !== undefined)
    throw fail(
      'notfound.image',
      `the service ${service.service} needs the image ${image}, which is not here`,
      {
        hint: build === undefined ? neverHint(image, policy) : 'build it with "orc build"',
      },
    );
  return pullImage(context, client, image, { quiet, ...(platform === undefined ? {} : { platform }) });
}
