/** `env_file` below `environment`, `label_file` below `labels`. */
import { posix } from 'node:path';
import { envFileOf } from '../1-read/files.ts';
import type { Loading } from '../loading.ts';
import {
  type Entry,
  type MapNode,
  type Node,
  get,
  mapOf,
  mapValues,
  scalar,
  textOf,
  withEntries,
} from '../node.ts';

export function applyEnvFiles(
  loading: Loading,
  services: MapNode,
  variables: ReadonlyMap<string, string>,
  directory: string,
): MapNode {
  return mapValues(services, (service) => {
    if (service.kind !== 'map') return service;
    const withEnvironment = fileValues(loading, service, 'env_file', 'environment', variables, directory);
    return fileValues(loading, withEnvironment, 'label_file', 'labels', variables, directory);
  });
}

function fileValues(
  loading: Loading,
  service: MapNode,
  from: 'env_file' | 'label_file',
  into: 'environment' | 'labels',
  variables: ReadonlyMap<string, string>,
  directory: string,
): MapNode {
  const files = get(service, from);
  if (files?.kind !== 'seq') return service;
  const values = new Map<string, string>();
  const entries = new Map<string, Entry>();
  for (const file of files.items) {
    const found = valuesOf(loading, directory, file, (name) => values.get(name) ?? variables.get(name));
    for (const [key, value] of found ?? []) {
      values.set(key, value);
      entries.set(key, { key: file.place, value: scalar(value, file.place) });
    }
  }
  const own = get(service, into);
  if (own?.kind === 'map') for (const [key, entry] of own.entries) entries.set(key, entry);
  const merged = entries.size === 0 ? undefined : mapOf(entries, own?.place ?? files.place);
  return withEntries(service, { [from]: undefined, [into]: merged ?? own });
}

function valuesOf(
  loading: Loading,
  directory: string,
  file: Node,
  lookup: (name: string) => string | undefined,
): ReadonlyMap<string, string> | undefined {
  const path = textOf(file) ?? textOf(get(file, 'path'));
  if (path === undefined) return undefined;
  const required = get(file, 'required');
  return envFileOf(loading, {
    path: posix.resolve(directory, path),
    asked: get(file, 'path') ?? file,
    required: !(required?.kind === 'scalar' && required.value === false),
    raw: textOf(get(file, 'format')) === 'raw',
    lookup,
  });
}
