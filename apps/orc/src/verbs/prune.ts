/** `orc container prune`, `network prune` and `volume prune`: what no container has, as docker says it. */
import type { Client } from '@orc/api/client';
import {
  ANONYMOUS_VOLUME_LABEL,
  formatSize,
  type NetworkObj,
  OrcError,
  PREDEFINED_NETWORKS,
  type ProblemCode,
  type VolumeObj,
} from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import { confirm, type Context } from '../cli/context.ts';
import { timeBefore } from '../format/time.ts';
import { booleanOf, filtersFrom } from '../spec/values.ts';
import { byName, labelsFit } from './network.ts';

type Removed = { readonly names: readonly string[]; readonly bytes?: number };

export const containers: Body = async (context, _, flags) => {
  const { fits } = filtersOf(context, flags, ['label', 'label!', 'until']);
  if (!(await agreed(context, flags, 'container', 'all stopped containers'))) return 1;
  const client = await context.client();
  const stopped = (await client.listContainers({ all: true })).filter(
    (row) => ['created', 'exited', 'dead'].includes(row.status) && fits(row.labels, row.createdAt),
  );
  const removed = await removeEach(stopped, async ({ id }) => {
    const { writtenBytes } = await client.containerSize(id);
    await client.removeContainer(id, {});
    return { name: id, bytes: writtenBytes };
  });
  tell(context, flags, 'Containers', removed);
  return 0;
};

export const networks: Body = async (context, _, flags) => {
  const { fits } = filtersOf(context, flags, ['label', 'label!', 'until']);
  if (!(await agreed(context, flags, 'network', 'all networks that no container and no project uses')))
    return 1;
  const client = await context.client();
  const kept = await projectsThere(client);
  const unused = (await client.listNetworks()).filter(
    ({ spec, createdAt }) => !kept.has(spec.project) && fits(spec.labels, createdAt),
  );
  const removed = await removeEach(unused.filter(isCustom).toSorted(byName), async ({ name }) => {
    await client.removeNetwork(name);
    return { name };
  });
  tell(context, flags, 'Networks', { names: removed.names });
  return 0;
};

const isCustom = ({ name }: NetworkObj): boolean => !PREDEFINED_NETWORKS.includes(name);

/** Theirs go with `down`: services without containers are to have them when they are scaled. */
const projectsThere = async (client: Client): Promise<ReadonlySet<string | undefined>> =>
  new Set((await client.listProjects(true)).map(({ name }) => name));

export const volumes: Body = async (context, _, flags) => {
  const { filters, fits } = filtersOf(context, flags, ['all', 'label', 'label!']);
  const all = flags.on('all') || filters['all']?.some((word) => booleanOf('all', word)) === true;
  const which = all ? 'all volumes that no container has' : 'anonymous volumes that no container has';
  if (!(await agreed(context, flags, 'volume', which))) return 1;
  const client = await context.client();
  const used = new Set((await client.listContainers({ all: true })).flatMap(({ mounts }) => mounts));
  const unused = (await client.listVolumes()).filter(
    (row) => !used.has(row.name) && (all || isAnonymous(row)) && fits(row.spec.labels, row.createdAt),
  );
  const removed = await removeEach(unused.toSorted(byName), async ({ name }) => {
    const { bytes } = await client.volumeSize(name);
    await client.removeVolume(name, {});
    return { name, bytes };
  });
  tell(context, flags, 'Volumes', removed);
  return 0;
};

const isAnonymous = ({ spec }: VolumeObj): boolean =>
  Object.hasOwn(spec.labels ?? {}, ANONYMOUS_VOLUME_LABEL);

type Fits = (labels: Readonly<Record<string, string>> | undefined, createdAt: number) => boolean;

function filtersOf(
  context: Context,
  flags: Flags,
  known: readonly string[],
): { readonly filters: Readonly<Record<string, readonly string[]>>; readonly fits: Fits } {
  const filters = filtersFrom(flags.list('filter'), known);
  const before = timeBefore(filters['until'], context.io.now());
  const fits: Fits = (labels, createdAt) =>
    createdAt <= before &&
    labelsFit(labels, filters['label']) &&
    !(filters['label!'] ?? []).some((each) => labelsFit(labels, [each]));
  return { filters, fits };
}

const agreed = async (context: Context, flags: Flags, noun: string, what: string): Promise<boolean> =>
  flags.on('force') ||
  confirm(context, `This will remove ${what}. Are you sure?`, `use "orc ${noun} prune -f"`);

/** What somebody took or removed meanwhile is left alone. */
async function removeEach<T>(
  rows: readonly T[],
  remove: (row: T) => Promise<{ readonly name: string; readonly bytes?: number }>,
): Promise<Required<Removed>> {
  const removed = { names: [] as string[], bytes: 0 };
  for (const row of rows) {
    try {
      const { name, bytes = 0 } = await remove(row);
      removed.names.push(name);
      removed.bytes += bytes;
    } catch (error) {
      if (!(error instanceof OrcError && LEFT.has(error.problem.code))) throw error;
    }
  }
  return removed;
}

const LEFT: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'conflict.inuse',
  'conflict.state',
  'notfound.container',
  'notfound.network',
  'notfound.volume',
]);

function tell(context: Context, flags: Flags, what: string, { names, bytes }: Removed): void {
  if (flags.text('format') === 'json') {
    const space = bytes === undefined ? {} : { SpaceReclaimed: bytes };
    context.out(JSON.stringify({ [`${what}Deleted`]: names, ...space }));
    return;
  }
  if (names.length > 0) context.out(`Deleted ${what}:\n${names.join('\n')}\n`);
  if (bytes !== undefined) context.out(`Total reclaimed space: ${formatSize(bytes)}`);
}
