/** Variables of docker compose that stand in the project's `.env`, or in what `--env-file` names instead. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ENV_FILE_BYTES_MAX } from '../limits.ts';
import { isOn } from './compose-env.ts';
import type { Globals } from './context.ts';
import type { Io } from './io.ts';

/**
 * With those that the process itself has not set, as docker compose has them for all that it does. What is wrong with a
 * file is said where the project is read.
 */
export async function withEnvFiles(io: Io, globals: Globals): Promise<Io> {
  const texts = pathsOf(io, globals).map(readIfThere);
  if (!texts.some((text) => text.includes('COMPOSE_'))) return io;
  const { parseEnvFiles } = await import('@orc/compose');
  const found = [...parseEnvFiles(texts, (name) => io.env[name])].filter(([name]) => counts(io, name));
  const env = { ...Object.fromEntries(found), ...io.env };
  // Its own members are read when they are wanted: a copy would open the streams.
  return Object.create(io, { env: { value: env, enumerable: true } }) as Io;
}

/** What says which env files are read cannot stand in one; the reader of the project warns of it. */
const TOO_LATE: ReadonlySet<string> = new Set(['COMPOSE_ENV_FILES', 'COMPOSE_DISABLE_ENV_FILE']);

const counts = ({ env }: Io, name: string): boolean =>
  name.startsWith('COMPOSE_') && env[name] === undefined && !TOO_LATE.has(name);

/** Where docker compose begins: `COMPOSE_FILE` may then lead elsewhere. */
function pathsOf({ env, cwd }: Io, { files, envFiles, projectDirectory }: Globals): readonly string[] {
  const named = envFiles.length > 0 ? envFiles : (env['COMPOSE_ENV_FILES'] ?? '').split(',');
  const given = named.map((each) => each.trim()).filter((each) => each !== '');
  if (given.length > 0) return given.map((each) => resolve(cwd, each));
  if (isOn(env['COMPOSE_DISABLE_ENV_FILE'])) return [];
  const first = files.find((each) => each !== '-');
  return [join(resolve(cwd, projectDirectory ?? (first === undefined ? '.' : dirname(first))), '.env')];
}

/** What is no file (a pipe of the shell) gives its text once, and that to the reader of the project. */
function readIfThere(path: string): string {
  try {
    const found = statSync(path);
    return found.isFile() && found.size <= ENV_FILE_BYTES_MAX ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}
