/**
 * Volumes on this host: `volumes/<name>/_data`; runtime's marker beside it says that the image's files are in it. Names
 * were judged where they came in; here nothing is made or removed by one that leads out, whatever the state says.
 */
import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '@orc/disk';
import { type Clock, type Emit, fail, KINDS } from '@orc/model';
import { LIMITS } from '../limits.ts';

export type Volumes = {
  /** To be shown: of any name. */
  pathOf(name: string): string;
  /** Makes the folder when it is missing. */
  place(name: string): Promise<string>;
  remove(name: string): Promise<void>;
  /** Every folder that is there, whoever made it. */
  list(): Promise<readonly PlacedVolume[]>;
};

export type PlacedVolume = { readonly name: string; readonly createdAt: number };

/** Programs that containers leave setuid in their data are nothing for other users of the host. */
const FOLDER_MODE = 0o700;

/** What a crash left in the trash goes in the background. */
export async function openVolumes({
  root,
  clock,
  emit,
}: {
  readonly root: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly emit: Emit;
}): Promise<Volumes> {
  const folder = join(root, 'volumes');
  const trash = join(root, 'trash', 'volumes');
  await mkdir(trash, { recursive: true, mode: FOLDER_MODE });
  await sweep(trash, emit);
  let removals = 0;
  const folderOf = (name: string): string => join(folder, checkedName(name));
  const pathOf = (name: string): string => join(folder, name, '_data');
  return {
    pathOf,
    async place(name) {
      await mkdir(folderOf(name), { recursive: true, mode: FOLDER_MODE });
      await mkdir(pathOf(name), { mode: 0o755 }).catch(tolerateExisting);
      return pathOf(name);
    },
    async remove(name) {
      const from = folderOf(name);
      removals += 1;
      const gone = join(trash, `${name.slice(0, LIMITS.trashNameLengthMax)}-${clock.now()}-${removals}`);
      await rename(from, gone).catch(tolerateMissing);
      await removeTree(gone);
    },
    async list() {
      const names = await readdir(folder).catch(() => []);
      const rows = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)));
      return names.flatMap((name, index) => {
        const found = rows[index];
        return found?.isDirectory() === true ? [{ name, createdAt: Math.trunc(found.birthtimeMs) }] : [];
      });
    },
  };
}

function checkedName(name: string): string {
  if (KINDS.volume.namePattern.test(name)) return name;
  throw fail('input.invalid', `volume name ${JSON.stringify(name)} is not allowed`, {
    hint: 'use letters, digits, ".", "_" and "-", and begin with a letter or digit',
  });
}

async function sweep(trash: string, emit: Emit): Promise<void> {
  for (const name of await readdir(trash)) {
    removeTree(join(trash, name)).catch((error: unknown) =>
      emit('warn', 'a removed volume left something behind', { volume: name, error: String(error) }),
    );
  }
}

function tolerateExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function tolerateMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
