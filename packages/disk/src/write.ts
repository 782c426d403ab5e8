/** Every file is written aside and renamed: whoever reads it has the whole of it, or the one before. All are 0600. */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fsync,
  fsyncSync,
  openSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const FILE_MODE = 0o600;

const sync = promisify(fdatasync);
const syncAll = promisify(fsync);

/**
 * It survives a power loss when this resolves. Small calls take microseconds; through the thread pool they would wait
 * behind the syncs of others, so that only the syncs go there.
 */
export async function writeDurable(path: string, data: string | Uint8Array): Promise<void> {
  const fd = openAside(path);
  try {
    fill(fd, path, data);
    await sync(fd).catch(atPath(asideOf(path)));
  } finally {
    closeSync(fd);
  }
  renameSync(asideOf(path), path);
  await syncFolder(dirname(path));
}

/** For the few that have to be there before the next line runs. */
export function writeDurableSync(path: string, data: string | Uint8Array): void {
  const fd = openAside(path);
  try {
    fill(fd, path, data);
    named(asideOf(path), () => fdatasyncSync(fd));
  } finally {
    closeSync(fd);
  }
  renameSync(asideOf(path), path);
  syncFolderSync(dirname(path));
}

/** Without a sync: for what a power loss may cost. */
export function replaceFile(path: string, data: string | Uint8Array): void {
  named(asideOf(path), () => writeFileSync(asideOf(path), data, { mode: FILE_MODE }));
  renameSync(asideOf(path), path);
}

/** Where a file is written: what a write that was cut off leaves. */
export const asideOf = (path: string): string => `${path}.tmp`;

/** The names in it survive a power loss. */
export async function syncFolder(path: string): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    await syncAll(fd).catch(atPath(path));
  } finally {
    closeSync(fd);
  }
}

export function syncFolderSync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    named(path, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}

const openAside = (path: string): number => openSync(asideOf(path), 'w', FILE_MODE);

const fill = (fd: number, path: string, data: string | Uint8Array): void =>
  named(asideOf(path), () => writeFileSync(fd, data));

function named(path: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    atPath(path)(error);
  }
}

/** All of it or an error: one write(2) may stop early, as on a disk that fills up. */
export async function writeAll(file: FileHandle, path: string, data: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await file.write(data, done, data.length - done, at + done).catch(atPath(path));
    done += bytesWritten;
  }
}

/** Node names no path in errors of files that are open. */
export function atPath(path: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof Error && 'code' in error && !('path' in error)) Object.assign(error, { path });
    throw error;
  };
}
