/**
 * What the files leave out, once they are merged: names, networks, dependencies, and the defaults of long
 * forms.
 */
import {
  type Entry,
  type MapNode,
  type Node,
  type Place,
  get,
  isNull,
  mapAt,
  mapItems,
  mapOf,
  mapValues,
  scalar,
  textOf,
  withEntries,
} from '../node.ts';
import { defaultOf } from '../attributes/table.ts';

export function applyDefaults(tree: MapNode, projectName: string): MapNode {
  const services = get(tree, 'services');
  const completed =
    services?.kind === 'map'
      ? mapValues(services, (service) => (service.kind === 'map' ? completeService(service) : service))
      : undefined;
  const withNetworks = withEntries(tree, {
    name: scalar(projectName, get(tree, 'name')?.place ?? tree.place),
    version: undefined,
    services: completed ?? mapOf([], tree.place),
    networks: networksOf(tree, completed),
  });
  let result = withNetworks;
  for (const section of ['networks', 'volumes', 'secrets', 'configs'])
    result = named(result, section, projectName);
  return result;
}

function networksOf(tree: MapNode, services: MapNode | undefined): Node | undefined {
  const networks = get(tree, 'networks');
  const used = [...(services?.entries.values() ?? [])].some(
    ({ value }) => get(get(value, 'networks'), 'default') !== undefined,
  );
  const own = networks?.kind === 'map' ? networks : undefined;
  const declared = own?.entries.get('default');
  if (own === undefined && !used) return undefined;
  const entries = new Map(own?.entries);
  if (!used && declared !== undefined && isNull(declared.value)) entries.delete('default');
  if (used && declared === undefined)
    entries.set('default', { key: tree.place, value: mapAt(tree.place, {}) });
  return mapOf(entries, own?.place ?? tree.place);
}

/** `name`, also when it is empty, is the project's name and the key; of what is external the key. */
function named(tree: MapNode, section: string, projectName: string): MapNode {
  const resources = get(tree, section);
  if (resources?.kind !== 'map') return tree;
  const all = mapValues(resources, (resource, key) => {
    const map = resource.kind === 'map' ? resource : mapAt(resource.place, {});
    const external = get(map, 'external');
    const written = get(map, 'name') ?? (external?.kind === 'map' ? get(external, 'name') : undefined);
    const given = textOf(written) === '' ? undefined : written;
    const isExternal = external?.kind === 'map' || (external?.kind === 'scalar' && external.value === true);
    const name = given ?? scalar(isExternal ? key : `${projectName}_${key}`, resource.place);
    const flag = external === undefined || !isExternal ? undefined : scalar(true, external.place);
    return withEntries(map, { name, external: flag });
  });
  return withEntries(tree, { [section]: all });
}

function completeService(service: MapNode): MapNode {
  const mode = textOf(get(service, 'network_mode')) || undefined;
  const networks = get(service, 'networks');
  const hasNetworks = networks?.kind === 'map' && networks.entries.size > 0;
  const needsDefault = mode === undefined && !hasNetworks && get(service, 'provider') === undefined;
  const fallback = needsDefault ? mapAt(service.place, { default: null }) : undefined;
  return withEntries(service, {
    ...(hasNetworks ? {} : { networks: fallback }),
    ...whereMap(service, 'build', completeBuild),
    ...whereItems(service, 'env_file', withRequired),
    ...whereItems(service, 'ports', completePort),
    ...whereItems(service, 'volumes', completeMount),
    ...whereItems(service, 'secrets', (item) => withTarget(item, '/run/secrets/')),
    ...whereItems(service, 'configs', (item) => withTarget(item, '/')),
    ...pullPolicy(service),
    depends_on: dependencies(service),
  });
}

type Change = (map: MapNode) => Node;

function whereMap(service: MapNode, key: string, change: Change): Record<string, Node> {
  const value = get(service, key);
  return value?.kind === 'map' ? { [key]: change(value) } : {};
}

