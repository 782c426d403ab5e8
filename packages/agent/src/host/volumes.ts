/** Volumes on this host: `volumes/<name>/_data`, and a marker once the image's files have been copied in. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VolumePlace } from '../plan/mounts.ts';

export type Volumes = {
  pathOf(name: string): string;
  /** Makes the folder; `fresh`: nothing was copied up into it yet. */
  place(name: string): Promise<VolumePlace>;
  /** What was to be copied up is there. */
  filled(name: string): Promise<void>;
  remove(name: string): Promise<void>;
};

const MARKER = 'filled';
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
      return { path: pathOf(name), fresh: !existsSync(join(folder, name, MARKER)) };
    },
    filled: (name) => writeFile(join(folder, name, MARKER), '', { mode: 0o600 }),
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
