/** What runs: arguments, environment and folder out of spec and image, and the operations that make a process it. */
import { type ContainerSpec, fail, type ImageConfig } from '@orc/model';
import type { Capabilities } from './capabilities.ts';
import type { Op } from './ops.ts';
import type { Rlimit } from './rlimits.ts';
import type { ResolvedUser } from './users.ts';

export type Program = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
};

export type Identity = {
  readonly user: ResolvedUser;
  readonly capabilities: Capabilities;
  readonly noNewPrivileges: boolean;
  /** Absent: unconfined. */
  readonly seccomp?: Uint8Array;
};

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const SIGKILL = 9;

/** As docker joins them: an entrypoint in the spec drops the image's command. */
export function resolveArgv(spec: ContainerSpec, config: ImageConfig): readonly string[] {
  const own = spec.entrypoint !== undefined;
  const entrypoint = spec.entrypoint ?? config.Entrypoint ?? [];
  const command = spec.command ?? (own ? [] : (config.Cmd ?? []));
  const argv = [...entrypoint, ...command];
  if (argv.length > 0) return argv;
  throw fail('start.failed', `nothing to run: neither ${spec.image} nor the container has a command`, {
    hint: 'give a command or an entrypoint',
  });
}

/** The image's, then what docker adds, then the spec's; `null` removes. */
export function resolveEnv(
  spec: ContainerSpec,
  config: ImageConfig,
  hostname: string,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = { PATH: DEFAULT_PATH, HOSTNAME: hostname };
  if (spec.tty) env['TERM'] = 'xterm';
  for (const line of config.Env ?? []) {
    const at = line.indexOf('=');
    if (at > 0) env[line.slice(0, at)] = line.slice(at + 1);
  }
  for (const [name, value] of Object.entries(spec.env ?? {})) {
    if (value === null) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** HOME is the user's unless somebody set it: an exec by another user has another. */
export const withHome = (
  env: Readonly<Record<string, string>>,
  home: string,
): Readonly<Record<string, string>> => (env['HOME'] === undefined ? { ...env, HOME: home } : env);

/** From the working folder to the program. Before it nothing of the image runs; after it nothing of ours. */
export function processOps(
  program: Program,
  identity: Identity,
  options: {
    readonly rlimits: readonly Rlimit[];
    readonly init: boolean;
    /** pid 1 dies with its shim. */
    readonly dieWithShim: boolean;
  },
): readonly Op[] {
  const env = Object.entries(program.env).map(([name, value]) => `${name}=${value}`);
  return [
    // Before the limits: looking for the folder takes descriptors, of which the program may be given few.
    { op: 'cwd', path: program.cwd },
    ...options.rlimits.map(({ resource, soft, hard }): Op => ({ op: 'rlimit', resource, soft, hard })),
    ...identityOps(identity, [
      ...(options.dieWithShim ? [{ op: 'pdeathsig', signal: SIGKILL } as const] : []),
      { op: 'close-fds' },
    ]),
    ...(options.init ? [{ op: 'init' } as const] : []),
    { op: 'exec', argv: program.argv, env, path: program.env['PATH'] ?? DEFAULT_PATH },
  ];
}

/**
 * Without no_new_privs a filter can only be loaded while CAP_SYS_ADMIN is held; with it the filter comes last, so that
 * it covers as little of ours as can be: profiles exist that forbid close_range. `last` follows the change of user,
 * which would undo a death signal.
 */
function identityOps(identity: Identity, last: readonly Op[]): readonly Op[] {
  const { user, capabilities: caps } = identity;
  const filter: readonly Op[] = identity.seccomp ? [{ op: 'seccomp', filter: identity.seccomp }] : [];
  const drop: readonly Op[] = [
    { op: 'user', uid: user.uid, gid: user.gid, groups: user.groups },
    {
      op: 'capabilities',
      effective: caps.effective,
      permitted: caps.permitted,
      inheritable: caps.inheritable,
      ambient: caps.ambient,
    },
    { op: 'dumpable', on: 0 },
  ];
  const bounding: Op = { op: 'bounding', keep: caps.bounding };
  if (!identity.noNewPrivileges) return [bounding, ...filter, ...drop, ...last];
  return [bounding, ...drop, { op: 'no-new-privileges' }, ...last, ...filter];
}
