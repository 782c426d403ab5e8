/** Build contexts that clients send. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, utimesSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { type Clock, fail } from '@orc/model';
import { CONTEXT_FILES_MAX, CONTEXT_PENDING_MS, CONTEXTS_PENDING_MAX } from '../limits.ts';
import { keyed } from '../store/queue.ts';
import type { Uses } from '../store/uses.ts';
import type { Threads } from '../thread/threads.ts';
import type { BuildContext, ContextFile, Contexts, SentContext } from '../types.ts';
import { openArchives } from './archives.ts';
import { placeOthers, sweep } from './place.ts';
import { contentsDigest, type ContextRows, FILES, readRecord, writeRecord } from './record.ts';

type Pending = {
  readonly folder: string;
  readonly files: readonly ContextFile[];
  readonly needed: readonly number[];
  readonly rows: ContextRows;
  /** The folder had all of it, and nothing else. */
  readonly same: boolean;
  readonly openedAt: number;
};

export type OpenContexts = Contexts & {
  /** A client has sent it lately, or is about to, and may ask for a build. */
  readonly isPending: (folder: string) => boolean;
  /** The folder goes: who still means to build from it is told. */
  readonly forget: (folder: string) => void;
  /** Runs `job` while no transfer writes to the folder. */
  readonly locked: <T>(folder: string, job: () => Promise<T>) => Promise<T>;
};

type ContextParts = {
  readonly threads: Threads;
  readonly uses: Uses;
  readonly clock: Pick<Clock, 'now'>;
};

/** `base`: `ROOT/contexts`. */
export function openContexts(base: string, parts: ContextParts): OpenContexts {
  const { threads, uses, clock } = parts;
  const archives = openArchives(base, parts);
  const pending = new Map<string, Pending>();
  const locked = keyed();
  const changes = new Map<string, number>();
  const changed = (folder: string): unknown => changes.set(folder, versionOf(changes, folder) + 1);
  return {
    async open(key, files) {
      checkFiles(files);
      const folder = join(base, createHash('sha256').update(key).digest('hex').slice(0, 32));
      const context = randomBytes(16).toString('hex');
      const opened = await locked(folder, async () => {
        const compared = compare(folder, files, clock);
        if (!compared.same) changed(folder);
        return compared;
      });
      remember(pending, context, opened);
      return { context, needed: opened.needed };
    },
    async fill(context, contents) {
      const found = pending.get(context);
      if (found === undefined) throw fail('notfound.object', `no such build context: ${context}`);
      const { folder, files, needed } = found;
      const input = { input: contents };
      await locked(folder, async () => {
        changed(folder);
        const rows = await threads.run('receive', { folder, files, needed }, input);
        pending.set(context, { ...found, rows });
      });
    },
    unpack: archives.unpack,
    async take(context) {
      if (context === null) return emptyContext(base, uses);
      const unpacked = archives.take(context);
      if (unpacked !== undefined) return unpacked;
      const found = pending.get(context);
      if (found === undefined)
        throw fail('notfound.object', `no such build context: ${context}`, { hint: 'send it first' });
      const release = uses.hold(found.folder);
      utimesSync(found.folder, clock.now() / 1000, clock.now() / 1000);
      const remove = async (): Promise<void> => release();
      const version = versionOf(changes, found.folder);
      const isCurrent = (): boolean => versionOf(changes, found.folder) === version;
      return { folder: join(found.folder, FILES), remove, sent: { ...sentOf(found), isCurrent } };
    },
    isPending: (folder) => {
      if (archives.isPending(folder)) return true;
      const oldest = clock.now() - CONTEXT_PENDING_MS;
      return [...pending.values()].some((each) => each.folder === folder && each.openedAt > oldest);
    },
    forget: (folder) => {
      archives.forget(folder);
      for (const [context, each] of pending) if (each.folder === folder) pending.delete(context);
    },
    locked,
  };
}

