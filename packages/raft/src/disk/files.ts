/** The real disk. An append is one write through O_DSYNC: one trip through the thread pool, durable when it returns. */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import type { Disk, DiskFile } from '../types.ts';

export const fileDisk = (): Disk => ({
  makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: 0o700 })),
  list: (folder) => readdir(folder).catch(absent([])),
  read: (path) => readFile(path).catch(absent(undefined)),
  create: async (path) => fileOf(await open(path, 'w', 0o600), false),
  open: async (path) => fileOf(await open(path, constants.O_RDWR | constants.O_DSYNC), true),
  rename,
  remove: (path) => unlink(path).catch(absent(undefined)),
  syncFolder,
});

const absent =
  <T>(value: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };

const fileOf = (handle: FileHandle, synchronous: boolean): DiskFile => ({
  write: (at, bytes) => writeAll(handle, at, bytes),
  append: async (at, bytes) => {
    await writeAll(handle, at, bytes);
    if (!synchronous) await handle.datasync();
  },
  sync: () => handle.sync(),
  close: () => handle.close(),
});

async function writeAll(handle: FileHandle, at: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
