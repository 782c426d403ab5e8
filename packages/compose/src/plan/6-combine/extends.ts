/** `extends`: a service over another one of the same file, of an earlier file, or of a file named. */
import { posix } from 'node:path';
import { LIMITS } from '../../limits.ts';
import { isRemote } from '../5-canonical/paths.ts';
import { remoteFile } from '../1-read/inputs.ts';
import { type Loading, report, shownName } from '../loading.ts';
import { type MapNode, type Node, get, mapValues, textOf, withEntries } from '../node.ts';
import { suggest } from '../suggest.ts';
import { type Scope, preparedDocuments } from './combine.ts';
import { mergeFiles, mergeServices, settle, settleService } from './merge.ts';

type Work = {
  readonly loading: Loading;
  readonly variables: ReadonlyMap<string, string>;
  /** Services of a file by its path, prepared once. */
  readonly files: Map<string, Layer | undefined>;
};
type Layer = { readonly path: string; readonly directory: string; readonly services: MapNode | undefined };

export function applyExtends(
  loading: Loading,
  scope: Scope,
  document: MapNode,
  path: string,
  before: MapNode | undefined,
): MapNode {
  const services = get(document, 'services');
  if (
    services?.kind !== 'map' ||
    ![...services.entries.values()].some(({ value }) => get(value, 'extends'))
  ) {
    return document;
  }
  const work: Work = { loading, variables: scope.variables, files: new Map() };
  const layer: Layer = { path, directory: scope.directory, services: withEarlier(services, before) };
  const resolved = mapValues(services, (service, name) => extended(work, layer, service, name, []));
  return withEntries(document, { services: resolved });
}

/** A file may extend what an earlier `-f` file defines. */
function withEarlier(services: MapNode, before: MapNode | undefined): MapNode {
  const earlier = get(before, 'services');
  if (earlier?.kind !== 'map') return services;
  return { ...services, entries: new Map([...earlier.entries, ...services.entries]) };
}

type Link = { readonly path: string; readonly name: string };

/** A service whose base is refused keeps its `extends`: what it lacks is then not held against it. */
function extended(work: Work, layer: Layer, service: Node, name: string, chain: readonly Link[]): Node {
  const wish = get(service, 'extends');
  if (service.kind !== 'map' || wish === undefined) return service;
  const own = withEntries(service, { extends: undefined });
  const key = service.entries.get('extends')?.key ?? wish.place;
  work.loading.taken.push({ path: ['services', name, 'extends'], key, end: wish.place.end });
  const baseName = textOf(wish) ?? textOf(get(wish, 'service'));
  if (baseName === undefined || wish.tag === 'reset') return own;
  const links = [...chain, { path: layer.path, name }];
  const target = layerOf(work, layer, wish);
  if (target === undefined || isCycle(work, links, target, baseName, wish)) return service;
  const base = target.services === undefined ? undefined : get(target.services, baseName);
  if (base?.kind !== 'map') {
    notFound(work, target, layer, baseName, name, wish);
    return service;
  }
  const whole = extended(work, target, base, baseName, links);
  return mergeServices(work.loading, settleService(whole as MapNode, baseName), own, name);
}

function isCycle(work: Work, links: readonly Link[], target: Layer, baseName: string, wish: Node): boolean {
  const at = links.findIndex((link) => link.path === target.path && link.name === baseName);
  if (at === -1 && links.length < LIMITS.extendsDepthMax) return false;
  const names = [...links.slice(Math.max(at, 0)).map((link) => link.name), baseName].join(' -> ');
  report(work.loading, 'compose.reference', wish, `services extend each other in a cycle: ${names}`);
  return true;
}

function notFound(work: Work, target: Layer, layer: Layer, baseName: string, name: string, wish: Node): void {
  const place = target.path === layer.path ? '' : ` in ${shownName(work.loading, target.path)}`;
  const known = [...(target.services?.entries.keys() ?? [])].filter((each) => each !== name);
  const message = `service "${name}" cannot extend "${baseName}": service "${baseName}" not found${place}`;
  report(work.loading, 'compose.reference', get(wish, 'service') ?? wish, message, {
    hint:
      suggest(baseName, known) ??
      (known.length === 0 ? undefined : `services there are ${known.slice(0, 10).join(', ')}`),
  });
}

function layerOf(work: Work, layer: Layer, wish: Node): Layer | undefined {
  const file = get(wish, 'file');
  const name = textOf(file);
  if (name === undefined || file === undefined) return layer;
  if (isRemote(name)) {
    remoteFile(work.loading, name, file);
    return undefined;
  }
  const path = posix.resolve(layer.directory, name);
  if (path === layer.path) return layer;
  if (!work.files.has(path)) work.files.set(path, loadLayer(work, path, file));
  return work.files.get(path);
}

function loadLayer(work: Work, path: string, asked: Node): Layer | undefined {
  const directory = posix.dirname(path);
  const documents = preparedDocuments(
    work.loading,
    { directory, variables: work.variables },
    { path, asked },
  );
  if (documents === undefined) return undefined;
  const [first, ...rest] = documents;
  if (first === undefined) return { path, directory, services: undefined };
  const tree = rest.reduce((base, over) => mergeFiles(work.loading, base, over), settle(first) as MapNode);
  const services = get(tree, 'services');
  return { path, directory, services: services?.kind === 'map' ? services : undefined };
}
