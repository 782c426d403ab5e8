/**
 * Phase 6: files to one tree: each one's documents, what they include and extend, later ones over earlier
 * ones.
 */
import { documentsOf } from '../1-read/files.ts';
import { interpolate } from '../3-interpolate/interpolate.ts';
import { validate } from '../4-validate/validate.ts';
import { canonical } from '../5-canonical/canonical.ts';
import type { Loading } from '../loading.ts';
import { type MapNode, type Node, type Place, mapOf, withEntries } from '../node.ts';
import { applyExtends } from './extends.ts';
import { applyIncludes } from './include.ts';
import { mergeFiles, settle } from './merge.ts';
import { resolveScope } from './scope.ts';

/** What belongs together: the files of the command line, or those of one include. */
export type Scope = {
  /** What relative paths start from. */
  readonly directory: string;
  readonly variables: ReadonlyMap<string, string>;
  /** Files that lead here through includes. */
  readonly chain: readonly string[];
};

export type FileRequest = { readonly path: string; readonly asked: Node | Place | undefined };

export type Combined = {
  readonly tree: MapNode;
  /** A file could not be used: what the others say may refer to it. */
  readonly partial: boolean;
};

/** Undefined when no file could be used. */
export function combine(loading: Loading, scope: Scope, files: readonly FileRequest[]): Combined | undefined {
  let result: MapNode | undefined;
  let partial = false;
  for (const file of files) {
    const tree = fileTree(loading, scope, file, result);
    if (tree === undefined) partial = true;
    else result = tree;
  }
  return result === undefined ? undefined : { tree: resolveScope(loading, result, scope), partial };
}

function fileTree(
  loading: Loading,
  scope: Scope,
  file: FileRequest,
  before: MapNode | undefined,
): MapNode | undefined {
  const documents = preparedDocuments(loading, scope, file);
  if (documents === undefined) return undefined;
  let result = before;
  for (const document of documents) {
    const extended = applyExtends(loading, scope, document, file.path, result);
    const whole = applyIncludes(loading, { ...scope, chain: [...scope.chain, file.path] }, extended);
    result = result === undefined ? (settle(whole) as MapNode) : mergeFiles(loading, result, whole);
  }
  const source = loading.sources.get(file.path);
  return result ?? (source && mapOf([], { source, start: 0, end: 0 }));
}

/** Phases 2 to 5 for one file. */
export function preparedDocuments(
  loading: Loading,
  scope: Pick<Scope, 'directory' | 'variables'>,
  file: FileRequest,
): readonly MapNode[] | undefined {
  const documents = documentsOf(loading, file.path, file.asked);
  return documents?.map((document) => {
    const tree = loading.interpolate ? interpolate(loading, document, scope.variables) : document;
    validate(loading, tree);
    return canonical(loading, mappingsOnly(tree), scope.directory);
  });
}

const SECTIONS = ['services', 'networks', 'volumes', 'secrets', 'configs', 'models'];

/**
 * After the problem has been reported: sections and services of a wrong type are left out, so that the rest
 * can be checked.
 */
function mappingsOnly(tree: MapNode): MapNode {
  const changes: Record<string, Node | undefined> = {};
  for (const section of SECTIONS) {
    const value = tree.entries.get(section)?.value;
    if (value === undefined || value.tag === 'reset') continue;
    if (value.kind !== 'map') changes[section] = undefined;
    else if (section === 'services') changes[section] = servicesOnly(value);
  }
  return Object.keys(changes).length === 0 ? tree : withEntries(tree, changes);
}

function servicesOnly(services: MapNode): MapNode {
  const entries = [...services.entries].filter(
    ([, { value }]) => value.kind === 'map' || value.tag === 'reset',
  );
  return entries.length === services.entries.size ? services : { ...services, entries: new Map(entries) };
}
