/** A context that was sent, as its build sees it. */
import { posix } from 'node:path';
import type { ContextFile, SentContext } from '../types.ts';
import { contentsDigest, type ContextRows } from './record.ts';

export function sentContext(
  files: readonly ContextFile[],
  rows: ContextRows,
  forget: () => void,
): SentContext {
  let names: ReadonlyMap<string, readonly string[]> | undefined;
  return {
    digest: contentsDigest(files, rows),
    hashOf: (path) => {
      const [, inode, sha256] = rows[path] ?? [];
      return inode === undefined || sha256 === undefined ? undefined : { inode, sha256 };
    },
    namesIn: (folder) => {
      names ??= namesByFolder(files);
      return names.get(folder) ?? [];
    },
    forget,
  };
}

function namesByFolder(files: readonly ContextFile[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { path } of files) {
    const parent = posix.dirname(path);
    const folder = parent === '.' ? '' : parent;
    const others = names.get(folder);
    if (others === undefined) names.set(folder, [posix.basename(path)]);
    else others.push(posix.basename(path));
  }
  for (const each of names.values()) each.sort();
  return names;
}
