/** `orc plan`, and the dry runs of `up` and `create`: what would change, and nothing changes. */
import type { Client, PutProject, PutResult } from '@orc/api/client';
import type { Digest, Project, ProjectService } from '@orc/model';
import type { Body } from '../cli/command.ts';
import type { Context } from '../cli/context.ts';
import { type PlannedImage, type Planned, planJson, planLines, summaryLines } from '../format/plan.ts';
import { contextDigest } from '../project/context-digest.ts';
import { idOf } from '../project/image-id.ts';
import { loadToStart } from '../project/load.ts';
import { only, optionsOf, putPlaced, showPutWarnings } from './up.ts';

export const plan: Body = async (context, args, flags) => {
  const project = await loadToStart(context, args);
  const { services: chosen } = only(project, args, flags);
  const planned = await ask(await context.client(), project, {
    services: project.services.filter((each) => chosen.includes(each.service)),
    options: optionsOf(context.io.env, args, flags, 'run'),
    digests: true,
  });
  if (flags.text('format') === 'json') {
    context.out(planJson(planned));
    return 0;
  }
  showPutWarnings(context, planned.warnings);
  for (const line of planLines(planned)) context.out(line);
  return 0;
};

type Asked = {
  readonly services: readonly ProjectService[];
  readonly options: PutProject['options'];
  /** Of build contexts, which are read for it. */
  readonly digests?: true;
};

/** As `up --dry-run` says it: a line each. */
export async function dryRun(
  context: Context,
  client: Client,
  project: Project,
  asked: Asked,
): Promise<PutResult> {
  const planned = await ask(client, project, asked);
  showPutWarnings(context, planned.warnings);
  for (const line of summaryLines(planned)) context.out(line);
  return planned.result;
}

async function ask(
  client: Client,
  project: Project,
  { services, options, digests }: Asked,
): Promise<Planned & { readonly result: PutResult }> {
  const found = await imagesOf(client, services, digests ?? false);
  const result = await putPlaced(client, project, {
    project,
    images: found.images,
    options: { ...options, dryRun: true },
  });
  const { changes, warnings } = result;
  return { project: project.name, images: found.planned, changes, warnings, result };
}

/** Stands for an image that a dry run does not make; any container of it would be another than now. */
const NOT_YET = `sha256:${'0'.repeat(64)}` as Digest;

type Found = { readonly images: PutProject['images']; readonly planned: readonly PlannedImage[] };

/** What would be done for images that are not here, or may be others. */
async function imagesOf(
  client: Client,
  services: readonly ProjectService[],
  digests: boolean,
): Promise<Found> {
  const planned: PlannedImage[] = [];
  const images: Record<string, Digest> = {};
  for (const { container, build } of services) {
    const { image } = container;
    if (image in images) continue;
    const id = (await idOf(client, image)) as Digest | undefined;
    images[image] = id ?? NOT_YET;
    if (id !== undefined && build === undefined) continue;
    const context = build !== undefined && digests ? { context: contextDigest(build) } : {};
    const about = { ...context, ...(id === undefined ? {} : { id }) };
    planned.push({ image, action: build === undefined ? 'pull' : 'build', ...about });
  }
  return { images, planned };
}
