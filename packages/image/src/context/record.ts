/** What lies in a context's folder, as `context.json` beside it says. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '@orc/disk';
import type { ContextFile } from '../types.ts';

/** Fingerprint of the sender; of files also the inode here and the SHA-256 of the bytes, base64url. */
export type ContextRow = readonly [fingerprint: string, inode?: string, sha256?: string];
export type ContextRows = Readonly<Record<string, ContextRow>>;

export type ContextRecord = {
  /** False: a transfer is under way or was cut off, and there may be files that no row names. */
  readonly whole: boolean;
  readonly rows: ContextRows;
};

/** 3: what lies there was laid out by who keeps files below folders that are left out. */
const SCHEMA = 3;
const NAME = 'context.json';
export const FILES = 'files';

/** `undefined`: there is none, or none that can be read. */
export function readRecord(folder: string): ContextRecord | undefined {
  try {
    const { schema, whole, rows } = JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as Record<
      string,
      unknown
    >;
    if (schema !== SCHEMA || typeof rows !== 'object' || rows === null) return undefined;
    return { whole: whole === true, rows: Object.assign(Object.create(null), rows) as ContextRows };
  } catch {
    return undefined;
  }
}

/** Renamed into place. */
export function writeRecord(folder: string, record: ContextRecord): void {
  replaceFile(join(folder, NAME), JSON.stringify({ schema: SCHEMA, ...record }));
}

/** Of everything that a COPY may take from it: paths, kinds, modes, targets and bytes. */
export function contentsDigest(files: readonly ContextFile[], rows: ContextRows): string {
  const sum = createHash('sha256');
  for (const { path, type, mode, linkname = '' } of files)
    sum.update(JSON.stringify([path, type, mode, linkname, rows[path]?.[2] ?? '']));
  return sum.digest('hex');
}
