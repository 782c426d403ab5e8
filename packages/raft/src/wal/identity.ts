/**
 * `identity.json` marks whose log this is, and that there is one: a node that finds the mark without a log has lost
 * it and may not begin a new one under the same name (it could vote twice: moby#29180).
 */
import { type Disk, type Failpoint, RaftError } from '../types.ts';
import { diskFull, failed, isDiskFull } from './wal.ts';

export type Identity = { readonly log: string; readonly node: string; readonly complete: boolean };

const FILE = 'identity.json';

export async function readIdentity(disk: Disk, folder: string): Promise<Identity | undefined> {
  const bytes = await disk.read(`${folder}/${FILE}`);
  if (bytes === undefined) return undefined;
  const found = parse(Buffer.from(bytes).toString());
  if (found === undefined) throw new RaftError('damaged', `${folder}/${FILE} cannot be read as JSON`);
  if (found.schema > 1) throw new RaftError('version', `${folder}/${FILE} was written by a newer version`);
  return found;
}

function parse(text: string): (Identity & { schema: number }) | undefined {
  try {
    const value = JSON.parse(text) as Identity & { schema: number };
    return typeof value.log === 'string' && typeof value.node === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

export async function writeIdentity(
  disk: Disk,
  folder: string,
  identity: Identity,
  failpoint: Failpoint,
): Promise<void> {
  const temporary = `${folder}/${FILE}.tmp`;
  try {
    const file = await disk.create(temporary);
    try {
      await file.write(0, new TextEncoder().encode(`${JSON.stringify({ schema: 1, ...identity })}\n`));
      await file.sync();
    } finally {
      await file.close();
    }
    failpoint('raft.identity.written');
    await disk.rename(temporary, `${folder}/${FILE}`);
    failpoint('raft.identity.renamed');
    await disk.syncFolder(folder);
  } catch (error) {
    throw isDiskFull(error) ? diskFull(folder, error) : failed('write the identity', error);
  }
}
