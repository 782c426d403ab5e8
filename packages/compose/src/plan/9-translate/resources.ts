/** Networks and volumes that the services use. */
import {
  faultOfNetworkOption,
  type NetworkSpec,
  type ProjectNetwork,
  type ProjectVolume,
  type Subnet,
} from '@orc/model';
import type { ModelNetwork, ModelVolume } from '../../compose-model.ts';
import { report } from '../loading.ts';
import { nearest } from '../node.ts';
import { type Translating, defined, isEmpty } from './context.ts';
import { networkLabels, volumeLabels } from './labels.ts';
import { checkSubnets } from './subnets.ts';

export function networksOf(context: Translating): readonly ProjectNetwork[] {
  const used = new Set(
    Object.values(context.model.services).flatMap((each) => Object.keys(each.networks ?? {})),
  );
  const networks = Object.entries(context.model.networks ?? {}).filter(
    ([key, network]) => used.has(key) && !isMode(network),
  );
  checkSubnets(context, networks);
  return networks.map(([key, network]) => ({
    name: network.name,
    key,
    external: network.external === true,
    spec: networkSpec(context, key, network),
  }));
}

/** Networks of the drivers host and none are modes of the container, not networks. */
const isMode = (network: ModelNetwork): boolean =>
  ['host', 'none', 'null'].includes((network.external === true ? network.name : network.driver) ?? '');

function networkSpec(context: Translating, key: string, network: ModelNetwork): NetworkSpec {
  checkNetworkOptions(context, key, network);
  refuseIpv6(context, key, network);
  const subnets = (network.ipam?.config ?? []).flatMap((each): Subnet[] =>
    each.subnet === undefined
      ? []
      : [defined({ subnet: each.subnet, gateway: each.gateway, ipRange: each.ip_range })],
  );
  return defined({
    project: context.model.name,
    key,
    driver: 'bridge',
    internal: network.internal,
    attachable: network.attachable,
    subnets: subnets.length === 0 ? undefined : subnets,
    options: network.driver_opts,
    labels: network.external === true ? undefined : networkLabels(context.model.name, key, network.labels),
  });
}

function refuseIpv6(context: Translating, key: string, network: ModelNetwork): void {
  (network.ipam?.config ?? []).forEach(({ subnet }, index) => {
    if (!subnet?.includes(':')) return;
    const node = nearest(context.tree, ['networks', key, 'ipam', 'config', index, 'subnet']);
    const message = `networks.${key}: the subnet ${subnet} is not supported: networks have no IPv6 addresses yet`;
    report(context.loading, 'compose.unsupported', node, message, { hint: 'keep the IPv4 subnet' });
  });
}

function checkNetworkOptions(context: Translating, key: string, network: ModelNetwork): void {
  for (const [option, value] of Object.entries(network.driver_opts ?? {})) {
    const fault = faultOfNetworkOption(option, String(value));
    if (fault === undefined) continue;
    const code = fault.code === 'input.invalid' ? 'compose.schema' : 'compose.unsupported';
    const node = nearest(context.tree, ['networks', key, 'driver_opts', option]);
    const message = `networks.${key}.driver_opts: ${fault.why}`;
    report(context.loading, code, node, message, { hint: fault.hint });
  }
}

/** `driver_opts: {type: none, o: bind, device: /folder}` names a folder of the host. */
export function boundFolder(volume: ModelVolume | undefined): string | undefined {
  const { o = '', device, type = 'none', ...others } = volume?.driver_opts ?? {};
  const isBind = o.split(',').some((each) => each === 'bind' || each === 'rbind');
  return isBind && device?.startsWith('/') && type === 'none' && isEmpty(others) ? device : undefined;
}

function refuseOptions(context: Translating, key: string, given: readonly string[]): void {
  for (const option of given) {
    const node = nearest(context.tree, ['volumes', key, 'driver_opts', option]);
    const message = `volumes.${key}.driver_opts: the option "${option}" is not supported`;
    report(context.loading, 'compose.unsupported', node, message, {
      hint: 'mount a folder of the host: ./data:/data',
    });
  }
}

export function volumesOf(context: Translating): readonly ProjectVolume[] {
  const used = new Set(
    Object.values(context.model.services).flatMap((each) =>
      (each.volumes ?? []).flatMap((mount) =>
        mount.type === 'volume' && mount.source !== undefined ? [mount.source] : [],
      ),
    ),
  );
  return Object.entries(context.model.volumes ?? {})
    .filter(([key, volume]) => used.has(key) && boundFolder(volume) === undefined)
    .map(([key, volume]) => {
      refuseOptions(context, key, Object.keys(volume.driver_opts ?? {}));
      const labels =
        volume.external === true ? undefined : volumeLabels(context.model.name, key, volume.labels);
      const spec = defined({
        project: context.model.name,
        key,
        driver: 'local' as const,
        options: volume.driver_opts,
        labels,
      });
      return { name: volume.name, key, external: volume.external === true, spec };
    });
}
