/** A container's folder: made before a start; its exit record and what execs need read back after a restart. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Exit } from '@orc/model';
import type { StartRequest } from '../types.ts';
import { signalName } from './signals.ts';

/** What an exec in a container needs of its start; kept as `context.json`. */
export type Context = {
  readonly schema: 1;
  readonly id: string;
  readonly attempt: number;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: string;
  readonly groupAdd: readonly string[];
  readonly layers: readonly string[];
  readonly imageId: string;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly privileged: boolean;
  readonly noNewPrivileges: boolean;
  readonly seccomp: string;
  readonly tasksFiles: readonly string[];
  readonly cgroupV2?: string;
};

export function prepareFolder(request: StartRequest): void {
  const { folder, etc } = request;
  if (!existsSync(join(folder, 'merged'))) makeFolders(request);
  writeFileSync(join(folder, 'etc/hosts'), etc.hosts);
  writeFileSync(join(folder, 'etc/hostname'), etc.hostname);
  writeFileSync(join(folder, 'etc/resolv.conf'), etc.resolvConf);
}

/** The upper folder's owner and mode are the root's: those of the highest layer. */
function makeFolders({ folder, image }: StartRequest): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of ['upper', 'work', 'etc', 'files']) mkdirSync(join(folder, name), { recursive: true });
  const top = image.layers.at(-1);
  if (top !== undefined) {
    const { mode, uid, gid } = statSync(top);
    chownSync(join(folder, 'upper'), uid, gid);
    chmodSync(join(folder, 'upper'), mode & 0o7777);
  }
  chmodSync(join(folder, 'etc'), 0o755);
  mkdirSync(join(folder, 'merged'), { recursive: true });
}

const CONTEXT = 'context.json';

export function writeContext(folder: string, context: Context): void {
  writeFileSync(join(folder, `${CONTEXT}.tmp`), JSON.stringify(context), { mode: 0o600 });
  renameSync(join(folder, `${CONTEXT}.tmp`), join(folder, CONTEXT));
}

export const readContext = (folder: string): Context =>
  JSON.parse(readFileSync(join(folder, CONTEXT), 'utf8')) as Context;

export type Ended = {
  readonly code: number;
  readonly signal: number;
  readonly oom: boolean;
  readonly at: number;
};

export function exitOf(ended: Ended): Exit {
  const killed = ended.oom && ended.code === 137;
  return {
    code: ended.code,
    ...(ended.signal === 0 ? {} : { signal: signalName(ended.signal) }),
    oomKilled: ended.oom,
    at: ended.at,
    reason: killed ? 'oom' : ended.signal === 0 ? 'exit' : 'signal',
  };
}

/** Undefined when there is none, or it is damaged: both are "no exit known". */
export function readExit(folder: string): { readonly attempt: number; readonly exit: Exit } | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folder, 'exit'), 'utf8')) as Ended & { attempt: number };
    return { attempt: record.attempt, exit: exitOf(record) };
  } catch {
    return undefined;
  }
}
