/** Volumes on this host: `volumes/<name>/_data`; runtime's marker beside it says that the image's files are in it. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

export type Volumes = {
  pathOf(name: string): string;
  /** Makes the folder when it is missing. */
  place(name: string): Promise<string>;
  remove(name: string): Promise<void>;
};

/** Others may not look below a volume's folder; its data keeps the modes that containers give it. */
const FOLDER_MODE = 0o701;

export function openVolumes(root: string): Volumes {
  const folder = join(root, 'volumes');
  const pathOf = (name: string): string => join(folder, name, '_data');
  return {
    pathOf,
    async place(name) {
      await mkdir(join(folder, name), { recursive: true, mode: FOLDER_MODE });
      await mkdir(pathOf(name), { mode: 0o755 }).catch(tolerateExisting);
      return pathOf(name);
    },
    async remove(name) {
      const trash = join(root, 'trash', `volume-${name}-${process.hrtime.bigint()}`);
      await mkdir(join(root, 'trash'), { recursive: true, mode: 0o700 });
      await rename(join(folder, name), trash).catch(tolerateMissing);
      await rm(trash, { recursive: true, force: true });
    },
  };
}

function tolerateExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function tolerateMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
