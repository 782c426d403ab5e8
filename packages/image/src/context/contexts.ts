/** Build contexts that clients send. */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, fail } from '@orc/model';
import { CONTEXT_COPIES_MAX, CONTEXT_PENDING_MS, CONTEXTS_PENDING_MAX } from '../limits.ts';
import { keyed } from '../store/queue.ts';
import type { Uses } from '../store/uses.ts';
import type { Threads } from '../thread/threads.ts';
import type { BuildContext, ContextFile, Contexts } from '../types.ts';
import { openArchives } from './archives.ts';
import { inodeOf } from './inode.ts';
import { readListing } from './listing.ts';
import { placeOthers, sweep, withFolders } from './place.ts';
import { type ContextRecord, type ContextRows, FILES, readRecord, writeRecord } from './record.ts';
import { sentContext } from './sent.ts';

type Pending = {
  readonly folder: string;
  readonly files: readonly ContextFile[];
  readonly needed: readonly number[];
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

/**
 * `base`: `ROOT/contexts`. What a build has taken stays as it is until it lets go: another listing of the same context is
 * laid out in another folder meanwhile.
 */
export function openContexts(base: string, parts: ContextParts): OpenContexts {
  const { threads, uses, clock } = parts;
  const archives = openArchives(base, parts);
  const pending = new Map<string, Pending>();
  const locked = keyed();
  const isTaken = (folder: string, files: readonly ContextFile[]): boolean =>
    uses.has(folder) && wholeRows(folder, files) === undefined;
  return {
    async open(key, given) {
      const files = readListing(given);
      const context = randomBytes(16).toString('hex');
      for (const folder of foldersOf(base, key)) {
        const needed = await locked(folder, async () =>
          isTaken(folder, files) ? undefined : compare(folder, files),
        );
        if (needed === undefined) continue;
        remember(pending, context, { folder, files, needed, openedAt: clock.now() });
        return { context, needed };
      }
      throw fail('conflict.inuse', `${CONTEXT_COPIES_MAX} builds of this context run already`, {
        hint: 'build again once one of them has ended',
        retry: true,
      });
    },
    async fill(context, contents) {
      const found = pending.get(context);
      if (found === undefined) throw fail('notfound.object', `no such build context: ${context}`);
      const { folder, files, needed } = found;
      await locked(folder, async () => {
        if (isTaken(folder, files)) throw changedMeanwhile();
        await threads.run('receive', { folder, files, needed }, { input: contents });
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
      return locked(found.folder, async () => takeSent(found, parts));
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

/** What the record says is there, and not what was true when the listing came. */
function takeSent({ folder, files }: Pending, { uses, clock }: ContextParts): BuildContext {
  const rows = wholeRows(folder, files);
  if (rows === undefined) throw changedMeanwhile();
  const release = uses.hold(folder);
  utimesSync(folder, clock.now() / 1000, clock.now() / 1000);
  const forget = (): void => writeRecord(folder, { whole: false, rows: {} });
  const remove = async (): Promise<void> => release();
  return { folder: join(folder, FILES), remove, sent: sentContext(files, rows, forget) };
}

const changedMeanwhile = (): Error =>
  fail('conflict.inuse', 'another transfer has changed this build context meanwhile', {
    hint: 'build again',
    retry: true,
  });

function* foldersOf(base: string, key: string): Generator<string> {
  const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
  yield join(base, name);
  for (let copy = 1; copy < CONTEXT_COPIES_MAX; copy += 1) yield join(base, `${name}-${copy}`);
}

/** Of a folder that holds all of the listing, and nothing else. */
function wholeRows(folder: string, files: readonly ContextFile[]): ContextRows | undefined {
  const record = readRecord(folder);
  return record?.whole === true && isListed(files, record.rows) ? record.rows : undefined;
}

/** Makes room for the listing; which contents have to come, by index. */
function compare(folder: string, files: readonly ContextFile[]): readonly number[] {
  const base = join(folder, FILES);
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const record = ownRecord(folder);
  const known = record?.rows ?? {};
  if (record?.whole !== true) sweep(base, known);
  const rows = keepKnown(folder, known, files);
  const needed = files.flatMap((file, index) =>
    file.type === 'file' && rows[file.path] === undefined ? [index] : [],
  );
  const same = record?.whole === true && isListed(files, known);
  if (needed.length === 0 && !same) finish(folder, files, rows);
  return needed;
}

/** `undefined` also where the files were put there by somebody else, such as who restores a backup: all come again. */
function ownRecord(folder: string): ContextRecord | undefined {
  const record = readRecord(folder);
  const first = Object.entries(record?.rows ?? {}).find(([, [, inode]]) => inode !== undefined);
  if (first === undefined) return record;
  const [path, [, inode]] = first;
  const stats = lstatSync(join(folder, FILES, path), { bigint: true, throwIfNoEntry: false });
  return stats !== undefined && inodeOf(stats) === inode ? record : undefined;
}

/**
 * What is not in the new listing, or changed, goes: from the record first, so that it is not believed to be there. A
 * folder goes with all that is in it, so only where the listing has nothing there.
 */
function keepKnown(folder: string, known: ContextRows, files: readonly ContextFile[]): ContextRows {
  const now = new Map(files.map((file) => [file.path, file]));
  const isSame = (path: string, fingerprint: string): boolean => now.get(path)?.fingerprint === fingerprint;
  const gone = Object.keys(known).filter((path) => !isSame(path, known[path]?.[0] as string));
  if (gone.length === 0) return known;
  const kept = Object.fromEntries(Object.entries(known).filter(([path, [print]]) => isSame(path, print)));
  writeRecord(folder, { whole: false, rows: kept });
  for (const path of withFolders(gone).sort().reverse())
    if (now.get(path)?.type !== 'directory')
      rmSync(join(folder, FILES, path), { recursive: true, force: true });
  return kept;
}

const isListed = (files: readonly ContextFile[], rows: ContextRows): boolean =>
  files.length === Object.keys(rows).length &&
  files.every(({ path, fingerprint }) => rows[path]?.[0] === fingerprint);

/** Nothing has to come. */
function finish(folder: string, files: readonly ContextFile[], rows: ContextRows): void {
  placeOthers(join(folder, FILES), files);
  const listed = files.map(({ path, fingerprint }) => [path, rows[path] ?? [fingerprint]] as const);
  writeRecord(folder, { whole: true, rows: Object.fromEntries(listed) });
}

async function emptyContext(base: string, uses: Uses): Promise<BuildContext> {
  const folder = join(base, `empty-${randomBytes(8).toString('hex')}`);
  const release = uses.hold(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true }).finally(release);
  return { folder, remove };
}
