/** Plans and rules in words: bodies are JSON, expected texts what an operator would read. */
import { join } from 'node:path';
import {
  parseIpv4,
  type AssignedNetwork,
  type ContainerId,
  type Endpoint,
  type NameRecord,
} from '@orc/model';
import { goldenSuite, type GoldenCase } from '../../../test/golden/golden.ts';
import { askerOf } from '../src/plan/directory.ts';
import { renderEtc } from '../src/plan/etc.ts';
import { acceptRules, baseChains, closingRule, placeOf } from '../src/plan/firewall.ts';
import { answer, nameTable } from '../src/plan/names.ts';
import {
  explain,
  planBridge,
  planExtension,
  planGuardProbe,
  planPooled,
  planRemove,
  planWiring,
  type Wiring,
} from '../src/plan/netplan.ts';
import { renderKept, renderPortChanges, renderTable, type RuleState } from '../src/plan/nft.ts';
import type { SandboxRequest } from '../src/types.ts';

const json = <T>(each: GoldenCase): T => JSON.parse(each.body) as T;
const arg = (each: GoldenCase, name: string): string => each.args[name] ?? '';

type Names = {
  readonly networks: readonly AssignedNetwork[];
  readonly containers: Readonly<Record<string, readonly Endpoint[]>>;
  readonly names: readonly NameRecord[];
};

function ask(each: GoldenCase): string {
  const state = json<Names>(each);
  const sightings = new Map(
    Object.entries(state.containers).flatMap(([id, endpoints]) =>
      endpoints.map((end) => [end.ipv4 ?? '', { container: id as ContainerId, endpoints }] as const),
    ),
  );
  const asker = askerOf(arg(each, 'from'), sightings, state.networks);
  if (asker === undefined) return 'no answer';
  const question = { name: arg(each, 'name'), type: each.args['type'] ?? 'A' };
  return JSON.stringify(answer(nameTable(state.names), asker, question, Number(each.args['turn'] ?? 0)));
}

const cable = (name: string, index: number): { name: string; hostIndex: number; peerIndex: number } => ({
  name,
  hostIndex: index,
  peerIndex: index + 1,
});

goldenSuite(join(import.meta.dirname, 'golden'), {
  bridge: (each) =>
    explain(
      planBridge({
        name: arg(each, 'name'),
        index: 100,
        ...(each.args['mtu'] === undefined ? {} : { mtu: Number(each.args['mtu']) }),
        gateways: each.body
          .split('\n')
          .map((line) => line.split('/'))
          .map(([address = '', length]) => ({
            address: parseIpv4(address) ?? 0,
            prefixLength: Number(length),
          })),
      }),
    ),
  extension: () =>
    explain(
      planExtension({
        bridge: { name: 'orcx0000', index: 200 },
        first: 100,
        cable: [
          { name: 'orcj0000', index: 201 },
          { name: 'orck0000', index: 202 },
        ],
      }),
    ),
  probe: () => explain(planGuardProbe(100)),
  pooled: (each) =>
    explain(planPooled('/run/orc/ns/orcv0000', cable('orcv0000', 300), each.args['guarded'] === 'yes')),
  remove: (each) => explain(planRemove(each.body.split('\n'))),
  wiring: (each) => explain(planWiring(json<Wiring>(each))),
  kept: (each) => renderKept(arg(each, 'name'), json<RuleState>(each)),
  table: (each) => renderTable(arg(each, 'name'), json<RuleState>(each)),
  changes: (each) => {
    const { before, after } = json<{ before: RuleState; after: RuleState }>(each);
    return renderPortChanges('orc', before, after)?.join('\n') ?? 'the whole table';
  },
  ask,
  hosts: (each) => renderEtc(json<SandboxRequest>(each), HOST_RESOLV).hosts,
  resolv: (each) => renderEtc(json<SandboxRequest>(each), HOST_RESOLV).resolvConf,
  firewall: (each) =>
    baseChains(each.body, 'orc')
      .map((base) => placeOf(base, each.body))
      .flatMap((place) => [`# ${place.why || 'policy accept'}`, ...acceptRules('orc', place, 61053)])
      .join('\n'),
  closing: (each) => closingRule(each.body) || 'open',
});

const HOST_RESOLV = '# a comment\nnameserver 198.51.100.1\nnameserver 198.51.100.2\nsearch corp.example\n';
