/** xz and bzip2, which Node does not have: undone by the host's programs, at their fixed places and nowhere else. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail } from '@orc/model';
import { PROGRAM_ERROR_CHARS_MAX, XZ_MEMORY_MIB_MAX } from '../limits.ts';
import type { Source } from './compression.ts';

export type External = 'xz' | 'bzip2';

type Program = { readonly args: readonly string[]; readonly debianPackage: string };
const PROGRAMS: Readonly<Record<External, Program>> = {
  xz: { args: ['-dc', `--memlimit-decompress=${XZ_MEMORY_MIB_MAX}MiB`], debianPackage: 'xz-utils' },
  bzip2: { args: ['-dc'], debianPackage: 'bzip2' },
};
const FOLDERS = ['/usr/bin', '/bin'];

export const isExternal = (compression: string): compression is External => compression in PROGRAMS;

export const hasProgram = (name: External, folders: readonly string[] = FOLDERS): boolean =>
  programOf(name, folders) !== undefined;

const programOf = (name: External, folders: readonly string[]): string | undefined =>
  folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));

/** Throws `input.unsupported` where the program is missing, `image.invalid` for a damaged stream. */
export async function* throughProgram(
  name: External,
  source: Source,
  folders: readonly string[] = FOLDERS,
): AsyncGenerator<Uint8Array> {
  const path = programOf(name, folders);
  if (path === undefined)
    throw fail('input.unsupported', `the archive is compressed with ${name}, which this host does not have`, {
      hint: `install the package ${PROGRAMS[name].debianPackage}, or recompress the archive with gzip or zstd`,
    });
  const child = spawn(path, PROGRAMS[name].args, { cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = endOf(child);
  const feeding: { failed?: { readonly error: unknown } } = {};
  const fed = pipeline(source, child.stdin).catch((error: unknown) => {
    // It stopped reading: its exit code says why.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') feeding.failed = { error };
    child.stdin.destroy();
  });
  try {
    yield* child.stdout.iterator({ destroyOnReturn: true }) as AsyncIterable<Buffer>;
    const { code, said } = await ended;
    await fed;
    if (feeding.failed !== undefined) throw feeding.failed.error;
    if (code !== 0) throw fail('image.invalid', `damaged ${name} stream: ${said || `exit code ${code}`}`);
  } finally {
    child.kill('SIGKILL');
    child.stdin.destroy();
    await ended;
    await fed;
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

function endOf(child: Child): Promise<{ readonly code: number | null; readonly said: string }> {
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, PROGRAM_ERROR_CHARS_MAX);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, said: error.message }));
    child.once('close', (code) => resolve({ code, said: said.trim() }));
  });
}
