/** Build contexts that come as archives: each in a folder of its own, which goes with its build. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@orc/model';
import { CONTEXT_PENDING_MS, CONTEXTS_PENDING_MAX } from '../limits.ts';
import type { Uses } from '../store/uses.ts';
import type { Threads } from '../thread/threads.ts';
import type { BuildContext } from '../types.ts';
import { FILES } from './record.ts';

export type Archives = {
  /** Unpacked, of any compression. Throws `image.invalid` for one that is damaged, or leads out of its folder. */
  unpack(archive: AsyncIterable<Uint8Array>): Promise<{ readonly context: string }>;
  /** Once; `undefined` for one that is not known. */
  take(context: string): BuildContext | undefined;
  readonly isPending: (folder: string) => boolean;
  readonly forget: (folder: string) => void;
};

type Unpacked = { readonly folder: string; readonly openedAt: number };

export function openArchives(
  base: string,
  {
    threads,
    uses,
    clock,
  }: { readonly threads: Threads; readonly uses: Uses; readonly clock: Pick<Clock, 'now'> },
): Archives {
  const pending = new Map<string, Unpacked>();
  return {
    async unpack(archive) {
      const context = randomBytes(16).toString('hex');
      const folder = join(base, `archive-${context}`);
      // Whatever the archive says of its own folder, nobody else enters the one above it.
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      mkdirSync(join(folder, FILES));
      const release = uses.hold(folder);
      try {
        await threads.run('extract', { folder: join(folder, FILES) }, { input: archive });
        pending.set(context, { folder, openedAt: clock.now() });
      } catch (error) {
        rmSync(folder, { recursive: true, force: true });
        throw error;
      } finally {
        release();
      }
      await dropOldest(pending);
      return { context };
    },
    take(context) {
      const found = pending.get(context);
      if (found === undefined) return undefined;
      pending.delete(context);
      const release = uses.hold(found.folder);
      const remove = (): Promise<void> => rm(found.folder, { recursive: true, force: true }).finally(release);
      return { folder: join(found.folder, FILES), remove };
    },
    isPending: (folder) => {
      const oldest = clock.now() - CONTEXT_PENDING_MS;
      return [...pending.values()].some((each) => each.folder === folder && each.openedAt > oldest);
    },
    forget: (folder) => {
      for (const [context, each] of pending) if (each.folder === folder) pending.delete(context);
    },
  };
}

/** A client that went away does not say so. */
async function dropOldest(pending: Map<string, Unpacked>): Promise<void> {
  for (const [context, { folder }] of pending) {
    if (pending.size <= CONTEXTS_PENDING_MAX) return;
    pending.delete(context);
    await rm(folder, { recursive: true, force: true });
  }
}
