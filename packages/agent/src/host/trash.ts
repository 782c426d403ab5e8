/**
 * A container that was removed leaves in one step: its folder is renamed into the trash, and emptied off the path.
 * What a crash leaves there goes at the next start.
 */
import { renameSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContainerId, isContainerId } from '@orc/model';
import type { AgentOptions } from '../types.ts';

export type Trash = {
  /** Resolves when the container is gone for everybody; its files go afterwards. */
  take(id: ContainerId, folder: string): Promise<void>;
  /** Resolves when nothing is on its way out. */
  emptied(): Promise<void>;
};

const FOLDER_MODE = 0o700;

export async function openTrash(options: AgentOptions): Promise<Trash> {
  const { root, runtime, images, emit, failpoint } = options;
  const trash = join(root, 'trash', 'containers');
  await mkdir(trash, { recursive: true, mode: FOLDER_MODE });
  const leaving = new Set<Promise<void>>();
  const empty = (id: ContainerId): void => {
    // Its image is free at once: who was told that the container is gone may remove that next.
    const gone = Promise.all([images.release(id), runtime.remove(id, join(trash, id))])
      .then(() => undefined)
      .catch((error: unknown) =>
        emit('warn', 'a removed container left something behind', { id, error: String(error) }),
      )
      .finally(() => leaving.delete(gone));
    leaving.add(gone);
  };
  for (const name of await readdir(trash)) if (isContainerId(name)) empty(name);
  return {
    async take(id, folder) {
      // In the thread pool it would wait behind the syncs of other containers.
      renameSync(folder, join(trash, id));
      failpoint('agent.remove.trashed');
      empty(id);
    },
    async emptied() {
      while (leaving.size > 0) await Promise.all(leaving);
    },
  };
}
