/** How much of the disk folders take. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Tools } from './jobs.ts';
import { type Turn, turns } from './turns.ts';

export type MeasureArgs = { readonly folders: readonly string[] };

/** Bytes of each, 0 for one that is gone. A file with names elsewhere counts here too. */
export async function measureFolders({ folders }: MeasureArgs, tools: Tools): Promise<readonly number[]> {
  const turn = turns(tools);
  const sizes: number[] = [];
  for (const folder of folders) sizes.push(await bytesBelow(folder, turn));
  return sizes;
}

const SECTOR_BYTES = 512;

async function bytesBelow(folder: string, turn: Turn): Promise<number> {
  let bytes = 0;
  for (const pending = [folder]; pending.length > 0; ) {
    const at = pending.pop() as string;
    for (const { name, isFolder } of entriesOf(at)) {
      await turn();
      const path = join(at, name);
      if (isFolder) pending.push(path);
      bytes += (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * SECTOR_BYTES;
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