/** A client that went away does not say so: the oldest is forgotten. */
function remember(pending: Map<string, Pending>, context: string, opened: Pending): void {
  pending.set(context, opened);
  for (const oldest of pending.keys()) {
    if (pending.size <= CONTEXTS_PENDING_MAX) break;
    pending.delete(oldest);
  }
}

function sentOf({ files, rows }: Pending): Omit<SentContext, 'isCurrent'> {
  return {
    digest: contentsDigest(files, rows),
    hashOf: (path) => {
      const [, inode, sha256] = rows[path] ?? [];
      return inode === undefined || sha256 === undefined ? undefined : { inode, sha256 };
    },
  };
}

function compare(folder: string, files: readonly ContextFile[], clock: Pick<Clock, 'now'>): Pending {
  const base = join(folder, FILES);
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const record = readRecord(folder);
  const known = record?.rows ?? {};
  if (record?.whole !== true) sweep(base, known);
  const rows = keepKnown(folder, known, files);
  const needed = files.flatMap((file, index) =>
    file.type === 'file' && rows[file.path] === undefined ? [index] : [],
  );
  const same = needed.length === 0 && record?.whole === true && isListed(files, rows);
  if (needed.length === 0 && !same) finish(folder, files, rows);
  const openedAt = clock.now();
  return { folder, files, needed, rows, same, openedAt };
}

/** What is not in the new listing, or changed, goes: from the record first, so that it is not believed to be there. */
function keepKnown(folder: string, known: ContextRows, files: readonly ContextFile[]): ContextRows {
  const now = new Map(files.map((file) => [file.path, file]));
  const isSame = (path: string, fingerprint: string): boolean => now.get(path)?.fingerprint === fingerprint;
  const gone = Object.keys(known).filter((path) => !isSame(path, known[path]?.[0] as string));
  if (gone.length === 0) return known;
  const kept = Object.fromEntries(Object.entries(known).filter(([path, [print]]) => isSame(path, print)));
  writeRecord(folder, { whole: false, rows: kept });
  for (const path of gone.sort().reverse())
    if (now.get(path)?.type !== 'directory')
      rmSync(join(folder, FILES, path), { recursive: true, force: true });
  return kept;
}

const isListed = (files: readonly ContextFile[], rows: ContextRows): boolean =>
  files.length === Object.keys(rows).length &&
  files.every(({ path, fingerprint }) => rows[path]?.[0] === fingerprint);

const versionOf = (changes: ReadonlyMap<string, number>, folder: string): number => changes.get(folder) ?? 0;

/** Nothing has to come. */
function finish(folder: string, files: readonly ContextFile[], rows: ContextRows): void {
  placeOthers(join(folder, FILES), files);
  const listed = files.map(({ path, fingerprint }) => [path, rows[path] ?? [fingerprint]] as const);
  writeRecord(folder, { whole: true, rows: Object.fromEntries(listed) });
}

function checkFiles(files: readonly ContextFile[]): void {
  if (files.length > CONTEXT_FILES_MAX)
    throw fail('input.toolarge', `a build context of ${files.length} files; at most ${CONTEXT_FILES_MAX}`, {
      hint: 'name what is not needed in .dockerignore',
    });
  for (const { path } of files) if (leaves(path)) throw fail('input.invalid', badPath(path));
}

const badPath = (path: string): string => `invalid path in a build context: ${JSON.stringify(path)}`;

const leaves = (path: string): boolean =>
  path === '' ||
  path === '.' ||
  path.endsWith('/') ||
  path.startsWith('/') ||
  path.includes('\0') ||
  normalize(path) !== path ||
  path.split('/').includes('..');

async function emptyContext(base: string, uses: Uses): Promise<BuildContext> {
  const folder = join(base, `empty-${randomBytes(8).toString('hex')}`);
  const release = uses.hold(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true }).finally(release);
  return { folder, remove };
}
