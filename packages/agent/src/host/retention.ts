/** Logs of tasks outlive their containers; here they come to their end. */
import { rmdirSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeTree } from '@orc/disk';
import type { Clock, ContainerId, Emit } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { expiredLogs, type KeptLog } from '../plan/retention.ts';

export type RetentionDeps = {
  readonly root: string;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly closing: AbortSignal;
  readonly isThere: (id: ContainerId) => boolean;
};

/** Now and from time to time, until the agent lets go. */
export async function retainLogs(deps: RetentionDeps): Promise<void> {
  while (!deps.closing.aborted) {
    await sweepLogs(deps).catch((error: unknown) =>
      deps.emit('warn', 'old logs could not be looked through', { error: String(error) }),
    );
    await deps.clock.sleep(LIMITS.logSweepMs, deps.closing);
  }
}

export async function sweepLogs({ root, clock, isThere }: RetentionDeps): Promise<void> {
  const logs = join(root, 'logs');
  // project / service / slot / container
  const folders = await below(await below(await below(await below([logs]))));
  const gone = folders.filter((path) => !isThere(path.slice(dirname(path).length + 1) as ContainerId));
  const kept: KeptLog[] = [];
  for (const path of gone) kept.push(await sizeUp(path));
  const retention = { ageMs: LIMITS.logAgeMs, bytesMax: LIMITS.logGoneBytesMax };
  for (const { path } of expiredLogs(kept, clock.now(), retention)) {
    await removeTree(path);
    removeEmpty(dirname(path), logs);
  }
}

async function below(folders: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of folders)
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory()) found.push(join(folder, entry.name));
  return found;
}

async function sizeUp(path: string): Promise<KeptLog> {
  const own = await stat(path);
  let [bytes, changedAt] = [0, own.mtimeMs];
  for (const name of await readdir(path)) {
    const file = await stat(join(path, name));
    bytes += file.size;
    changedAt = Math.max(changedAt, file.mtimeMs);
  }
  return { path, bytes, changedAt };
}

/** Synchronous, as is the making of such folders: nobody has theirs taken from under them. */
function removeEmpty(folder: string, top: string): void {
  try {
    for (let at = folder; at !== top; at = dirname(at)) rmdirSync(at);
  } catch {
    // Somebody's are in it.
  }
}
