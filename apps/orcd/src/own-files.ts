/** What the daemon has in the folders of its instance (docs/files.md): of anything else it keeps its hands. */
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Places } from '@orc/api';
import { fail } from '@orc/model';

export const ROOT_FILES: readonly string[] = [
  'ballast',
  'cache',
  'containers',
  'contexts',
  'daemon.log',
  'data.key',
  'demo',
  'images',
  'layers',
  'leases',
  'logs',
  'network.json',
  'orcd.pid',
  'quarantine',
  'raft',
  'skeleton',
  'trash',
  'volumes',
];
export const RUN_FILES: readonly string[] = [
  'boot-id',
  'launcher.lock',
  'launcher.sock',
  'net',
  'ns',
  'orc.sock',
];
/** A folder that is a disk of its own. */
const OF_THE_DISK = 'lost+found';

/** Also one that was being written, and one that was before. */
const isOf = (files: readonly string[], name: string): boolean =>
  files.includes(name.replace(/\.(tmp|new|1)$/, ''));

/** Throws `conflict.state` where something else lives that a new instance would sit down in. */
export function mustBeOurs({ root }: Places): void {
  if (!existsSync(root) || existsSync(join(root, 'raft'))) return;
  const foreign = readdirSync(root).filter((name) => !isOf(ROOT_FILES, name) && name !== OF_THE_DISK);
  if (foreign.length === 0) return;
  throw fail('conflict.state', `${root} holds other things than an instance of orc: ${foreign[0]}`, {
    hint: 'set ORC_ROOT to a new or an empty folder',
  });
}

/** Removes both folders with all that is ours; one stays that has something else in it, is a disk, or is behind a link. */
export async function removeOwnFiles({ root, run, socket }: Places): Promise<void> {
  await rm(socket, { force: true });
  await removeFrom(root, ROOT_FILES);
  await removeFrom(run, RUN_FILES);
}

async function removeFrom(folder: string, files: readonly string[]): Promise<void> {
  const own = readdirSync(folder).filter((name) => isOf(files, name));
  await Promise.all(own.map((name) => rm(join(folder, name), { recursive: true, force: true })));
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!['ENOTEMPTY', 'EBUSY', 'ENOTDIR'].includes(code ?? '')) throw error;
  }
}
