/**
 * The rules that close, once more, in a table that belongs to a process of ours: who flushes the rule set does not get
 * rid of it, so nothing opens before the daemon has put the instance's own table back. It goes with that process.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Emit } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { type NftSession, openNftSession } from './nft-session.ts';

export type Kept = {
  /** In a while; nobody waits for it. */
  readonly load: (text: string) => void;
  /** Resolves when the table is gone. */
  readonly close: () => Promise<void>;
};

export function openKept(options: {
  readonly run: string;
  readonly clock: Clock;
  readonly emit: Emit;
}): Kept {
  const file = join(options.run, 'net', 'kept.nft');
  let session: NftSession | undefined;
  let wanted: string | undefined;
  let queue: Promise<void> = Promise.resolve();
  let closed = false;

  const once = async (text: string): Promise<boolean> => {
    writeFileSync(file, text, { mode: 0o600 });
    session ??= openNftSession(options.clock, undefined);
    if (await session.run([`include "${file}"`])) return true;
    await session.close();
    session = undefined;
    return false;
  };
  /** Until a daemon's before this one is gone, its table is not ours. */
  const give = async (text: string): Promise<void> => {
    for (let tries = 0; tries < LIMITS.keptTriesMax; tries += 1) {
      if (closed || text !== wanted || (await once(text))) return;
      await options.clock.sleep(LIMITS.keptRetryMs);
    }
    wanted = undefined;
    options.emit('warn', 'rules of containers are open for an instant when others flush them');
  };

  return {
    load: (text) => {
      if (closed || text === wanted) return;
      wanted = text;
      queue = queue.then(() => give(text)).catch(failed);
    },
    close: async () => {
      closed = true;
      await queue;
      await session?.close();
    },
  };

  function failed(error: unknown): void {
    wanted = undefined;
    options.emit('warn', 'the second table of rules cannot be written', { error: String(error) });
  }
}
