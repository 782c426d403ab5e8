/** The top-level networks, volumes, secrets and configs. */
import { contains, formatCidr, formatIpv4, isIpv6, parseCidr, parseIpv4 } from '@orc/model';
import { type Loading, report } from '../loading.ts';
import { type MapNode, type Node, at, get, textOf } from '../node.ts';

export function checkResources(loading: Loading, tree: MapNode): void {
  for (const section of ['networks', 'volumes', 'secrets', 'configs']) {
    for (const [name, resource] of entriesOf(tree, section)) checkExternal(loading, section, name, resource);
  }
  for (const [name, secret] of entriesOf(tree, 'secrets')) checkFile(loading, 'secret', name, secret);
  for (const [name, config] of entriesOf(tree, 'configs')) checkFile(loading, 'config', name, config);
  for (const [name, network] of entriesOf(tree, 'networks')) checkSubnets(loading, name, network);
}

function entriesOf(tree: MapNode, section: string): readonly (readonly [string, MapNode])[] {
  const map = get(tree, section);
  if (map?.kind !== 'map') return [];
  return [...map.entries].flatMap(([name, { value }]) =>
    value.kind === 'map' ? [[name, value] as const] : [],
  );
}

const isExternal = (resource: MapNode): boolean => {
  const external = get(resource, 'external');
  return external?.kind === 'scalar' && external.value === true;
};

function checkExternal(loading: Loading, section: string, name: string, resource: MapNode): void {
  if (!isExternal(resource)) return;
  for (const [key, entry] of resource.entries) {
    if (key === 'external' || key === 'name' || key.startsWith('x-')) continue;
    const message = `${section}.${name}: conflicting parameters "external" and "${key}" specified`;
    report(loading, 'compose.schema', entry.key, message, {
      hint: 'what is external is made elsewhere; only its name can be given',
    });
  }
}

const SOURCES = { secret: ['file', 'environment'], config: ['file', 'environment', 'content'] } as const;

function checkFile(loading: Loading, kind: 'secret' | 'config', name: string, resource: MapNode): void {
  const given = SOURCES[kind].filter((key) => get(resource, key) !== undefined);
  if (isExternal(resource) || get(resource, 'driver') !== undefined) return;
  if (given.length !== 1) {
    const what = `one of ${SOURCES[kind].join('|')} must be set`;
    const message =
      given.length === 0
        ? `${kind} "${name}": ${what}`
        : `${kind} "${name}": only ${what}, not ${given.join(' and ')}`;
    report(loading, 'compose.schema', resource, message, {
      hint: `such as file: ./${name}.txt`,
    });
  }
}

function checkSubnets(loading: Loading, name: string, network: MapNode): void {
  const list = at(network, ['ipam', 'config']);
  if (list?.kind !== 'seq' || !loading.interpolate) return;
  for (const item of list.items) {
    for (const key of ['subnet', 'ip_range']) {
      const node: Node | undefined = get(item, key);
      const text = textOf(node);
      if (node === undefined || text === undefined || isCidr(text)) continue;
      report(loading, 'compose.schema', node, `networks.${name}: "${text}" is not a ${key}`, {
        hint: 'write it as a CIDR, such as 172.28.0.0/16',
      });
    }
    checkWithin(loading, name, item);
  }
}

/** The gateway and the range are of the subnet; IPv6 is refused elsewhere. */
function checkWithin(loading: Loading, name: string, item: Node): void {
  const subnet = parseCidr(textOf(get(item, 'subnet')) ?? '');
  if (subnet === undefined) return;
  const outside = (key: string, base: number | undefined): void => {
    if (base !== undefined && contains(subnet, base)) return;
    const message = `networks.${name}: the ${key} ${textOf(get(item, key))} is not in the subnet ${formatCidr(subnet)}`;
    const hint = `such as ${formatIpv4(subnet.base + 1)}`;
    report(loading, 'compose.schema', get(item, key), message, {
      hint: key === 'gateway' ? hint : undefined,
    });
  };
  const [gateway, range] = [textOf(get(item, 'gateway')), textOf(get(item, 'ip_range'))];
  if (gateway !== undefined && gateway !== '') outside('gateway', parseIpv4(gateway));
  if (range !== undefined && isCidr(range)) outside('ip_range', parseCidr(range)?.base);
}

const isCidr = (text: string): boolean => {
  if (parseCidr(text) !== undefined) return true;
  const [address = '', length = ''] = text.split('/');
  return isIpv6(address) && /^\d{1,3}$/.test(length) && Number(length) <= 128;
};
