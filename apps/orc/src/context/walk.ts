/** Lists the files of a build context, without what `.dockerignore` leaves out. */
import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import dockerignore, { type Ignore } from '@balena/dockerignore';
import type { ContextFile } from '@orc/api/client';
import { fail } from '@orc/model';
import { CONTEXT_FILES_MAX } from '../limits.ts';

/** The package is CommonJS and its types say otherwise. */
const ignore = dockerignore as unknown as (options: { readonly ignorecase: boolean }) => Ignore;

/** Sorted by path; folders before what they hold. `dockerfile`: its path in the context, which is always sent. */
export function walkContext(folder: string, dockerfile: string): readonly ContextFile[] {
  const rules = readRules(folder, dockerfile);
  const files: ContextFile[] = [];
  walk(folder, '', rules, files);
  return files;
}

type Rules = { readonly ignores: (path: string) => boolean; readonly negated: boolean };

/** `Dockerfile.dockerignore` before `.dockerignore`, as buildkit. */
function readRules(folder: string, dockerfile: string): Rules {
  const own = `${dockerfile}.dockerignore`;
  const file = [own, '.dockerignore'].map((each) => join(folder, each)).find((each) => existsSync(each));
  if (file === undefined) return { ignores: () => false, negated: false };
  const text = readFileSync(file, 'utf8');
  const rules: Ignore = ignore({ ignorecase: false }).add(text).add(`!${dockerfile}`).add('!.dockerignore');
  return { ignores: (path) => rules.ignores(path), negated: /^\s*!/m.test(text) };
}

function walk(folder: string, below: string, rules: Rules, files: ContextFile[]): void {
  const names = readdirSync(join(folder, below)).sort();
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    const ignored = rules.ignores(path);
    const row = rowOf(folder, path);
    // A folder that is left out may hold what an exception brings back.
    if (row === undefined || (ignored && !(row.type === 'directory' && rules.negated))) continue;
    if (!ignored) files.push(row);
    if (files.length > CONTEXT_FILES_MAX)
      throw fail('input.toolarge', `the context ${folder} has over ${CONTEXT_FILES_MAX} files`, {
        hint: 'leave some out in .dockerignore',
      });
    if (row.type === 'directory') walk(folder, path, rules, files);
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
