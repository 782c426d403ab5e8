/** Where the daemon's files and socket are. */
import { resolve } from 'node:path';
import { fail } from '@orc/model';

export type Host = {
  /** ORC_ROOT: what lasts. */
  readonly root: string;
  /** ORC_RUN: what goes with a reboot. */
  readonly run: string;
  readonly socketPath: string;
  /** Whether the socket is where a daemon of this root would put it: only then can one be started. */
  readonly local: boolean;
};

const DEFAULT_ROOT = '/var/lib/orc';
const DEFAULT_RUN = '/run/orc';

type Environment = Readonly<Record<string, string | undefined>>;

/** `wanted` (`--host`) before ORC_HOST. Relative folders begin where the command was given: the daemon is elsewhere. */
export function hostOf(env: Environment, wanted?: string, cwd = '/'): Host {
  const root = resolve(cwd, env['ORC_ROOT'] || DEFAULT_ROOT);
  const run = resolve(cwd, env['ORC_RUN'] || DEFAULT_RUN);
  const standard = `${run}/orc.sock`;
  const socketPath = socketOf(wanted ?? (env['ORC_HOST'] || `unix://${standard}`));
  return { root, run, socketPath, local: socketPath === standard };
}

function socketOf(host: string): string {
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  if (host.startsWith('/')) return host;
  throw fail('input.unsupported', `the host ${host} is not a unix socket`, {
    hint: 'write ORC_HOST=unix:///run/orc/orc.sock',
  });
}
