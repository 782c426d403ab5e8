/** Blobs: written aside, checked by digest, and only then named. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { atPath, syncFolder, writeAll } from '@orc/disk';
import { type Digest, type Failpoint, fail } from '@orc/model';
import { READ_CHUNK_BYTES } from '../limits.ts';
import type { StorePaths } from './paths.ts';

export type BlobInfo = { readonly digest: Digest; readonly size: number };

export type BlobWriter = {
  write(chunk: Uint8Array): Promise<void>;
  /** Synced and named. With `expected` or `promised`, another digest or size throws `image.invalid` and nothing stays. */
  finish(expected?: BlobInfo, promised?: Digest): Promise<BlobInfo>;
  abort(): Promise<void>;
};

export type Blobs = {
  has(digest: Digest): boolean;
  /** Bytes on disk, `undefined`: not here. */
  sizeOf(digest: Digest): number | undefined;
  path(digest: Digest): string;
  newWriter(): Promise<BlobWriter>;
  /** A path for a blob that a thread writes. */
  newAside(): string;
  /** Names a blob that a thread wrote and synced there; checked as by `finish`, and gone when it is another. */
  adopt(aside: string, found: BlobInfo, expected?: BlobInfo): Promise<BlobInfo>;
  put(data: Uint8Array, expected?: BlobInfo): Promise<BlobInfo>;
  /** Small ones; throws `disk.damaged` when the content does not have this digest. */
  read(digest: Digest, bytesMax: number): Promise<Buffer>;
  list(): Promise<readonly Digest[]>;
};

export const digestOf = (data: Uint8Array): Digest =>
  `sha256:${createHash('sha256').update(data).digest('hex')}` as Digest;

/** `onNew` hears of every blob before it has its name. */
export function openBlobs(paths: StorePaths, failpoint: Failpoint, onNew: (digest: Digest) => void): Blobs {
  const newWriter = (): Promise<BlobWriter> => startWriter(paths, failpoint, onNew);
  return {
    has: (digest) => existsSync(paths.blob(digest)),
    sizeOf: (digest) => statSync(paths.blob(digest), { throwIfNoEntry: false })?.size,
    path: (digest) => paths.blob(digest),
    newWriter,
    newAside: () => join(paths.ingest, randomBytes(12).toString('hex')),
    adopt: async (aside, found, expected) => {
      try {
        checkBlob(found, expected);
        failpoint('image.blob.synced');
        await nameBlob(paths, aside, found.digest, failpoint, onNew);
      } catch (error) {
        await rm(aside, { force: true });
        throw error;
      }
      return found;
    },
    put: async (data, expected) => {
      const writer = await newWriter();
      await writer.write(data);
      return writer.finish(expected);
    },
    read: (digest, bytesMax) => readBlob(paths.blob(digest), digest, bytesMax),
    list: async () =>
      (await readdir(paths.blobs))
        .filter((name) => /^[0-9a-f]{64}$/.test(name))
        .map((name) => `sha256:${name}` as Digest),
  };
}

/** The bytes of a file in order, in large pieces. */
export async function* readFileChunks(path: string): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafe(READ_CHUNK_BYTES),
        0,
        READ_CHUNK_BYTES,
      );
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function startWriter(
  paths: StorePaths,
  failpoint: Failpoint,
  onNew: (digest: Digest) => void,
): Promise<BlobWriter> {
  const aside = join(paths.ingest, randomBytes(12).toString('hex'));
  const file = await open(aside, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  const abort = async (): Promise<void> => {
    await file.close().catch(() => undefined);
    await rm(aside, { force: true });
  };
  return {
    write: async (chunk) => {
      hash.update(chunk);
      const at = size;
      size += chunk.length;
      await writeAll(file, aside, chunk, at);
    },
    finish: async (expected, promised) => {
      const found = { digest: `sha256:${hash.digest('hex')}` as Digest, size };
      try {
        checkBlob(found, expected ?? (promised === undefined ? undefined : { digest: promised, size }));
        await file.datasync().catch(atPath(aside));
        failpoint('image.blob.synced');
        await file.close();
        await nameBlob(paths, aside, found.digest, failpoint, onNew);
      } catch (error) {
        await abort();
        throw error;
      }
      return found;
    },
    abort,
  };
}

async function nameBlob(
  paths: StorePaths,
  aside: string,
  digest: Digest,
  failpoint: Failpoint,
  onNew: (digest: Digest) => void,
): Promise<void> {
  onNew(digest);
  await rename(aside, paths.blob(digest));
  failpoint('image.blob.renamed');
  await syncFolder(paths.blobs);
}

export function checkBlob(found: BlobInfo, expected: BlobInfo | undefined): void {
  if (expected === undefined || (found.digest === expected.digest && found.size === expected.size)) return;
  const what =
    found.size === expected.size
      ? `has digest ${found.digest}`
      : `has ${found.size} bytes instead of ${expected.size}`;
  throw fail('image.invalid', `blob ${expected.digest} ${what}`, {
    hint: 'the registry or the archive is damaged; fetch it again',
  });
}

async function readBlob(path: string, digest: Digest, bytesMax: number): Promise<Buffer> {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined)
    throw fail('disk.damaged', `blob ${digest} is missing`, { hint: 'pull the image again' });
  if (size > bytesMax)
    throw fail('image.invalid', `document ${digest} has ${size} bytes, more than ${bytesMax}`);
  const data = await readFile(path);
  if (digestOf(data) !== digest) {
    throw fail('disk.damaged', `blob ${digest} is damaged on disk`, { hint: 'pull the image again' });
  }
  return data;
}
