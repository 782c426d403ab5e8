/**
 * Build contexts that clients send. A context lies in a folder named by its key; a file whose fingerprint (device,
 * inode, size, times of the sender) is the one of the last time is not sent again.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { ContextFile } from '@orc/api';
import { fail } from '@orc/model';
import type { BuildContext } from '@orc/image';

export type Contexts = {
  open(
    key: string,
    files: readonly ContextFile[],
  ): Promise<{ readonly context: string; readonly needed: readonly number[] }>;
  fill(context: string, contents: AsyncIterable<Uint8Array>): Promise<void>;
  /** `null`: an empty one (`dockerfile_inline` without a context). */
  take(context: string | null): Promise<BuildContext>;
};

type Pending = {
  readonly folder: string;
  readonly files: readonly ContextFile[];
  readonly needed: readonly number[];
};
type Known = Readonly<Record<string, string>>;

const FILES_MAX = 1_000_000;
/** Transfers that are remembered; a client that went away does not say so. */
const PENDING_MAX = 256;
const MANIFEST = 'context.json';
const FILES = 'files';

export function openContexts(root: string): Contexts {
  const base = join(root, 'contexts');
  const pending = new Map<string, Pending>();
  const locked = turns();
  const remember = (context: string, found: Pending): void => {
    pending.set(context, found);
    for (const oldest of pending.keys()) {
      if (pending.size <= PENDING_MAX) break;
      pending.delete(oldest);
    }
  };
  return {
    async open(key, files) {
      if (files.length > FILES_MAX)
        throw fail('input.toolarge', `a build context of ${files.length} files; at most ${FILES_MAX}`, {
          hint: 'name what is not needed in .dockerignore',
        });
      for (const file of files) checkPath(file.path);
      const folder = join(base, createHash('sha256').update(key).digest('hex').slice(0, 32));
      const context = randomBytes(16).toString('hex');
      const opened = await locked(folder, () => compare(folder, files));
      remember(context, opened);
      return { context, needed: opened.needed };
    },
    async fill(context, contents) {
      const found = pending.get(context);
      if (found === undefined) throw fail('notfound.object', `no such build context: ${context}`);
      await locked(found.folder, async () => {
        await finish({ ...found, needed: await receive(found, contents) });
      });
    },
    async take(context) {
      if (context === null) return emptyContext(base);
      const found = pending.get(context);
      if (found === undefined)
        throw fail('notfound.object', `no such build context: ${context}`, { hint: 'send it first' });
      return { folder: join(found.folder, FILES), remove: () => Promise.resolve() };
    },
  };
}

async function compare(folder: string, files: readonly ContextFile[]): Promise<Pending> {
  await mkdir(join(folder, FILES), { recursive: true, mode: 0o700 });
  const known = await readKnown(folder);
  await removeStrangers(folder, known, files);
  const needed = files.flatMap((file, index) =>
    file.type === 'file' && known[file.path] !== file.fingerprint ? [index] : [],
  );
  const opened = { folder, files, needed };
  if (needed.length === 0) await finish(opened);
  return opened;
}

/** Services that share a context send it at the same time: one after the other for each folder. */
function turns(): <T>(folder: string, act: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return (folder, act) => {
    const turn = (tails.get(folder) ?? Promise.resolve()).then(act);
    const tail = turn
      .catch(() => undefined)
      .then(() => {
        if (tails.get(folder) === tail) tails.delete(folder);
      });
    tails.set(folder, tail);
    return turn;
  };
}

function checkPath(path: string): void {
  const bad =
    path === '' ||
    path.startsWith('/') ||
    path.includes('\0') ||
    normalize(path) !== path ||
    path.split('/').includes('..');
  if (bad) throw fail('input.invalid', `invalid path in a build context: ${JSON.stringify(path)}`);
}

