/** A daemon of its own for a test or a bench: in folders of its own, removed without a trace at the end. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, connect } from '@orc/api/client';
import { DAEMON_ENVIRONMENT, daemonArguments } from '../../apps/orc/src/cli/program.ts';
import { instanceOf } from '@orc/api';
import { leftovers } from './leftovers.ts';

const repository = join(import.meta.dirname, '../..');
/** A machine that is emulated takes longer. */
const START_MS = Number(process.env['ORC_TEST_START_MS'] ?? 20_000);
/** A daemon that was asked to end and does not within this time has a bug. */
const STOP_MS = 20_000;
const PURGE_MS = 30_000;
const COMMAND_MS = 60_000;
const STEP_MS = 5;

export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Instance = {
  readonly folder: string;
  /** What its kernel objects are named after. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly client: Client;
  pid(): number;
  /** The command line, as a user starts it. */
  orc(
    args: readonly string[],
    options?: {
      readonly input?: string | Uint8Array;
      readonly cwd?: string;
      readonly env?: Readonly<Record<string, string>>;
    },
  ): CommandResult;
  /** The daemon's program, for what ends by itself. */
  orcd(args: readonly string[], env?: Readonly<Record<string, string>>): CommandResult;
  /** As `orc`, without waiting. */
  spawnOrc(args: readonly string[], options?: { readonly cwd?: string }): ChildProcess;
  /** SIGTERM, or another signal; throws when the daemon does not end soon. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Waits for a daemon that ends by itself (a failpoint). */
  ended(): Promise<void>;
  /** Resolves once it answers. */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  log(): string;
  /** What the instance has in the kernel and on the disk now, besides its daemon. */
  leftovers(): readonly string[];
  /** Ends everything and removes all of it; throws when anything is left. */
  purge(): Promise<void>;
};

/** As `orc` starts it. */
const daemonArgs = (): readonly string[] =>
  daemonArguments(
    process.env['ORC_TEST_BUNDLE'] === '1'
      ? join(repository, 'apps/orcd/dist/orcd.cjs')
      : join(repository, 'apps/orcd/src/main.ts'),
  );

export type InstanceOptions = {
  /** Default: a folder of its own in the folder for temporary files. */
  readonly root?: string;
  readonly env?: Readonly<Record<string, string>>;
};

export async function startInstance(options: InstanceOptions = {}): Promise<Instance> {
  const instance = makeInstance(options);
  try {
    await instance.start(options.env);
  } catch (error) {
    await instance.purge().catch(() => {});
    throw error;
  }
  return instance;
}

/** Its daemon is not started yet. */
export function makeInstance(options: InstanceOptions = {}): Instance {
  const folder = mkdtempSync(join(tmpdir(), 'orc-lab-'));
  const root = options.root ?? join(folder, 'root');
  const name = instanceOf(root);
  const env = {
    ...(process.env as Record<string, string>),
    ORC_ROOT: root,
    ORC_RUN: join(folder, 'run'),
    ORC_HOST: `unix://${folder}/run/orc.sock`,
  };
  const client = connect({ socketPath: join(folder, 'run/orc.sock') });
  const cli = join(repository, 'apps/orc/bin/orc');
  let daemon: ChildProcess | undefined;
  const hasEnded = (): boolean =>
    daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null;
  const ended = (): Promise<unknown> =>
    hasEnded() ? Promise.resolve() : new Promise((resolve) => daemon?.once('exit', resolve));
  const instance: Instance = {
    folder,
    name,
    env,
    client,
    pid: () => daemon?.pid ?? 0,
    orc: (args, more = {}) => runToEnd(cli, args, { ...more, env: { ...env, ...more.env } }),
    orcd: (args, more = {}) =>
      runToEnd(process.execPath, [...daemonArgs(), ...args], {
        env: { ...env, ...more },
        timeoutMs: PURGE_MS,
      }),
    spawnOrc: (args, more = {}) => spawn(cli, args, { env, ...more }),
    async start(more = {}) {
      const output = openSync(join(folder, 'daemon.log'), 'a');
      daemon = spawn(process.execPath, daemonArgs(), {
        env: { ...DAEMON_ENVIRONMENT, ...env, ...more },
        stdio: ['ignore', output, output],
      });
      closeSync(output);
      const answers = (): Promise<boolean> =>
        client.version().then(
          () => true,
          () => false,
        );
      await until(answers, () => `the daemon to listen: ${instance.log()}`, hasEnded);
    },
    async stop(signal = 'SIGTERM') {
      if (hasEnded()) return;
      daemon?.kill(signal);
      if (await within(STOP_MS, ended())) return;
      daemon?.kill('SIGKILL');
      await ended();
      throw new Error(`the daemon did not end ${STOP_MS} ms after ${signal}: ${instance.log()}`);
    },
    ended: async () => {
      if (!(await within(START_MS, ended()))) throw new Error('the daemon did not end by itself');
    },
    log: () => readFileSync(join(folder, 'daemon.log'), 'utf8'),
    leftovers: () => leftovers(name, folder),
    async purge() {
      client.close();
      const stopped = await instance.stop().catch((error: unknown) => error);
      const purged = instance.orcd(['--purge']);
      const left = instance.leftovers();
      rmSync(folder, { recursive: true, force: true });
      if (stopped instanceof Error) throw stopped;
      if (purged.code !== 0) throw new Error(`purge failed: ${purged.stderr}${purged.stdout}`);
      if (left.length > 0) throw new Error(`purge left something behind:\n${left.join('\n')}`);
    },
  };
  return instance;
}

type RunOptions = {
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly timeoutMs?: number;
};

const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

function runToEnd(program: string, args: readonly string[], options: RunOptions): CommandResult {
  const { status, stdout, stderr, signal } = spawnSync(program, args, {
    env: options.env,
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    timeout: options.timeoutMs ?? COMMAND_MS,
    killSignal: 'SIGKILL',
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return { code: status ?? (signal === null ? -1 : 128), stdout, stderr };
}

/** Whether it came to an end in time. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  const passed = new Promise((resolve) => late.signal.addEventListener('abort', resolve));
  await Promise.race([work, passed]);
  clearTimeout(timer);
  return !late.signal.aborted;
}

/** Waits for a condition, never for a time. */
export async function until(
  test: () => boolean | Promise<boolean>,
  what: string | (() => string),
  giveUp: () => boolean = () => false,
  ms = START_MS,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await test())) {
    if (giveUp() || performance.now() > deadline)
      throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
