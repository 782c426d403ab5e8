/** `orc image prune`. */
import type { Client } from '@orc/api/client';
import { OrcError } from '@orc/model';
import type { Body } from '../cli/command.ts';
import { confirm } from '../cli/context.ts';
import { timeBefore } from '../format/time.ts';
import { booleanOf, filtersFrom } from '../spec/values.ts';
import { labelsFit } from './network.ts';

const UNUSED = 'This will remove all images that no container uses. Are you sure?';
const DANGLING = 'This will remove all images without a name that no container uses. Are you sure?';

/** docker's: those without a name; with `-a` all that no container has, running or not. */
export const prune: Body = async (context, _, flags) => {
  const filters = filtersFrom(flags.list('filter'), ['dangling', 'label', 'until']);
  const all = flags.on('all') || filters['dangling']?.some((each) => !booleanOf('dangling', each)) === true;
  const before = timeBefore(filters['until'], context.io.now());
  if (!flags.on('force') && !(await confirm(context, all ? UNUSED : DANGLING, 'use "orc image prune -f"')))
    return 1;
  const client = await context.client();
  const used = new Set((await client.listContainers({ all: true })).map(({ imageId }) => imageId));
  const candidates = (await client.listImages()).filter(
    ({ id, tags }) => !used.has(id) && (all || tags.length === 0),
  );
  let removed = 0;
  for (const image of candidates) {
    if (image.createdAt > before || !(await hasLabels(client, image.id, filters['label']))) continue;
    for (const name of image.tags.length === 0 ? [image.id] : image.tags)
      for (const row of await removeUnused(client, name)) {
        context.out('untagged' in row ? `untagged: ${row.untagged}` : `deleted: ${row.deleted}`);
        if ('deleted' in row) removed += 1;
      }
  }
  context.out(`Removed images: ${removed}`);
  return 0;
};

async function hasLabels(client: Client, id: string, wanted: readonly string[] = []): Promise<boolean> {
  return wanted.length === 0 || labelsFit((await client.inspectImage(id)).Config.Labels ?? {}, wanted);
}

/** What somebody took meanwhile, or a build holds, stays. */
async function removeUnused(client: Client, name: string): ReturnType<Client['removeImage']> {
  try {
    return await client.removeImage(name, {});
  } catch (error) {
    if (error instanceof OrcError && ['conflict.inuse', 'notfound.image'].includes(error.problem.code))
      return [];
    throw error;
  }
}
