/** A container with a shim, as the daemon holds it. */
import { type Clock, type ContainerId, type Emit, type Exit, fail, OrcError } from '@orc/model';
import { EXEC_START_MS } from '../limits.ts';
import { compileExec } from '../plan/exec.ts';
import { encodePlan } from '../plan/encode.ts';
import { withHome } from '../plan/process.ts';
import { boundedRlimits } from '../plan/rlimits.ts';
import type { Attachment, AttachOptions, Exec, ExecRequest, ProcessId, Running } from '../types.ts';
import { entranceOf } from './cgroup-v2.ts';
import type { Cgroups } from './cgroups.ts';
import type { Closing } from './closing.ts';
import { type Channel, numberPayload, openChannel, sizePayload } from './channel.ts';
import { type Context, exitOf, readContext, readExit } from './folder.ts';
import type { Accounts } from './accounts.ts';
import { resolveIdentity } from './identity.ts';
import { type Launcher, startOn } from './launcher.ts';
import { hardLimits } from './own-limits.ts';
import { signalNumber } from './signals.ts';
import { attachBits, type Connection, connect, FRAME, PROTOCOL, readStarted, type Started } from './wire.ts';

export const SHIM_SOCKET = 'shim.sock';

export type Host = {
  readonly launcher: Launcher;
  readonly accounts: Accounts;
  readonly cgroups: Cgroups;
  /** See `makeSkeleton`. */
  readonly skeleton: string;
  readonly clock: Clock;
  readonly emit: Emit;
  /** The daemon lets go: nothing that ends from now on is told. */
  readonly closing: Closing;
};

export type RunningParts = {
  readonly id: ContainerId;
  readonly folder: string;
  readonly started: Started;
  /** Tells of the end, and takes requests; absent for a program that ended while it was started. */
  readonly control?: Channel;
  readonly attachment?: Attachment;
};

export function openRunning(host: Host, parts: RunningParts): Running {
  const { id, folder, started, control } = parts;
  let over = false;
  const exited = awaitExit(host, parts).then((exit) => {
    over = true;
    return exit;
  });
  const gone = () => fail('conflict.state', `container ${id} does not run any more`);
  const alive = async <T>(act: () => Promise<T>): Promise<T> => {
    if (over) throw gone();
    return act();
  };
  const request = (type: number, payload: Uint8Array): Promise<void> =>
    alive(() => control?.request(type, 0, payload) ?? Promise.reject(gone()));
  return {
    id,
    pid: started.pid,
    ...(started.ticks === undefined ? {} : { ticks: started.ticks }),
    attempt: started.attempt,
    startedAt: started.at,
    exited,
    ...(parts.attachment === undefined ? {} : { attachment: parts.attachment }),
    attach: (options) => alive(() => attach(host, folder, options)),
    exec: (request) => alive(() => exec(host, folder, started, request)),
    signal: async (name) => request(FRAME.signal, numberPayload(signalNumber(name))),
    resize: (columns, rows) => request(FRAME.resize, sizePayload(columns, rows)),
    kill: () => alive(() => host.cgroups.kill(id)),
    stats: () => alive(async () => host.cgroups.stats(id)),
    pause: () => alive(() => host.cgroups.freeze(id)),
    unpause: () => alive(() => host.cgroups.thaw(id)),
  };
}

/**
 * From the shim's word, else its record; without either the shim was killed (DECISIONS 8). Then the code is 137 and true:
 * the first process gets SIGKILL as its shim dies, or here with its cgroup.
 */
async function awaitExit(host: Host, { id, folder, started, control }: RunningParts): Promise<Exit> {
  const stay = host.closing.onEnd(() => control?.close());
  const ended = await control?.ended;
  stay();
  if (ended !== undefined) {
    control?.close();
    await endRest(host, id);
    return exitOf(ended);
  }
  if (host.closing.isOver) return new Promise<never>(() => undefined);
  const record = recordOf(host, id, folder);
  if (record?.attempt === started.attempt) {
    await endRest(host, id);
    return record.exit;
  }
  await host.cgroups.kill(id).catch((error: unknown) => {
    host.emit('error', 'what a lost shim left does not end', { container: id, error: String(error) });
  });
  return { code: 137, signal: 'SIGKILL', oomKilled: false, at: host.clock.now(), reason: 'shim lost' };
}

function recordOf(host: Host, id: ContainerId, folder: string): ReturnType<typeof readExit> {
  try {
    return readExit(folder);
  } catch (error) {
    host.emit('error', 'the end of a container cannot be read', { container: id, error: String(error) });
    return undefined;
  }
}

