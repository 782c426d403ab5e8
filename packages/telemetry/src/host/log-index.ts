/** The index beside each log file: `log.idx`, `log.N.idx`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ENTRY_BYTES = 16;

/** Offset and time of the first record in each further 64 KB; none where there is no index. */
export async function readIndex(
  folder: string,
  file: string,
): Promise<readonly { readonly offset: number; readonly ns: bigint }[]> {
  const data = await readFile(join(folder, `${file}.idx`)).catch(() => Buffer.alloc(0));
  const entries: { offset: number; ns: bigint }[] = [];
  for (let at = 0; at + ENTRY_BYTES <= data.length; at += ENTRY_BYTES) {
    entries.push({ offset: Number(data.readBigUInt64LE(at)), ns: data.readBigUInt64LE(at + 8) });
  }
  return entries;
}
