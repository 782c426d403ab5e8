import { type FileHandle, open } from 'node:fs/promises';
import { fail } from '@orc/model';
import { atPath } from './write.ts';

/** `undefined` when there is none; throws `disk.damaged` when it is larger than `bytesMax` or no JSON. */
export async function readJson(path: string, bytesMax: number): Promise<unknown> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    return parsed(path, await textOf(file, path, bytesMax));
  } finally {
    await file.close();
  }
}

/** One that is too large is not read at all: it may be larger than the memory. */
async function textOf(file: FileHandle, path: string, bytesMax: number): Promise<string> {
  const { size } = await file.stat().catch(atPath(path));
  if (size > bytesMax) throw fail('disk.damaged', `${path} is larger than ${bytesMax} bytes`);
  return file.readFile('utf8').catch(atPath(path));
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fail('disk.damaged', `${path} is not JSON: ${(error as Error).message}`);
  }
}
