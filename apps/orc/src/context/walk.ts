/** Lists the files of a build context, without what `.dockerignore` leaves out. */
import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import dockerignore, { type Ignore } from '@balena/dockerignore';
import type { ContextFile } from '@orc/api/client';
import { fail } from '@orc/model';
import { CONTEXT_FILES_MAX } from '../limits.ts';

/** The package is CommonJS and its types say otherwise. */
const ignore = dockerignore as unknown as (options: { readonly ignorecase: boolean }) => Ignore;

/**
 * Sorted by path; folders before what they hold, also those that are left out themselves. `dockerfile`: its path in the
 * context, which is always sent, with the files that say what is left out: the daemon hides them from COPY again.
 */
export function walkContext(folder: string, dockerfile: string): readonly ContextFile[] {
  const rules = readRules(folder, dockerfile);
  const files: ContextFile[] = [];
  walk(folder, '', rules, files);
  return files;
}

type Rules = {
  readonly ignores: (path: string) => boolean;
  /** Of a folder that is left out: something in it may not be. */
  readonly mayHold: (folder: string) => boolean;
};

/** `Dockerfile.dockerignore` before `.dockerignore`, as buildkit. */
function readRules(folder: string, dockerfile: string): Rules {
  const own = `${dockerfile}.dockerignore`;
  const file = [own, '.dockerignore'].map((each) => join(folder, each)).find((each) => existsSync(each));
  if (file === undefined) return { ignores: () => false, mayHold: () => false };
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  const rules: Ignore = ignore({ ignorecase: false }).add(text);
  const always = [dockerfile, own, '.dockerignore'];
  const negated = /^\s*!/m.test(text);
  return {
    ignores: (path) => !always.includes(path) && rules.ignores(path),
    mayHold: (path) => negated || always.some((each) => each.startsWith(`${path}/`)),
  };
}

function walk(folder: string, below: string, rules: Rules, files: ContextFile[]): void {
  const names = readdirSync(join(folder, below)).sort();
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    const ignored = rules.ignores(path);
    const row = rowOf(folder, path);
    if (row === undefined || (ignored && !(row.type === 'directory' && rules.mayHold(path)))) continue;
    const before = files.push(row);
    if (before > CONTEXT_FILES_MAX)
      throw fail('input.toolarge', `the context ${folder} has over ${CONTEXT_FILES_MAX} files`, {
        hint: 'leave some out in .dockerignore',
      });
    if (row.type === 'directory') walk(folder, path, rules, files);
    if (ignored && files.length === before) files.pop();
  }
}

/** Sockets, pipes and devices are not sent, as in docker. */
function rowOf(folder: string, path: string): ContextFile | undefined {
  const whole = join(folder, path);
  const stat = lstatSync(whole);
  const type = stat.isFile()
    ? 'file'
    : stat.isDirectory()
      ? 'directory'
      : stat.isSymbolicLink()
        ? 'symlink'
        : undefined;
  if (type === undefined) return undefined;
  return {
    path,
    type,
    mode: stat.mode & 0o7777,
    size: type === 'file' ? stat.size : 0,
    mtimeMs: stat.mtimeMs,
    fingerprint: [stat.dev, stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs].join('-'),
    ...(type === 'symlink' ? { linkname: readlinkSync(whole) } : {}),
  };
}
