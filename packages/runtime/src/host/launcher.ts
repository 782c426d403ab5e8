/** The daemon's side of the launcher: finds or starts it, and sends it plans. */
import { type ChildProcess, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { type Clock, fail, OrcError } from '@orc/model';
import { ANSWER_MS, LAUNCHER_END_MS, LAUNCHER_POLL_MS, LAUNCHER_READY_MS, PLAN_MS } from '../limits.ts';
import { encodePlan } from '../plan/encode.ts';
import { launchFailure } from '../plan/failures.ts';
import { type LaunchPlan, planOf } from '../plan/ops.ts';
import {
  type Connection,
  connect,
  type Failure,
  FRAME,
  type Frame,
  nextFrame,
  PROTOCOL,
  readFailure,
  within,
} from './wire.ts';

export type Launcher = {
  readonly pid: number;
  /** Runs a plan without a program; what its `read` operations said, in order. */
  run(plan: LaunchPlan, limitMs?: number): Promise<readonly Buffer[]>;
  /** A process of its own at the other end, which waits for `startOn`. */
  open(): Promise<Connection>;
  shutdown(): Promise<void>;
};

const SOCKET = 'launcher.sock';

/** `root` is there already. `cgroupFiles`: where the launcher writes `0` to leave the daemon's cgroup. */
export async function openLauncher(options: {
  readonly program: string;
  readonly run: string;
  readonly root: string;
  readonly clock: Clock;
  readonly cgroupFiles: () => readonly string[];
  /** Absent: LAUNCHER_READY_MS. */
  readonly readyMs?: number;
}): Promise<Launcher> {
  mkdirSync(options.run, { recursive: true, mode: 0o700 });
  const state: State = { ...options, version: versionOf(options), pid: 0, over: false };
  await ensure(state);
  return {
    get pid() {
      return state.pid;
    },
    run: async (plan, limitMs = PLAN_MS) => runPlan(await dial(state), plan, limitMs),
    open: () => dial(state),
    shutdown: () => {
      state.over = true;
      return shutdown(options);
    },
  };
}

/**
 * A launcher of another build is replaced when a daemon opens, and one whose root was another folder, over which one is
 * mounted by now: containers do not notice.
 */
function versionOf({ program, root }: { readonly program: string; readonly root: string }): string {
  const { dev, ino } = statSync(root);
  try {
    return hash('sha256', `${hash('sha256', readFileSync(program), 'hex')} ${dev} ${ino}`, 'hex');
  } catch {
    throw fail('program.missing', `there is no launcher at ${program}`, { hint: 'run npm run setup' });
  }
}

type State = {
  readonly program: string;
  readonly version: string;
  readonly run: string;
  readonly root: string;
  readonly clock: Clock;
  readonly cgroupFiles: () => readonly string[];
  readonly readyMs?: number;
  pid: number;
  over: boolean;
  /** One at a time, whoever noticed. */
  starting?: Promise<void>;
};

/** A launcher that is gone is replaced: it held nothing. */
async function dial(state: State): Promise<Connection> {
  try {
    return await connect(state.run, SOCKET);
  } catch (error) {
    if (!nobodyListens(error) || state.over) throw error;
  }
  await ensure(state);
  return connect(state.run, SOCKET);
}

function ensure(state: State): Promise<void> {
  state.starting ??= findOrSpawn(state).finally(() => delete state.starting);
  return state.starting;
}

async function findOrSpawn(state: State): Promise<void> {
  const found = await findLauncher(state);
  state.pid = found ?? (await spawnLauncher(state));
}

const nobodyListens = (error: unknown): boolean =>
  ['ENOENT', 'ECONNREFUSED'].includes((error as { code?: string }).code ?? '');

async function findLauncher(state: State): Promise<number | undefined> {
  const { run, version } = state;
  const connection = await connect(run, SOCKET).catch((error: unknown) => {
    if (nobodyListens(error)) return undefined;
    throw error;
  });
  if (connection === undefined) return undefined;
  void connection.send(FRAME.hello);
  const answer = await nextFrame(connection, `the launcher in ${run}`, ANSWER_MS);
  connection.close();
  const theirs = readHello(answer);
  if (theirs.protocol === PROTOCOL && theirs.version === version) return theirs.pid;
  await shutdown(state);
  return undefined;
}

type Hello = { readonly protocol: number; readonly pid: number; readonly version: string };
const NUMBERS = 8;

/** Throws `start.failed` for a launcher that cannot fork, or is none. */
function readHello(frame: Frame): Hello {
  const { type, payload } = frame;
  if (type !== FRAME.ok || payload.length < NUMBERS) throw failureOf(planOf([]), readFailure(frame));
  return {
    protocol: payload.readUInt32LE(0),
    pid: payload.readUInt32LE(4),
    version: payload.toString('latin1', NUMBERS),
  };
}

/** It detaches itself; the child that we see ends at once. A launcher that nobody can tell `ready` ends. */
function spawnLauncher({ program, run, root, version, clock, cgroupFiles, readyMs }: State): Promise<number> {
  const child = spawn(program, ['serve', run, root, version, ...cgroupFiles()], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {},
  });
  return new Promise((resolve, reject) => {
    let text = '';
    const give = (why: string): void =>
      reject(
        fail('start.failed', `cannot start the launcher ${program}: ${why}`, { hint: 'run npm run setup' }),
      );
    const cancel = clock.after(readyMs ?? LAUNCHER_READY_MS, () => {
      give('it does not say that it is ready');
      endChild(child);
    });
    const settle = (): void => {
      cancel();
      const pid = /^ready (\d+)$/m.exec(text)?.[1];
      if (pid === undefined) give(text.trim());
      else resolve(Number(pid));
    };
    child.on('error', (error) => {
      cancel();
      give(error.message);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.stdout.on('close', settle);
  });
}

/** With its group: it was started as the first of one. */
function endChild(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ESRCH') throw error;
  }
}

const ignore = (): void => undefined;

async function runPlan(
  connection: Connection,
  plan: LaunchPlan,
  limitMs: number,
): Promise<readonly Buffer[]> {
  const texts: Buffer[] = [];
  try {
    const done = new Promise<void>((resolve, reject) => {
      connection.listen(
        (frame) => {
          if (frame.type === FRAME.output) texts.push(Buffer.from(frame.payload));
          else if (frame.type === FRAME.ok) resolve();
          else reject(failureOf(plan, readFailure(frame)));
        },
        () => reject(fail('start.failed', "the launcher's process went away")),
      );
    });
    connection.resume();
    void connection.send(FRAME.run, 0, encodePlan(plan));
    await within(limitMs, 'the launcher', done);
  } finally {
    // Its end is no failure any more: an error, even one that nobody sees, costs more than the message.
    connection.listen(ignore, ignore);
    connection.close();
  }
  return texts;
}

/** With the launcher or with a shim: the program's connection, and the frame that tells of its start. */
export async function startOn(
  connection: Connection,
  type: number,
  plan: LaunchPlan,
  data: Uint8Array,
  attach: number,
  limitMs: number,
): Promise<{ readonly connection: Connection; readonly started: Frame }> {
  void connection.send(type, attach, data);
  const started = await nextFrame(connection, 'the start', limitMs);
  if (started.type === FRAME.started) return { connection, started };
  connection.close();
  throw failureOf(plan, readFailure(started));
}

async function shutdown({ run, clock }: Pick<State, 'run' | 'clock'>): Promise<void> {
  const connection = await connect(run, SOCKET).catch(() => undefined);
  if (connection === undefined) return;
  await connection.send(FRAME.shutdown);
  connection.close();
  const until = clock.monotonic() + LAUNCHER_END_MS;
  while (clock.monotonic() < until) {
    const again = await connect(run, SOCKET).catch(() => undefined);
    if (again === undefined) return;
    again.close();
    await clock.sleep(LAUNCHER_POLL_MS);
  }
}

export const failureOf = (plan: LaunchPlan, failure: Failure): OrcError =>
  launchFailure(
    plan,
    failure,
    failure.errno > 0 ? getSystemErrorName(-failure.errno) : `errno ${failure.errno}`,
  );
