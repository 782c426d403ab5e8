/**
 * What the sources of COPY and ADD name in a tree: the entries to copy, each with its path at the
 * destination.
 */
import { posix } from 'node:path';
import { fail } from '@orc/model';
import { inodeOf } from '../../context/inode.ts';
import type { SentContext } from '../../types.ts';
import { COPY_ENTRIES_MAX } from '../limits.ts';
import { type ContextFilter, readIgnore } from '../plan/context-filter.ts';
import type { CopyWork } from '../plan/evaluate.ts';
import { globRegex, hasWildcard } from '../plan/pattern.ts';
import type { Slices } from './slices.ts';
import { child, lookup, namesIn, rootOf, type Tree, type TreeEntry } from './tree.ts';

export type Selected = {
  /** Below the destination; '' is the destination itself, for a source that is a file. */
  readonly target: string;
  readonly entry: TreeEntry;
  /** A source itself, not something in one. */
  readonly direct: boolean;
};
export type Selection = {
  readonly rows: readonly Selected[];
  /** The destination has to be a directory: a directory's contents, or more than one match, go into it. */
  readonly folder: boolean;
};

export type Scan = {
  readonly tree: Tree;
  readonly filter: ContextFilter;
  /** Sockets are left out and devices refused: of a context, where they are accidents. */
  readonly plainOnly: boolean;
  /**
   * Of a context that a client sent. The cache knows it by what was sent, so what is there has to be that: what is read
   * and is not as it came ends the build.
   */
  readonly sent?: SentContext;
  readonly pause: Slices;
};

export async function select(work: CopyWork, scan: Scan): Promise<Selection> {
  const exclude = readIgnore(work.exclude.join('\n'));
  const rows: Selected[] = [];
  let matches = 0;
  let contents = false;
  for (const source of work.sources) {
    const found = matchesOf(source, scan);
    if (found.length === 0) throw missing(source, scan);
    matches += found.length;
    for (const { entry, name } of found) {
      const prefix = work.parents ? addParents(source, name, entry, scan, rows) : '';
      const inner: Walk = { scan, exclude, rows, strip: entry.path, prefix };
      contents ||= entry.kind === 'directory';
      if (entry.kind === 'directory') await walk(entry, inner);
      else if (exclude.includes(name)) add(inner, entry, work.parents ? prefix : name, true);
    }
  }
  return { rows, folder: contents || matches > 1 };
}

type Match = { readonly entry: TreeEntry /** Its last component as written. */; readonly name: string };

function matchesOf(source: string, scan: Scan): readonly Match[] {
  if (scan.tree.folders.length === 0) return [];
  const parts = posix
    .join('/', source)
    .split('/')
    .filter((part) => part !== '');
  let found: readonly Match[] = [{ entry: rootOf(scan.tree), name: '' }];
  for (const part of parts) found = found.flatMap((match) => step(part, match, scan));
  return found.filter(({ entry }) => isVisible(entry, scan));
}

function step(part: string, from: Match, scan: Scan): readonly Match[] {
  if (from.entry.kind !== 'directory') return [];
  const names = hasWildcard(part) ? matching(part, namesOf(from.entry, scan)) : [part];
  return names.flatMap((name) => {
    const entry = lookup(scan.tree, `${from.entry.path}/${name}`);
    return entry === undefined ? [] : [{ entry, name }];
  });
}

function matching(pattern: string, names: readonly string[]): readonly string[] {
  const regex = globRegex(pattern);
  if (regex === undefined)
    throw fail('build.failed', `${pattern} is no pattern`, { hint: 'close the [, or write \\[' });
  return names.filter((name) => regex.test(name));
}

function namesOf(folder: TreeEntry, { sent }: Scan): readonly string[] {
  const names = namesIn(folder);
  if (sent !== undefined && names.join('/') !== sent.namesIn(folder.path).join('/'))
    throw notAsSent(folder, sent);
  return names;
}

function mustBeAsSent(entry: TreeEntry, { sent }: Scan): void {
  if (sent === undefined) return;
  const came = sent.hashOf(entry.path);
  const isFile = entry.kind === 'file';
  if (isFile ? came?.inode !== inodeOf(entry.stats) : came !== undefined) throw notAsSent(entry, sent);
}

