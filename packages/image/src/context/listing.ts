/** The list of a context's files, as a client gives it. */
import { dirname, normalize } from 'node:path';
import { fail } from '@orc/model';
import { CONTEXT_FILES_MAX } from '../limits.ts';
import type { ContextFile } from '../types.ts';

/**
 * With every folder that a path lies in, the unlisted ones last, so that the list names all that is to be on the disk
 * and nothing else. Throws `input.invalid` for a path that leaves the context, comes twice or lies in what is no folder.
 */
export function readListing(files: readonly ContextFile[]): readonly ContextFile[] {
  if (files.length > CONTEXT_FILES_MAX)
    throw fail('input.toolarge', `a build context of ${files.length} files; at most ${CONTEXT_FILES_MAX}`, {
      hint: 'name what is not needed in .dockerignore',
    });
  const types = new Map<string, ContextFile['type']>();
  for (const { path, type } of files) {
    if (leaves(path) || types.has(path)) throw fail('input.invalid', badPath(path));
    types.set(path, type);
  }
  const folders = new Set<string>();
  for (const { path } of files) addFolders(dirname(path), types, folders);
  return folders.size === 0 ? files : [...files, ...[...folders].sort().map(unlisted)];
}

function addFolders(
  path: string,
  types: ReadonlyMap<string, ContextFile['type']>,
  folders: Set<string>,
): void {
  for (let folder = path; folder !== '.' && !folders.has(folder); folder = dirname(folder)) {
    const type = types.get(folder);
    if (type === 'directory') continue;
    if (type !== undefined) throw fail('input.invalid', badPath(folder));
    folders.add(folder);
  }
}

const unlisted = (path: string): ContextFile => ({
  path,
  type: 'directory',
  mode: 0o755,
  size: 0,
  mtimeMs: 0,
  fingerprint: 'unlisted',
});

const badPath = (path: string): string => `invalid path in a build context: ${JSON.stringify(path)}`;

const leaves = (path: string): boolean =>
  path === '' ||
  path === '.' ||
  path.endsWith('/') ||
  path.startsWith('/') ||
  path.includes('\0') ||
  normalize(path) !== path ||
  path.split('/').includes('..');