/** Without a pid namespace of its own a container's other processes outlive its first: they end with it. */
export async function endRest({ cgroups, emit }: Host, id: ContainerId): Promise<void> {
  if (cgroups.pids(id).length === 0) return;
  await cgroups.kill(id).catch((error: unknown) => {
    emit('error', 'what an ended container left does not end', { container: id, error: String(error) });
  });
}

/** A daemon that lets go closes what nobody reads, too: a shim waits for its readers. */
export function closeWith({ closing }: Host, connection: Connection): void {
  connection.whenClosed(closing.onEnd(() => connection.close()));
}

async function openShim(host: Host, folder: string): Promise<Channel> {
  const connection = await connect(folder, SHIM_SOCKET).catch(() => {
    throw fail('conflict.state', `the container in ${folder} does not run any more`);
  });
  closeWith(host, connection);
  return openChannel(connection);
}

async function attach(host: Host, folder: string, options: AttachOptions): Promise<Attachment> {
  const channel = await openShim(host, folder);
  await channel.request(FRAME.attach, attachBits(options), Buffer.alloc(0));
  return channel.attachment;
}

async function exec(
  host: Host,
  folder: string,
  { pid, ticks = 0n }: Started,
  request: ExecRequest,
): Promise<Exec> {
  const context = readContext(folder);
  const identity = await execIdentity(host, { folder, process: { pid, ticks } }, context, request);
  const env = { ...context.env, ...(request.tty ? { TERM: 'xterm' } : {}), ...request.env };
  const plan = compileExec({
    program: {
      argv: request.argv,
      env: withHome(env, identity.user.home),
      cwd: request.workingDir ?? context.cwd,
    },
    identity,
    // What the container has is what the host could give.
    rlimits: boundedRlimits(context.ulimits, hardLimits(pid)),
    tty: request.tty,
    ...(request.terminal === undefined ? {} : { terminal: request.terminal }),
    stdin: request.attach.stdin,
    tasksFiles: context.tasksFiles,
    ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
    ...(context.cgroupV2 === undefined ? {} : { cgroupV2: cgroupOf(context.cgroupV2, pid, request) }),
  });
  const data = encodePlan(plan);
  const connection = await connect(folder, SHIM_SOCKET);
  closeWith(host, connection);
  const { started } = await startOn(
    connection,
    FRAME.exec,
    plan,
    data,
    attachBits(request.attach),
    EXEC_START_MS,
  );
  return execOf(openChannel(connection), readStarted(started).pid);
}

/** With a time limit it gets a cgroup of its own below the container's, which always may have one. */
const cgroupOf = (folder: string, pid: number, { timeoutMs }: ExecRequest): string =>
  timeoutMs === undefined ? entranceOf(folder, pid) : folder;

const execIdentity = (
  host: Host,
  where: { readonly folder: string; readonly process: ProcessId },
  context: Context,
  request: ExecRequest,
) =>
  resolveIdentity(host.accounts, {
    ...where,
    layers: context.layers,
    user: request.user ?? context.user,
    groupAdd: context.groupAdd,
    capAdd: context.capAdd,
    capDrop: context.capDrop,
    privileged: request.privileged ?? context.privileged,
    noNewPrivileges: context.noNewPrivileges,
    seccomp: context.seccomp,
  });

const KILLED = { code: 137, timedOut: false };

const execOf = (channel: Channel, pid: number): Exec => ({
  pid,
  attachment: channel.attachment,
  exited: channel.ended.then((ended) => {
    if (ended === undefined) return KILLED;
    return { code: ended.timedOut ? 137 : ended.code, timedOut: ended.timedOut };
  }),
  resize: (columns, rows) => channel.request(FRAME.resize, 0, sizePayload(columns, rows)),
  signal: (name) => channel.request(FRAME.signal, 0, numberPayload(signalNumber(name))),
});

/**
 * Undefined when nobody listens. Throws for a shim whose container may well run: `timeout` when it hangs,
 * `conflict.version` when it speaks what this daemon does not.
 */
export async function findShim(folder: string): Promise<{ channel: Channel; started: Started } | undefined> {
  const connection = await connect(folder, SHIM_SOCKET).catch(() => undefined);
  if (connection === undefined) return undefined;
  const channel = openChannel(connection);
  try {
    const started = await channel.hello();
    checkProtocol(folder, started);
    return { channel, started };
  } catch (error) {
    channel.close();
    if (isGone(error)) return undefined;
    throw error;
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof OrcError && error.problem.code === 'conflict.state';

function checkProtocol(folder: string, { protocol }: Started): void {
  if (protocol <= PROTOCOL) return;
  throw fail(
    'conflict.version',
    `the shim of ${folder} speaks version ${protocol}, and this orc up to ${PROTOCOL}`,
    {
      hint: 'a newer orc started this container: use that one',
    },
  );
}
