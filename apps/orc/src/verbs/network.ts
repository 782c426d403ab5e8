/** `orc network …`. */
import type { NetworkObj, NetworkSpec } from '@orc/model';
import { fail } from '@orc/model';
import type { Body, Flags } from '../cli/command.ts';
import { inspectNetwork } from '../format/inspect.ts';
import { type Listing, printInspect, printList } from '../format/output.ts';
import { dateOf } from '../format/time.ts';
import { compact, filtersFrom, pairsOf } from '../spec/values.ts';
import { eachOf } from './each.ts';

export const ls: Body = async (context, _, flags) => {
  const filters = filtersFrom(flags.list('filter'));
  const rows = (await (await context.client()).listNetworks())
    .filter((row) => (filters['name'] ?? ['']).some((each) => row.name.includes(each)))
    .filter((row) => (filters['driver'] ?? [row.spec.driver]).includes(row.spec.driver))
    .filter((row) => labelsFit(row.spec.labels, filters['label']));
  printList(context, flags, listing(flags.on('no-trunc')), rows);
  return 0;
};

/** `name` or `name=value`, all of them. */
export const labelsFit = (
  labels: Readonly<Record<string, string>> = {},
  wanted: readonly string[] = [],
): boolean =>
  wanted.every((each) => {
    const at = each.indexOf('=');
    return at === -1 ? each in labels : labels[each.slice(0, at)] === each.slice(at + 1);
  });

const SHORT = 12;
const listing = (whole: boolean): Listing<NetworkObj> => ({
  columns: [
    { header: 'NETWORK ID', cell: (row) => (whole ? row.id : row.id.slice(0, SHORT)) },
    { header: 'NAME', cell: (row) => row.name },
    { header: 'DRIVER', cell: (row) => row.spec.driver },
    { header: 'SCOPE', cell: () => 'local' },
  ],
  fields: (row) => ({
    CreatedAt: dateOf(row.createdAt),
    Driver: row.spec.driver,
    ID: whole ? row.id : row.id.slice(0, SHORT),
    IPv6: String(row.spec.ipv6 ?? false),
    Internal: String(row.spec.internal ?? false),
    Labels: Object.entries(row.spec.labels ?? {})
      .map((pair) => pair.join('='))
      .join(','),
    Name: row.name,
    Scope: 'local',
  }),
  id: (row) => (whole ? row.id : row.id.slice(0, SHORT)),
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
    throw fail('usage.invalid', '--gateway and --ip-range need a --subnet');
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
    ...(flags.on('ipv6') ? { ipv6: true } : {}),
    ...(rows.length > 0 ? { subnets: rows } : {}),
    ...(Object.keys(options).length > 0 ? { options } : {}),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
}

export const inspect: Body = async (context, args, flags) => {
  const client = await context.client();
  const found: unknown[] = [];
  const code = await eachOf(context, args, async (name) => {
    found.push(inspectNetwork(await client.getNetwork(name)));
    return undefined;
  });
  if (found.length > 0 || code !== 0) printInspect(context, flags, found);
  return code;
};

export const rm: Body = async (context, args) => {
  const client = await context.client();
  return eachOf(context, args, async (name) => {
    await client.removeNetwork(name);
    return name;
  });
};
