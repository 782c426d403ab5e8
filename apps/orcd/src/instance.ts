/** Where an instance lives and what its kernel objects are called. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';

export type Places = {
  /** ORC_ROOT: what lasts. */
  readonly root: string;
  /** ORC_RUN: what a reboot may take. */
  readonly run: string;
  readonly socket: string;
  /** `orc`, or `orc-` and six hex digits of the root's SHA-256: names of bridges, tables and cgroups. */
  readonly instance: string;
};

export const DEFAULT_ROOT = '/var/lib/orc';
export const DEFAULT_RUN = '/run/orc';
const UNIX = 'unix://';

export function placesOf(env: Readonly<Record<string, string | undefined>>): Places {
  const root = resolve(env['ORC_ROOT'] || DEFAULT_ROOT);
  const run = resolve(env['ORC_RUN'] || DEFAULT_RUN);
  const host = env['ORC_HOST'] || `${UNIX}${run}/orc.sock`;
  return {
    root,
    run,
    socket: host.startsWith(UNIX) ? host.slice(UNIX.length) : host,
    instance: instanceOf(root),
  };
}

export const instanceOf = (root: string): string =>
  root === DEFAULT_ROOT ? 'orc' : `orc-${createHash('sha256').update(root).digest('hex').slice(0, 6)}`;
