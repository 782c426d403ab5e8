/**
 * Content hashes of files, remembered by what the kernel says of them: as long as device, inode, size,
 * mtime and ctime are the same, so are the bytes (ctime cannot be set back by a program). What changed just
 * now is hashed again.
 */
import { createHash, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inodeOf } from '../../context/inode.ts';
import type { BuildInternals } from '../../store/internals.ts';
import type { SentContext } from '../../types.ts';
import { HASH_RECORDS_MAX, HASH_ROWS_PER_RECORD, HASH_SETTLED_MS, SMALL_FILE_BYTES } from '../limits.ts';
import { eachChunk, withFile } from './reading.ts';
import type { Slices } from './slices.ts';
import type { TreeEntry } from './tree.ts';

export type FileHashes = {
  /** SHA-256 of a file's bytes, base64url. */
  of(entry: TreeEntry): Promise<string>;
  /** Remembers what was asked for since the start. */
  save(): Promise<void>;
};

type HashStore = Pick<BuildInternals, 'cacheGet' | 'cachePut' | 'clock'>;

/**
 * `name`: of the folder that the files lie in; absent: nothing is remembered. What a client has sent was hashed as it
 * came.
 */
export function openHashes(store: HashStore, pause: Slices, name?: string, sent?: SentContext): FileHashes {
  let known: Promise<Map<string, string>> | undefined;
  const seen = new Map<string, string>();
  let changed = false;
  return {
    of: async (entry) => {
      const came = sent?.hashOf(entry.path);
      if (came !== undefined && came.inode === inodeOf(entry.stats)) return came.sha256;
      known ??= name === undefined ? Promise.resolve(new Map()) : load(store, name);
      const key = identity(entry);
      const found = (await known).get(key);
      const digest = found ?? (await hashFile(entry, pause));
      if (found === undefined && !isSettled(entry, store.clock.now())) return digest;
      changed ||= found === undefined;
      seen.set(key, digest);
      return digest;
    },
    save: async () => {
      if (name === undefined || known === undefined || !changed) return;
      await remember(store, name, withOthers(seen, await known));
    },
  };
}

/** Those of other targets stay too, as many again: what is gone from the folder is forgotten in time. */
function withOthers(
  seen: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const others = [...known].filter(([key]) => !seen.has(key));
  return new Map([...seen, ...others.slice(0, Math.max(seen.size, HASH_ROWS_PER_RECORD - seen.size))]);
}

const identity = ({ stats }: TreeEntry): string =>
  `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;

const isSettled = ({ stats }: TreeEntry, nowMs: number): boolean =>
  Number(stats.ctimeNs / 1_000_000n) < nowMs - HASH_SETTLED_MS;

function hashFile(entry: TreeEntry, pause: Slices): Promise<string> {
  return withFile(entry, async (fd) => {
    if (entry.stats.size <= SMALL_FILE_BYTES) return hash('sha256', readFileSync(fd), 'base64url');
    const sum = createHash('sha256');
    await eachChunk(fd, pause, (chunk) => sum.update(chunk));
    return sum.digest('base64url');
  });
}

const recordKey = (name: string, index: number): string => `file-hashes\0${name}\0${index}`;

async function load(store: HashStore, name: string): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (let index = 0; index < HASH_RECORDS_MAX; index += 1) {
    const record = await store.cacheGet(recordKey(name, index));
    if (typeof record?.value !== 'string') break;
    for (const row of record.value.split('\n')) {
      const at = row.lastIndexOf(' ');
      known.set(row.slice(0, at), row.slice(at + 1));
    }
  }
  return known;
}

async function remember(store: HashStore, name: string, seen: ReadonlyMap<string, string>): Promise<void> {
  const rows = [...seen].map(([key, digest]) => `${key} ${digest}`);
  const records = Math.min(HASH_RECORDS_MAX, Math.ceil(rows.length / HASH_ROWS_PER_RECORD));
  for (let index = 0; index < records; index += 1) {
    const part = rows.slice(index * HASH_ROWS_PER_RECORD, (index + 1) * HASH_ROWS_PER_RECORD);
    await store.cachePut(recordKey(name, index), part.join('\n'), []);
  }
  if (records < HASH_RECORDS_MAX && rows.length > 0) await store.cachePut(recordKey(name, records), null, []);
}
