/** `orc volume …`. */
import type { Client } from '@orc/api/client';
import type { VolumeObj, VolumeSpec } from '@orc/model';
import { fail } from '@orc/model';
import type { Body } from '../cli/command.ts';
import { labelsOf } from '../format/container.ts';
import { inspectVolume } from '../format/inspect.ts';
import { type Listing, printList } from '../format/output.ts';
import { booleanOf, filtersFrom, pairsOf } from '../spec/values.ts';
import { eachOf, inspectEach } from './each.ts';
import { byName, labelsFit } from './network.ts';

export const ls: Body = async (context, _, flags) => {
  const filters = filtersFrom(flags.list('filter'), ['dangling', 'driver', 'label', 'name']);
  const client = await context.client();
  const fits = await danglingFits(client, filters['dangling']);
  const rows = (await client.listVolumes())
    .filter((row) => (filters['name'] ?? ['']).some((each) => row.name.includes(each)))
    .filter((row) => (filters['driver'] ?? [row.spec.driver]).includes(row.spec.driver))
    .filter((row) => labelsFit(row.spec.labels, filters['label']))
    .filter(fits)
    .sort(byName);
  printList(context, flags, LISTING, rows);
  return 0;
};

/** Whether a container has it, running or not. */
async function danglingFits(
  client: Client,
  wanted: readonly string[] | undefined,
): Promise<(row: VolumeObj) => boolean> {
  if (wanted === undefined) return () => true;
  const dangling = wanted.map((word) => booleanOf('dangling', word));
  const used = new Set((await client.listContainers({ all: true })).flatMap(({ mounts }) => mounts));
  return ({ name }) => dangling.includes(!used.has(name));
}

const LISTING: Listing<VolumeObj & { readonly mountpoint: string }> = {
  columns: [
    { header: 'DRIVER', cell: (row) => row.spec.driver },
    { header: 'VOLUME NAME', cell: (row) => row.name },
  ],
  fields: (row) => ({
    Driver: row.spec.driver,
    ...labelsOf(row.spec.labels),
    Mountpoint: row.mountpoint,
    Name: row.name,
    Scope: 'local',
  }),
  id: (row) => row.name,
  headers: { Name: 'VOLUME NAME' },
};

export const create: Body = async (context, args, flags) => {
  const driver = flags.text('driver') ?? 'local';
  if (driver !== 'local')
    throw fail('input.unsupported', `--driver ${driver} is not offered`, { hint: 'local is' });
  const [labels, options] = [pairsOf('label', flags.list('label')), pairsOf('opt', flags.list('opt'))];
  const spec: VolumeSpec = {
    driver,
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(options).length > 0 ? { options } : {}),
  };
  context.out((await (await context.client()).createVolume(args[0], spec)).name);
  return 0;
};

export const inspect: Body = async (context, args, flags) => {
  const client = await context.client();
  return inspectEach(context, flags, args, async (name) => inspectVolume(await client.getVolume(name)));
};

export const rm: Body = async (context, args, flags) => {
  const client = await context.client();
  return eachOf(context, args, async (name) => {
    await client.removeVolume(name, { force: flags.on('force') });
    return name;
  });
};
