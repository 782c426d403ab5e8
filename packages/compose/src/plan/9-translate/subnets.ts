/** Subnets of the networks that services use: what no network can have, and what two of them would have. */
import { type Cidr, overlaps, parseCidr, whyNoSubnet } from '@orc/model';
import type { ModelNetwork } from '../../compose-model.ts';
import { report } from '../loading.ts';
import { nearest } from '../node.ts';
import type { Translating } from './context.ts';

type Row = NonNullable<NonNullable<ModelNetwork['ipam']>['config']>[number];
type Held = { readonly cidr: Cidr; readonly subnet: string; readonly key: string };
type Refuse = (field: keyof Row, why: string, hint: string) => void;

export function checkSubnets(
  context: Translating,
  networks: readonly (readonly [string, ModelNetwork])[],
): void {
  const held: Held[] = [];
  for (const [key, network] of networks)
    (network.ipam?.config ?? []).forEach((row, index) => {
      const refuse: Refuse = (field, why, hint) => {
        const node = nearest(context.tree, ['networks', key, 'ipam', 'config', index, field]);
        report(context.loading, 'compose.schema', node, `networks.${key}: ${why}`, { hint });
      };
      checkRow(key, row, held, refuse);
    });
}

function checkRow(key: string, row: Row, held: Held[], refuse: Refuse): void {
  const { subnet } = row;
  if (subnet === undefined) return needsSubnet(row, refuse);
  const cidr = parseCidr(subnet);
  // Of what is no CIDR, or of IPv6, more is said elsewhere.
  if (cidr === undefined) return;
  const why = whyNoSubnet(cidr);
  if (why !== undefined)
    return refuse('subnet', `the subnet ${subnet} cannot be a network's: ${why}`, 'such as 10.9.0.0/24');
  const other = held.find((each) => overlaps(each.cidr, cidr));
  if (other !== undefined) {
    const of = other.key === key ? 'the same network' : `the network ${other.key}`;
    const message = `the subnet ${subnet} overlaps with ${other.subnet} of ${of}`;
    refuse('subnet', message, 'choose another, or leave one out: it is given a free one then');
  }
  held.push({ cidr, subnet, key });
  const range = parseCidr(row.ip_range ?? '');
  if (range !== undefined && range.prefixLength < cidr.prefixLength)
    refuse('ip_range', `the ip_range ${row.ip_range} is larger than the subnet ${subnet}`, 'leave it out');
}

function needsSubnet(row: Row, refuse: Refuse): void {
  for (const field of ['gateway', 'ip_range'] as const)
    if (row[field] !== undefined)
      refuse(
        field,
        `the ${field} ${row[field]} has no subnet beside it`,
        'add subnet: with the CIDR that it is in',
      );
}