async function emptyContext(base: string): Promise<BuildContext> {
  const folder = join(base, `empty-${process.hrtime.bigint()}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

const readKnown = async (folder: string): Promise<Known> =>
  readFile(join(folder, MANIFEST), 'utf8').then(
    (text) => JSON.parse(text) as Known,
    () => ({}),
  );

/** What is not in the new listing, or changed its type, goes first. */
async function removeStrangers(folder: string, known: Known, files: readonly ContextFile[]): Promise<void> {
  const now = new Map(files.map((file) => [file.path, file]));
  const gone = Object.entries(known).filter(
    ([path, fingerprint]) => now.get(path)?.fingerprint !== fingerprint,
  );
  for (const [path] of gone.sort(([a], [b]) => (a < b ? 1 : -1))) {
    if (now.get(path)?.type === 'directory') continue;
    await rm(join(folder, FILES, path), { recursive: true, force: true });
  }
}

/**
 * What another transfer has brought since the listing is taken off the stream and left as it is: a build may be reading
 * it. Returns what was written.
 */
async function receive(
  { folder, files, needed }: Pending,
  contents: AsyncIterable<Uint8Array>,
): Promise<readonly number[]> {
  const reader = exactly(contents);
  const known = await readKnown(folder);
  const isFresh = (file: ContextFile): boolean => known[file.path] !== file.fingerprint;
  const fresh = needed.filter((index) => isFresh(files[index] as ContextFile));
  const plain = plainFolders(join(folder, FILES));
  for (const index of needed) {
    const file = files[index] as ContextFile;
    if (!isFresh(file)) {
      for await (const _ of reader(file.size));
      continue;
    }
    const path = join(folder, FILES, file.path);
    await plain(dirname(file.path));
    const aside = join(folder, `incoming-${process.hrtime.bigint()}`);
    const handle = await open(aside, 'wx', 0o600);
    try {
      for await (const chunk of reader(file.size)) await handle.writeFile(chunk);
    } finally {
      await handle.close();
    }
    await place(aside, path);
  }
  return fresh;
}

/** In one step, since a build may read it meanwhile; and never through a link. */
async function place(aside: string, path: string): Promise<void> {
  await rename(aside, path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EISDIR') throw error;
    await rm(path, { recursive: true, force: true });
    await rename(aside, path);
  });
}

/**
 * Makes folders without a link on the way: a transfer of another listing, cut off, may have left one where this has a
 * folder, and what follows it would be written wherever it leads.
 */
function plainFolders(base: string): (path: string) => Promise<void> {
  const done = new Set(['.']);
  return async function plain(path) {
    if (done.has(path)) return;
    await plain(dirname(path));
    const at = join(base, path);
    const found = await lstat(at).catch(() => undefined);
    if (found !== undefined && !found.isDirectory()) await rm(at, { force: true });
    if (found?.isDirectory() !== true) await mkdir(at, { recursive: true });
    done.add(path);
  };
}

/** Cuts a stream into pieces of known sizes. */
function exactly(contents: AsyncIterable<Uint8Array>): (size: number) => AsyncIterable<Uint8Array> {
  const source = contents[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  return async function* (size) {
    let missing = size;
    while (missing > 0) {
      if (rest.length === 0) {
        const next = await source.next();
        if (next.done) throw fail('input.invalid', 'the build context ended too early', { retry: true });
        rest = next.value;
        continue;
      }
      const piece = rest.subarray(0, missing);
      rest = rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  };
}

/** Folders, links, modes and times; then the manifest, so that an interrupted transfer is sent again. */
async function finish({ folder, files, needed }: Pending): Promise<void> {
  const fresh = new Set(needed);
  const plain = plainFolders(join(folder, FILES));
  for (const [index, file] of files.entries()) {
    const path = join(folder, FILES, file.path);
    await plain(file.type === 'directory' ? file.path : dirname(file.path));
    if (file.type === 'symlink') await relink(path, file.linkname ?? '');
    if (file.type !== 'file' || !fresh.has(index)) continue;
    await chmod(path, file.mode);
    await utimes(path, file.mtimeMs / 1000, file.mtimeMs / 1000);
  }
  for (const file of files)
    if (file.type === 'directory') await restore(join(folder, FILES, file.path), file.mode);
  const text = JSON.stringify(Object.fromEntries(files.map((file) => [file.path, file.fingerprint])));
  await writeFile(join(folder, `${MANIFEST}.tmp`), text, { mode: 0o600 });
  await rename(join(folder, `${MANIFEST}.tmp`), join(folder, MANIFEST));
}

/** A change of mode is a change that a build under way would see. */
async function restore(path: string, mode: number): Promise<void> {
  if (((await lstat(path)).mode & 0o7777) !== mode) await chmod(path, mode);
}

async function relink(path: string, target: string): Promise<void> {
  if ((await readlink(path).catch(() => undefined)) === target) return;
  await rm(path, { force: true });
  await symlink(target, path);
}
