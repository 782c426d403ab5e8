/** `orc network …`. */
import type { NetworkObj, NetworkSpec } from '@orc/model';
import { OrcError, PREDEFINED_NETWORKS, fail } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import { labelsOf, shortId } from '../format/container.ts';
import { inspectNetwork } from '../format/inspect.ts';
import { type Listing, printList } from '../format/output.ts';
import { dateOf } from '../format/time.ts';
import { compact, filtersFrom, pairsOf } from '../spec/values.ts';
import { eachOf, inspectEach } from './each.ts';

export const ls: Body = async (context, _, flags) => {
  const filters = filtersFrom(flags.list('filter'), ['driver', 'id', 'label', 'name', 'scope', 'type']);
  const rows = (await (await context.client()).listNetworks())
    .filter((row) => (filters['name'] ?? ['']).some((each) => row.name.includes(each)))
    .filter((row) => (filters['driver'] ?? [row.spec.driver]).includes(row.spec.driver))
    .filter((row) => (filters['id'] ?? ['']).some((each) => row.id.startsWith(each)))
    .filter(() => (filters['scope'] ?? ['local']).includes('local'))
    .filter((row) => (filters['type'] ?? [typeOf(row)]).includes(typeOf(row)))
    .filter((row) => labelsFit(row.spec.labels, filters['label']))
    .sort(byName);
  printList(context, flags, listing(flags.on('no-trunc')), rows);
  return 0;
};

const typeOf = ({ name }: NetworkObj): string => (PREDEFINED_NETWORKS.includes(name) ? 'builtin' : 'custom');

export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** `name` or `name=value`, all of them. */
export const labelsFit = (
  labels: Readonly<Record<string, string>> = {},
  wanted: readonly string[] = [],
): boolean =>
  wanted.every((each) => {
    const at = each.indexOf('=');
    return at === -1 ? each in labels : labels[each.slice(0, at)] === each.slice(at + 1);
  });

const listing = (whole: boolean): Listing<NetworkObj> => ({
  columns: [
    { header: 'NETWORK ID', cell: (row) => shortId(row.id, whole) },
    { header: 'NAME', cell: (row) => row.name },
    { header: 'DRIVER', cell: (row) => row.spec.driver },
    { header: 'SCOPE', cell: () => 'local' },
  ],
  fields: (row) => ({
    CreatedAt: dateOf(row.createdAt),
    Driver: row.spec.driver,
    ID: shortId(row.id, whole),
    IPv6: String(row.spec.ipv6 ?? false),
    Internal: String(row.spec.internal ?? false),
    ...labelsOf(row.spec.labels),
    Name: row.name,
    Scope: 'local',
  }),
  id: (row) => shortId(row.id, whole),
  headers: { ID: 'NETWORK ID' },
});

export const create: Body = async (context, args, flags) => {
  const network = await (await context.client()).createNetwork(args[0] as string, specOf(flags));
  context.out(network.id);
  return 0;
};

function specOf(flags: Flags): NetworkSpec {
  const driver = flags.text('driver') ?? 'bridge';
  if (driver !== 'bridge')
    throw fail('input.unsupported', `--driver ${driver} is not offered`, { hint: 'bridge is' });
  const [subnets, gateways, ranges] = [flags.list('subnet'), flags.list('gateway'), flags.list('ip-range')];
  if (subnets.length === 0 && gateways.length + ranges.length > 0)
    throw fail('usage.invalid', '--gateway and --ip-range need a --subnet', {
      hint: 'add --subnet 10.9.0.0/24',
    });
  if (flags.on('ipv6'))
    throw fail('input.unsupported', 'networks have no IPv6 yet', { hint: 'leave --ipv6 out' });
  const rows = subnets.map((subnet, index) =>
    compact<{ subnet: string; gateway?: string; ipRange?: string }>({
      subnet,
      gateway: gateways[index],
      ipRange: ranges[index],
    }),
  );
  const [labels, options] = [pairsOf('label', flags.list('label')), pairsOf('opt', flags.list('opt'))];
  return {
    driver,
    ...(flags.on('internal') ? { internal: true } : {}),
    ...(flags.on('attachable') ? { attachable: true } : {}),
    ...(rows.length > 0 ? { subnets: rows } : {}),
    ...(Object.keys(options).length > 0 ? { options } : {}),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
}

export const inspect: Body = async (context, args, flags) => {
  const client = await context.client();
  return inspectEach(context, flags, args, async (name) => inspectNetwork(await client.getNetwork(name)));
};

export const rm: Body = async (context, args, flags) => {
  const client = await context.client();
  return eachOf(context, args, async (name) => {
    try {
      await client.removeNetwork(name);
      return name;
    } catch (error) {
      const missing = error instanceof OrcError && error.problem.code === 'notfound.network';
      if (missing && flags.on('force')) return undefined;
      throw error;
    }
  });
};