function notAsSent({ path }: TreeEntry, sent: SentContext): Error {
  sent.forget();
  return fail('build.failed', `/${path} of the build context is not as it was sent any more`, {
    hint: 'build again: all of it is sent then',
    retry: true,
  });
}

const isVisible = (entry: TreeEntry, scan: Scan): boolean =>
  entry.path === '' ||
  scan.filter.includes(entry.path) ||
  (entry.kind === 'directory' && hasVisible(entry, scan));

/** Whether a pattern brings anything back below an excluded directory. */
function hasVisible(folder: TreeEntry, scan: Scan): boolean {
  if (!scan.filter.reincludes) return false;
  return namesOf(folder, scan).some((name) => {
    const entry = child(scan.tree, folder, name);
    return entry !== undefined && isVisible(entry, scan);
  });
}

function missing(source: string, scan: Scan): Error {
  const excluded =
    !hasWildcard(source) && scan.tree.folders.length > 0 && lookup(scan.tree, source) !== undefined;
  const hint = excluded
    ? 'it is there, but .dockerignore excludes it'
    : 'the path is relative to the build context, or to the root of the stage or image named with --from';
  return fail('build.failed', `${source} is not found`, { hint });
}

type Walk = {
  readonly scan: Scan;
  readonly exclude: ContextFilter;
  readonly rows: Selected[];
  /** What is cut off paths, and put before them instead. */
  readonly strip: string;
  readonly prefix: string;
};

async function walk(folder: TreeEntry, inner: Walk): Promise<void> {
  for (const name of namesOf(folder, inner.scan)) {
    await inner.scan.pause();
    const entry = child(inner.scan.tree, folder, name);
    if (entry === undefined) continue;
    const relative = inner.strip === '' ? entry.path : entry.path.slice(inner.strip.length + 1);
    if (entry.kind === 'directory') await walkFolder(entry, relative, inner);
    else if (inner.scan.filter.includes(entry.path) && inner.exclude.includes(relative))
      add(inner, entry, posix.join(inner.prefix, relative));
  }
}

/** A directory that is excluded still comes along when something in it does not stay out. */
async function walkFolder(folder: TreeEntry, relative: string, inner: Walk): Promise<void> {
  const { filter } = inner.scan;
  const included = filter.includes(folder.path) && inner.exclude.includes(relative);
  if (!included && !filter.reincludes && !inner.exclude.reincludes) return;
  const before = inner.rows.length;
  add(inner, folder, posix.join(inner.prefix, relative));
  await walk(folder, inner);
  if (!included && inner.rows.length === before + 1) inner.rows.pop();
}

function add(inner: Walk, entry: TreeEntry, target: string, direct = false): void {
  if (inner.rows.length >= COPY_ENTRIES_MAX) {
    throw fail('input.toolarge', `more than ${COPY_ENTRIES_MAX} files to copy`, {
      hint: 'exclude some in .dockerignore',
    });
  }
  if (entry.kind === 'other' && inner.scan.plainOnly) {
    if (entry.stats.isSocket()) return;
    throw fail('build.failed', `${entry.path} is a device or a pipe`, {
      hint: 'exclude it in .dockerignore',
    });
  }
  mustBeAsSent(entry, inner.scan);
  inner.rows.push({ target, entry, direct });
}

/**
 * `--parents`: the directories above the source come along, those behind `/./` only. Returns the source's
 * own path.
 */
function addParents(source: string, name: string, entry: TreeEntry, scan: Scan, rows: Selected[]): string {
  const at = source.indexOf('/./');
  const cut = at === -1 ? '' : posix.join('/', source.slice(0, at)).slice(1);
  const whole = posix.join(posix.dirname(entry.path), name);
  const kept = cut === '' ? whole : posix.relative(cut, whole);
  const parts = kept.split('/');
  const last = entry.kind === 'directory' ? parts.length : parts.length - 1;
  for (let length = 1; length <= last; length += 1) {
    const target = parts.slice(0, length).join('/');
    const folder = lookup(scan.tree, posix.join('/', cut, target));
    if (folder?.kind === 'directory') rows.push({ target, entry: folder, direct: false });
  }
  return kept;
}
