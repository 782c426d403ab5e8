/** Where an instance of the daemon lives, as the daemon and its clients work it out from the same environment. */
import { resolve } from 'node:path';
import { fail } from '@orc/model';

export type Places = {
  /** ORC_ROOT: what lasts. */
  readonly root: string;
  /** ORC_RUN: what a reboot may take. */
  readonly run: string;
  /** Of ORC_HOST, or `orc.sock` in the run folder. */
  readonly socket: string;
  /** `orc`, or `orc-` and six hex digits of the root's SHA-256: names of bridges, tables and cgroups. */
  readonly instance: string;
};

const DEFAULT_ROOT = '/var/lib/orc';
const UNIX = 'unix://';

/** Relative paths begin at `cwd`. An instance with a root of its own has a run folder of its own too. */
export function placesOf(env: Readonly<Record<string, string | undefined>>, cwd = process.cwd()): Places {
  const root = resolve(cwd, env['ORC_ROOT'] || DEFAULT_ROOT);
  const run = resolve(cwd, env['ORC_RUN'] || `/run/${instanceOf(root)}`);
  return {
    root,
    run,
    socket: socketOf(env['ORC_HOST'] || `${UNIX}${run}/orc.sock`, cwd),
    get instance() {
      return instanceOf(root);
    },
  };
}

/** Of `unix://PATH` or a path. Throws `input.unsupported`. */
export function socketOf(host: string, cwd: string): string {
  const path = host.startsWith(UNIX) ? host.slice(UNIX.length) : host;
  if (!/^[a-z]+:/.test(path) && path.includes('/')) return resolve(cwd, path);
  throw fail('input.unsupported', `the host ${host} is not a unix socket`, {
    hint: 'write ORC_HOST=unix:///run/orc/orc.sock',
  });
}

export const instanceOf = (root: string): string =>
  root === DEFAULT_ROOT ? 'orc' : `orc-${sha256(root).slice(0, 6)}`;

/** Loaded where it is needed: commands start in less time without. */
const sha256 = (text: string): string =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex');