function whereItems(service: MapNode, key: string, change: Change): Record<string, Node> {
  const value = get(service, key);
  if (value?.kind !== 'seq') return {};
  return { [key]: mapItems(value, (item) => (item.kind === 'map' ? change(item) : item)) };
}

/** The value of the attribute, or what the table has for it. */
const orDefault = (map: MapNode, path: string): Node =>
  get(map, path.slice(path.lastIndexOf('.') + 1)) ?? scalar(defaultOf(path), map.place);

function completeBuild(build: MapNode): Node {
  const inline = get(build, 'dockerfile_inline') !== undefined;
  return inline ? build : withEntries(build, { dockerfile: orDefault(build, 'services.*.build.dockerfile') });
}

const withRequired = (item: MapNode): Node =>
  withEntries(item, { required: orDefault(item, 'services.*.env_file.*.required') });

const completePort = (port: MapNode): Node =>
  withEntries(port, {
    mode: orDefault(port, 'services.*.ports.*.mode'),
    protocol: orDefault(port, 'services.*.ports.*.protocol'),
  });

function completeMount(mount: MapNode): Node {
  if (textOf(get(mount, 'type')) !== 'bind') return mount;
  const bind = get(mount, 'bind');
  const map = bind?.kind === 'map' ? bind : mapAt(mount.place, {});
  return withEntries(mount, {
    bind: withEntries(map, {
      create_host_path: orDefault(map, 'services.*.volumes.*.bind.create_host_path'),
    }),
  });
}

const withTarget = (item: MapNode, folder: string): Node =>
  withEntries(item, {
    target: get(item, 'target') ?? scalar(`${folder}${textOf(get(item, 'source')) ?? ''}`, item.place),
  });

function pullPolicy(service: MapNode): Record<string, Node> {
  const policy = get(service, 'pull_policy');
  return policy !== undefined && textOf(policy) === 'if_not_present'
    ? { pull_policy: scalar('missing', policy.place) }
    : {};
}

/** What is shared with another service makes it a dependency. */
function dependencies(service: MapNode): Node | undefined {
  const own = get(service, 'depends_on');
  const entries = new Map<string, Entry>();
  if (own?.kind === 'map') {
    for (const [key, entry] of own.entries)
      entries.set(key, { ...entry, value: completeDependency(entry.value) });
  }
  for (const { name, place, restart } of implied(service)) {
    if (entries.has(name)) continue;
    const value = mapAt(place, {
      condition: defaultOf('services.*.depends_on.*.condition'),
      required: defaultOf('services.*.depends_on.*.required'),
      ...(restart ? { restart } : {}),
    });
    entries.set(name, { key: place, value });
  }
  return entries.size === 0 ? undefined : mapOf(entries, own?.place ?? service.place);
}

const completeDependency = (node: Node): Node => {
  const map = node.kind === 'map' ? node : mapAt(node.place, {});
  return withEntries(map, {
    condition: orDefault(map, 'services.*.depends_on.*.condition'),
    required: orDefault(map, 'services.*.depends_on.*.required'),
  });
};

type Implied = { readonly name: string; readonly place: Place; readonly restart: boolean };

function implied(service: Node): readonly Implied[] {
  const found: Implied[] = [];
  for (const [key, restart, nameOf] of SOURCES) {
    const value = get(service, key);
    for (const item of value?.kind === 'seq' ? value.items : value === undefined ? [] : [value]) {
      const name = nameOf(textOf(item) ?? '');
      if (name !== undefined && name !== '') found.push({ name, place: item.place, restart });
    }
  }
  return found;
}

const afterService = (text: string): string | undefined =>
  text.startsWith('service:') ? text.slice('service:'.length) : undefined;

const SOURCES: readonly (readonly [string, boolean, (text: string) => string | undefined])[] = [
  ['links', true, (text) => text.split(':')[0]],
  ['network_mode', true, afterService],
  ['ipc', true, afterService],
  ['pid', true, afterService],
  ['volumes_from', false, (text) => (text.startsWith('container:') ? undefined : text.split(':')[0])],
];
