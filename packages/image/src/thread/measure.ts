/** How much of the disk folders take, and how much is in their files. */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Tools } from './jobs.ts';
import { type Turn, turns } from './turns.ts';

export type MeasureArgs = {
  readonly folders: readonly string[];
  /** Bytes of files instead, each once, as docker counts what a container wrote. */
  readonly contents?: boolean;
};

/** Bytes of each, 0 for one that is gone. A file with names elsewhere counts here too. */
export async function measureFolders(
  { folders, contents = false }: MeasureArgs,
  tools: Tools,
): Promise<readonly number[]> {
  const turn = turns(tools);
  const sizes: number[] = [];
  for (const folder of folders)
    sizes.push(await bytesBelow(folder, contents ? contentCounter() : onDisk, turn));
  return sizes;
}

type Count = (stats: Stats) => number;

const SECTOR_BYTES = 512;

const onDisk: Count = ({ blocks }) => blocks * SECTOR_BYTES;

function contentCounter(): Count {
  const seen = new Set<number>();
  return (stats) => {
    if (!stats.isFile() || (stats.nlink > 1 && seen.has(stats.ino))) return 0;
    seen.add(stats.ino);
    return stats.size;
  };
}

async function bytesBelow(folder: string, count: Count, turn: Turn): Promise<number> {
  let bytes = 0;
  for (const pending = [folder]; pending.length > 0; ) {
    const at = pending.pop() as string;
    for (const { name, isFolder } of entriesOf(at)) {
      await turn();
      const path = join(at, name);
      if (isFolder) pending.push(path);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      bytes += stats === undefined ? 0 : count(stats);
    }
  }
  return bytes;
}

function entriesOf(folder: string): readonly { readonly name: string; readonly isFolder: boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory(),
    }));
  } catch {
    return [];
  }
}
