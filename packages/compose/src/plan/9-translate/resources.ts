/** Networks and volumes that the services use. */
import type { NetworkSpec, ProjectNetwork, ProjectVolume, Subnet } from '@orc/model';
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
  checkOptions(context, 'networks', key, Object.keys(network.driver_opts ?? {}), NETWORK_OPTIONS);
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

const NETWORK_OPTIONS = [
  'com.docker.network.driver.mtu',
  'com.docker.network.bridge.enable_ip_masquerade',
  'io.orc.network.spoof_guard',
];

/** `driver_opts: {type: none, o: bind, device: /folder}` names a folder of the host. */
export function boundFolder(volume: ModelVolume | undefined): string | undefined {
  const { o = '', device, type = 'none', ...others } = volume?.driver_opts ?? {};
  const isBind = o.split(',').some((each) => each === 'bind' || each === 'rbind');
  return isBind && device?.startsWith('/') && type === 'none' && isEmpty(others) ? device : undefined;
}

function checkOptions(
  context: Translating,
  section: string,
  key: string,
  given: readonly string[],
  known: readonly string[],
): void {
  for (const option of given.filter((each) => !known.includes(each))) {
    const node = nearest(context.tree, [section, key, 'driver_opts', option]);
    const message = `${section}.${key}.driver_opts: the option "${option}" is not supported`;
    report(context.loading, 'compose.unsupported', node, message, {
      hint: known.length === 0 ? 'mount a folder of the host: ./data:/data' : `known are ${known.join(', ')}`,
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
      checkOptions(context, 'volumes', key, Object.keys(volume.driver_opts ?? {}), []);
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
