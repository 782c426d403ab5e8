/** Where the daemon's files and socket are. */
import { placesOf, socketOf } from '@orc/api/client';

export type Host = {
  /** ORC_ROOT: what lasts. */
  readonly root: string;
  /** ORC_RUN: what goes with a reboot. */
  readonly run: string;
  readonly socketPath: string;
  /** Whether the socket is where a daemon of this environment would put it: only then can one be started. */
  readonly local: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** `wanted` (`--host`) before ORC_HOST. Relative folders begin where the command was given: the daemon is elsewhere. */
export function hostOf(env: Environment, wanted?: string, cwd = '/'): Host {
  const { root, run, socket } = placesOf(env, cwd);
  const socketPath = wanted === undefined ? socket : socketOf(wanted, cwd);
  return { root, run, socketPath, local: socketPath === socket };
}

/** What a daemon that is started for this host has in its environment. */
export const environmentOf = ({ root, run, socketPath }: Host): Readonly<Record<string, string>> => ({
  ORC_ROOT: root,
  ORC_RUN: run,
  ORC_HOST: `unix://${socketPath}`,
});
