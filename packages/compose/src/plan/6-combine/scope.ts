/** What is settled with the variables and the directory of one scope, before another scope takes it over. */
import { absolute } from '../5-canonical/paths.ts';
import type { Loading } from '../loading.ts';
import { type MapNode, type Node, get, isNull, mapValues, scalar, textOf, withEntries } from '../node.ts';
import type { Scope } from './combine.ts';

/** Variables without a value take the scope's; a build without a context builds its directory. */
export function resolveScope(loading: Loading, tree: MapNode, scope: Scope): MapNode {
  const services = get(tree, 'services');
  const volumes = get(tree, 'volumes');
  return withEntries(tree, {
    ...(services?.kind === 'map'
      ? { services: mapValues(services, (each) => resolveService(each, scope)) }
      : {}),
    ...(volumes?.kind === 'map' && loading.resolvePaths
      ? { volumes: mapValues(volumes, (each) => resolveVolume(each, scope)) }
      : {}),
  });
}

/** A volume that binds a folder: the folder may be written relative to the project. */
function resolveVolume(volume: Node, scope: Scope): Node {
  const options = get(volume, 'driver_opts');
  const device = get(options, 'device');
  const flags = (textOf(get(options, 'o')) ?? '').split(',');
  const path = textOf(device);
  if (volume.kind !== 'map' || options?.kind !== 'map' || !device || !path || !flags.includes('bind'))
    return volume;
  const whole = scalar(absolute(path, scope.directory, undefined), device.place);
  return withEntries(volume, { driver_opts: withEntries(options, { device: whole }) });
}

function resolveService(service: Node, scope: Scope): Node {
  if (service.kind !== 'map') return service;
  const environment = get(service, 'environment');
  const build = get(service, 'build');
  return withEntries(service, {
    ...(environment?.kind === 'map' ? { environment: fromVariables(environment, scope) } : {}),
    ...(build?.kind === 'map' ? { build: resolveBuild(build, scope) } : {}),
  });
}

function fromVariables(map: MapNode, scope: Scope): MapNode {
  return mapValues(map, (value, key) => {
    const found = isNull(value) ? scope.variables.get(key) : undefined;
    return found === undefined ? value : scalar(found, value.place);
  });
}

function resolveBuild(build: MapNode, scope: Scope): MapNode {
  const args = get(build, 'args');
  const context = get(build, 'context') ?? scalar(scope.directory, build.place);
  if (args?.kind !== 'map') return withEntries(build, { context });
  const known = fromVariables(args, scope);
  const entries = [...known.entries].filter(([, { value }]) => !isNull(value));
  return withEntries(build, { context, args: { ...known, entries: new Map(entries) } });
}
