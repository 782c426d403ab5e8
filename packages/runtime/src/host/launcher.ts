/** The daemon's side of the launcher: finds or starts it, and sends it plans. */
import { type ChildProcess, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { type Clock, defined, fail, type OrcError, toProblem } from '@orc/model';
import {
  ANSWER_MS,
  LAUNCHER_DIALS_MAX,
  LAUNCHER_END_MS,
  LAUNCHER_POLL_MS,
  LAUNCHER_READY_MS,
  PLAN_MS,
  START_MS,
} from '../limits.ts';
import { encodePlan } from '../plan/encode.ts';
import { launchFailure } from '../plan/failures.ts';
import { type LaunchPlan, planOf } from '../plan/ops.ts';
import { type HardLimits, hardLimits } from './own-limits.ts';
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
  open(): Promise<Opened>;
  shutdown(): Promise<void>;
};

export type Opened = {
  readonly connection: Connection;
  /** What the process at the other end can give at most, by number; absent: anything. */
  readonly hardLimits?: HardLimits;
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
  const state: State = { ...options, version: versionOf(options), known: { pid: 0 }, over: false };
  await ensure(state);
  return {
    get pid() {
      return state.known.pid;
    },
    run: async (plan, limitMs = PLAN_MS) => runPlan((await dial(state, limitMs)).connection, plan, limitMs),
    open: () => dial(state, START_MS),
    shutdown: () => {
      state.over = true;
      return shutdown(options);
    },
  };
}

/**
 * A launcher of another build is replaced when a daemon opens, and one whose root, or a folder in it, was another, over
 * which one is mounted by now: containers do not notice.
 */
function versionOf({ program, root }: { readonly program: string; readonly root: string }): string {
  const disks = disksOf(root);
  try {
    return hash('sha256', `${hash('sha256', readFileSync(program), 'hex')} ${disks}`, 'hex');
  } catch {
    throw fail('program.missing', `there is no launcher at ${program}`, { hint: 'run npm run setup' });
  }
}

/** Of the folders in it only those with a disk of their own: others come and go. */
function disksOf(root: string): string {
  const { dev, ino } = statSync(root);
  const below = readdirSync(root).flatMap((name) => {
    const own = lstatSync(join(root, name), { throwIfNoEntry: false })?.dev ?? dev;
    return own === dev ? [] : [`${name} ${own}`];
  });
  return [`${dev} ${ino}`, ...below.sort()].join('\n');
}

type State = {
  readonly program: string;
  readonly version: string;
  readonly run: string;
  readonly root: string;
  readonly clock: Clock;
  readonly cgroupFiles: () => readonly string[];
  readonly readyMs?: number;
  known: Known;
  over: boolean;
  /** One at a time, whoever noticed. */
  starting?: Promise<void>;
};

/** Its limits are looked up while it surely runs: later its number may be nobody's, or another's. */
type Known = { readonly pid: number; readonly hardLimits?: HardLimits };

/**
 * A launcher that is gone is replaced: it held nothing. The hello tells that it has forked: until then it may end and
 * take the connection along, and nothing was asked of it yet; from then on its end changes nothing.
 */
async function dial(state: State, limitMs: number): Promise<Opened> {
  for (let left = LAUNCHER_DIALS_MAX; left > 0; left -= 1) {
    const greeted = await greet(state, limitMs);
    if (greeted !== undefined) return openedOf(state, greeted);
    if (state.over) throw fail('start.failed', 'the launcher has been shut down');
    await ensure(state);
  }
  throw fail('start.failed', `the launcher ended ${LAUNCHER_DIALS_MAX} times before it answered`, {
    hint: 'something ends it: see the kernel log',
    retry: true,
  });
}

function openedOf({ known }: State, { connection, hello }: Greeted): Opened {
  const { hardLimits } = hello.pid === known.pid ? known : knownOf(hello.pid);
  return { connection, ...defined({ hardLimits }) };
}

/** One that has ended since was begun by a daemon such as this. */
const knownOf = (pid: number): Known => ({
  pid,
  ...defined({ hardLimits: hardLimits(pid) ?? hardLimits('self') }),
});

function ensure(state: State): Promise<void> {
  state.starting ??= findOrSpawn(state).finally(() => delete state.starting);
  return state.starting;
}

/** The lock of one that is ending, or of its child that has only just been forked, is free in a moment. */
async function findOrSpawn(state: State): Promise<void> {
  const until = state.clock.monotonic() + LAUNCHER_END_MS;
  for (;;) {
    const pid = (await findLauncher(state)) ?? (await spawnLauncher(state));
    if (pid !== undefined) {
      state.known = knownOf(pid);
      return;
    }
    if (state.clock.monotonic() > until)
      throw fail('start.failed', `another launcher holds the lock in ${state.run} and does not answer`);
    await state.clock.sleep(LAUNCHER_POLL_MS);
  }
}

/** Reset: its end came while it was being connected to. */
const nobodyListens = (error: unknown): boolean =>
  ['ENOENT', 'ECONNREFUSED', 'ECONNRESET'].includes((error as { code?: string }).code ?? '');

async function findLauncher(state: State): Promise<number | undefined> {
  const greeted = await greet(state, ANSWER_MS);
  if (greeted === undefined) return undefined;
  const { connection, hello } = greeted;
  connection.close();
  if (hello.protocol === PROTOCOL && hello.version === state.version) return hello.pid;
  await shutdown(state);
  return undefined;
}

type Greeted = { readonly connection: Connection; readonly hello: Hello };

/** `undefined`: nobody is there, or goes away before it answers. */
async function greet({ run }: State, limitMs: number): Promise<Greeted | undefined> {
  const connection = await connect(run, SOCKET).catch((error: unknown) => {
    if (nobodyListens(error)) return undefined;
    throw error;
  });
  if (connection === undefined) return undefined;
  void connection.send(FRAME.hello);
  const answer = await nextFrame(connection, `the launcher in ${run}`, limitMs).catch((error: unknown) => {
    if (toProblem(error).code === 'start.failed') return undefined;
    throw error;
  });
  if (answer === undefined) return undefined;
  try {
    return { connection, hello: readHello(answer) };
  } catch (error) {
    connection.close();
    throw error;
  }
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

/**
 * It detaches itself; the child that we see ends at once. A launcher that nobody can tell `ready` ends. `undefined`: there
 * is another.
 */
function spawnLauncher(state: State): Promise<number | undefined> {
  const { program, run, root, version, clock, cgroupFiles, readyMs } = state;
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
      if (pid !== undefined) resolve(Number(pid));
      else if (text.includes(LOCKED)) resolve(undefined);
      else give(text.trim());
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

/** As `listen_at` of launcher.c says it. */
const LOCKED = 'another launcher runs';

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
