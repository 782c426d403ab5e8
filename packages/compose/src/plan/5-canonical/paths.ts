/**
 * Relative paths to absolute ones: from the directory of the file that says them, `~` from the user's home.
 */
import { posix } from 'node:path';
import { type Node, mapAt, scalar } from '../node.ts';
import type { FormContext } from './canonical.ts';

/** Without the flag `i`, which costs milliseconds when it is first compiled. */
const URL =
  /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:\/\/|git@|github\.com\/|(?:service|docker-image|oci-layout|target):)/;

export const isRemote = (path: string): boolean => URL.test(path);
export const isWindowsPath = (path: string): boolean => /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path);

export function absolute(path: string, baseDir: string, home: string | undefined): string {
  if (home !== undefined && (path === '~' || path.startsWith('~/'))) return posix.join(home, path.slice(1));
  return isWindowsPath(path) ? path : posix.resolve(baseDir, path);
}

/** As the file is to have it: absolute, unless paths are to stay as they were written. */
export const pathOf = ({ loading, baseDir }: FormContext, path: string): string =>
  loading.resolvePaths ? absolute(path, baseDir, loading.home) : path;

/** A local path or something remote, which stays as it is. */
export function relativePath(context: FormContext, node: Node): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || isRemote(node.value)) return node;
  if (!context.loading.interpolate && node.value.startsWith('$')) return node;
  return { ...node, value: pathOf(context, node.value) };
}

export function filePath(context: FormContext, node: Node): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.value === '') return node;
  return scalar(pathOf(context, node.value), node.place);
}

/** `build: path` is a context alone. */
export const buildContext = (_context: FormContext, node: Node): Node =>
  node.kind !== 'scalar' || node.value === null ? node : mapAt(node.place, { context: node.value });
