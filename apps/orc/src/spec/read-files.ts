/** Reads the files that the flags of `container run` name. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail } from '@orc/model';
import type { Flags } from '../cli/command.ts';
import type { Io } from '../cli/io.ts';
import type { FlagFiles } from './from-flags.ts';
import { parseEnvFile } from './values.ts';

export function readFlagFiles(io: Io, flags: Flags): FlagFiles {
  const merged = (name: string): Readonly<Record<string, string>> =>
    Object.assign(
      {},
      ...flags.list(name).map((file) => parseEnvFile(file, readText(io, name, file), io.env)),
    );
  const seccomp = flags
    .list('security-opt')
    .find((word) => /^seccomp[=:]/.test(word))
    ?.slice('seccomp='.length);
  const isFile = seccomp !== undefined && !['unconfined', 'default', 'builtin'].includes(seccomp);
  return {
    env: merged('env-file'),
    labels: merged('label-file'),
    ...(isFile ? { seccomp: readText(io, 'security-opt seccomp', seccomp) } : {}),
  };
}

function readText(io: Io, flag: string, file: string): string {
  try {
    return readFileSync(resolve(io.cwd, file), 'utf8');
  } catch (error) {
    throw fail(
      'input.missing',
      `--${flag} ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      {
        hint: `looked for ${resolve(io.cwd, file)}`,
      },
    );
  }
}
