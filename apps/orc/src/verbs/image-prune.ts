/** `orc image prune`. */
import type { Client } from '@orc/api/client';
import { OrcError, fail, parseDurationMs } from '@orc/model';
import type { Body } from '../cli/command.ts';
import { type Context, confirm } from '../cli/context.ts';
import { parseTime } from '../format/time.ts';
import { booleanOf, filtersFrom } from '../spec/values.ts';
import { labelsFit } from './network.ts';

const UNUSED = 'This will remove all images that no container uses. Are you sure?';
const DANGLING = 'This will remove all images without a name that no container uses. Are you sure?';

/** docker's: those without a name; with `-a` all that no container has, running or not. */
export const prune: Body = async (context, _, flags) => {
  const filters = filtersFrom(flags.list('filter'), ['dangling', 'label', 'until']);
  const all = flags.on('all') || filters['dangling']?.some((each) => !booleanOf('dangling', each)) === true;
  if (!flags.on('force') && !(await confirm(context, all ? UNUSED : DANGLING, 'use "orc image prune -f"')))
    return 1;
  const client = await context.client();
  const used = new Set((await client.listContainers({ all: true })).map(({ imageId }) => imageId));
  const candidates = (await client.listImages()).filter(
    ({ id, tags }) => !used.has(id) && (all || tags.length === 0),
  );
  const before = beforeOf(context, filters['until']);
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

/** Made before then: a time, or so long ago. The earliest of several. */
function beforeOf(context: Context, words: readonly string[] = []): number {
  const times = words.map((word) => {
    const at = parseTime(word, context.io.now(), parseDurationMs);
    if (at !== undefined) return at;
    throw fail('usage.invalid', `--filter until takes a time, not "${word}"`, { hint: 'write until=24h' });
  });
  return Math.min(...times, Number.POSITIVE_INFINITY);
}

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
