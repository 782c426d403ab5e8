/** A container's folder: made before a start; its exit record and what execs need read back after a restart. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Exit, fail, signalName, type Ulimit } from '@orc/model';
import { CONTEXT_SCHEMA, EXIT_SCHEMA } from '../limits.ts';
import type { StartRequest } from '../types.ts';

/** What an exec in a container needs of its start; kept as `context.json`. */
export type Context = {
  readonly schema: number;
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
  readonly ulimits: readonly Ulimit[];
  readonly tasksFiles: readonly string[];
  readonly cgroupV2?: string;
};

/** The upper folder's owner and mode are the root's: those of the highest layer. */
export function prepareFolder({ folder, image }: StartRequest): void {
  if (existsSync(join(folder, 'work'))) return;
  const upper = join(folder, 'upper');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mkdirSync(upper, { recursive: true });
  const top = image.layers.at(-1);
  if (top !== undefined) {
    const { mode, uid, gid } = statSync(top);
    chownSync(upper, uid, gid);
    chmodSync(upper, mode & 0o7777);
  }
  mkdirSync(join(folder, 'work'), { recursive: true });
}

const SKELETON_FOLDERS: readonly string[] = ['proc', 'sys', 'dev', 'etc'];
const SKELETON_FILES: readonly string[] = ['etc/hosts', 'etc/hostname', 'etc/resolv.conf'];

/** With it below them, roots need no mount points made, and `diff` shows none. */
export function makeSkeleton(root: string): string {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const skeleton = join(root, 'skeleton');
  mkdirSync(skeleton, { recursive: true, mode: 0o755 });
  for (const name of SKELETON_FOLDERS) mkdirSync(join(skeleton, name), { recursive: true, mode: 0o755 });
  for (const name of SKELETON_FILES) writeFileSync(join(skeleton, name), '');
  return skeleton;
}

const CONTEXT = 'context.json';

/** Complete before the start that it belongs to; nobody reads it before. */
export const writeContext = (folder: string, context: Context): void =>
  writeFileSync(join(folder, CONTEXT), JSON.stringify(context), { mode: 0o600 });

/** Throws `conflict.version` for one that a newer daemon wrote. */
export function readContext(folder: string): Context {
  const context = JSON.parse(readFileSync(join(folder, CONTEXT), 'utf8')) as Context;
  checkSchema(join(folder, CONTEXT), context.schema, CONTEXT_SCHEMA);
  return context;
}

function checkSchema(path: string, schema: number, newest: number): void {
  if (schema <= newest) return;
  throw fail('conflict.version', `${path} has schema ${schema}, and this orc knows up to ${newest}`, {
    hint: 'a newer orc started this container: use that one',
  });
}

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

const EXIT = 'exit';

export type ExitRecord = { readonly attempt: number; readonly startedAt: number; readonly exit: Exit };

/** Undefined when there is none, or it is damaged: both are "no exit known". Throws `conflict.version`. */
export function readExit(folder: string): ExitRecord | undefined {
  const record = parseExit(folder);
  if (record === undefined) return undefined;
  checkSchema(join(folder, EXIT), record.schema, EXIT_SCHEMA);
  return { attempt: record.attempt, startedAt: record.startedAt, exit: exitOf(record) };
}

type StoredExit = Ended & Omit<ExitRecord, 'exit'> & { readonly schema: number };

function parseExit(folder: string): StoredExit | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folder, EXIT), 'utf8')) as StoredExit;
    return typeof record.schema === 'number' ? record : undefined;
  } catch {
    return undefined;
  }
}
