/** Files that survive a power loss: write aside, fsync, rename, fsync the folder. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '@orc/model';
import { isErrno } from '../layer/syscalls.ts';

/** Node names no path in errors of files that are open. */
export function atPath(path: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof Error && 'code' in error && !('path' in error)) Object.assign(error, { path });
    throw error;
  };
}

export async function writeDurable(path: string, data: string | Uint8Array): Promise<void> {
  const aside = `${path}.new`;
  const file = await open(aside, 'w', 0o600);
  try {
    await file.writeFile(data).catch(atPath(aside));
    await file.sync().catch(atPath(aside));
  } finally {
    await file.close();
  }
  await rename(aside, path);
  await syncFolder(dirname(path));
}

/** Whole or not at all, also beside others who write it; without a sync: for what a power loss may cost. */
export function writeWhole(path: string, data: string): void {
  const aside = `${path}.new`;
  writeFileSync(aside, data, { mode: 0o600 });
  renameSync(aside, path);
}

/** All of it or an error: one write(2) may stop early, as on a disk that fills up. */
export async function writeAll(file: FileHandle, path: string, data: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await file.write(data, done, data.length - done, at + done).catch(atPath(path));
    done += bytesWritten;
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export async function removeDurable(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

/** Containers and builds can nest folders deeper than a path can name; only the synchronous form goes by descriptors. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
    if (!isErrno(error, 'ENAMETOOLONG')) throw error;
    rmSync(path, { recursive: true, force: true });
  });
}

export const makePrivateFolder = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
};

/** `undefined` when there is none; throws `disk.damaged` when it is larger than `bytesMax` or no JSON. */
export async function readJson(path: string, bytesMax: number): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  if (text.length > bytesMax) throw fail('disk.damaged', `${path} is larger than ${bytesMax} bytes`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fail('disk.damaged', `${path} is not JSON: ${(error as Error).message}`);
  }
}
