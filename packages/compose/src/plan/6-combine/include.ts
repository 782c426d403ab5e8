/**
 * `include`: other compose files, each loaded with its own directory and variables, below the including
 * file.
 */
import { posix } from 'node:path';
import { LIMITS } from '../../limits.ts';
import { envFileOf } from '../1-read/files.ts';
import { remoteFile } from '../1-read/inputs.ts';
import { isRemote } from '../5-canonical/paths.ts';
import { type Loading, report, shownName } from '../loading.ts';
import { type MapNode, type Node, get, seq, textOf, withEntries } from '../node.ts';
import { type Scope, combine } from './combine.ts';
import { mergeFiles } from './merge.ts';

export function applyIncludes(loading: Loading, scope: Scope, document: MapNode): MapNode {
  const wishes = get(document, 'include');
  const own = withEntries(document, { include: undefined });
  const key = document.entries.get('include')?.key;
  if (wishes !== undefined && key !== undefined)
    loading.taken.push({ path: ['include'], key, end: wishes.place.end });
  if (wishes?.kind !== 'seq') return own;
  let base: MapNode | undefined;
  for (const wish of wishes.items) {
    const included = includedTree(loading, scope, wish);
    if (included === undefined) continue;
    const nameless = withEntries(included, { name: undefined, version: undefined });
    base = base === undefined ? nameless : mergeFiles(loading, base, nameless);
  }
  return base === undefined ? own : mergeFiles(loading, base, own);
}

const listOf = (node: Node | undefined): readonly Node[] =>
  node === undefined ? [] : node.kind === 'seq' ? node.items : seq([node], node.place).items;

function includedTree(loading: Loading, scope: Scope, wish: Node): MapNode | undefined {
  const paths = listOf(wish.kind === 'map' ? get(wish, 'path') : wish);
  const names = paths.map((each) => textOf(each) ?? '');
  const remote = paths.filter((each) => isRemote(textOf(each) ?? ''));
  for (const each of remote) remoteFile(loading, textOf(each) ?? '', each);
  if (remote.length > 0 || names.length === 0) return undefined;
  const files = paths.map((asked, index) => ({
    path: posix.resolve(scope.directory, names[index] as string),
    asked,
  }));
  if (files.some(({ path, asked }) => isCycle(loading, scope, path, asked))) return undefined;
  const wished = textOf(get(wish, 'project_directory'));
  const directory =
    wished === undefined
      ? posix.dirname((files[0] as { path: string }).path)
      : posix.resolve(scope.directory, wished);
  const variables = variablesOf(loading, scope, wish, directory);
  const combined = variables && combine(loading, { directory, variables, chain: scope.chain }, files);
  return combined?.partial === false ? combined.tree : undefined;
}

function isCycle(loading: Loading, scope: Scope, path: string, asked: Node): boolean {
  const at = scope.chain.indexOf(path);
  if (at === -1 && scope.chain.length < LIMITS.includeDepthMax) return false;
  const names = [...scope.chain.slice(Math.max(at, 0)), path].map((each) => shownName(loading, each));
  report(loading, 'compose.reference', asked, `include cycle detected: ${names.join(' -> ')}`);
  return true;
}

/** The outer variables win over the included file's own `.env` or env files. */
function variablesOf(
  loading: Loading,
  scope: Scope,
  wish: Node,
  directory: string,
): ReadonlyMap<string, string> | undefined {
  const explicit = listOf(get(wish, 'env_file'));
  const requests =
    explicit.length > 0
      ? explicit.map((asked) => ({
          path: posix.resolve(scope.directory, textOf(asked) ?? ''),
          asked,
          required: true,
        }))
      : [{ path: posix.join(directory, '.env'), asked: wish, required: false }];
  const values = new Map<string, string>();
  for (const request of requests) {
    const lookup = (name: string): string | undefined => scope.variables.get(name) ?? values.get(name);
    const found = envFileOf(loading, { ...request, raw: false, lookup });
    if (found === undefined) return undefined;
    for (const [key, value] of found) values.set(key, value);
  }
  for (const [key, value] of scope.variables) values.set(key, value);
  return values;
}
