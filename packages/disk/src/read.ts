import { readFile } from 'node:fs/promises';
import { fail } from '@orc/model';

/** `undefined` when there is none; throws `disk.damaged` when it is larger than `bytesMax` or no JSON. */
export async function readJson(path: string, bytesMax: number): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
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
