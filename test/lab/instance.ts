/** A daemon of its own for a test or a bench: in folders of its own, removed without a trace at the end. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, connect } from '@orc/api/client';

const repository = join(import.meta.dirname, '../..');
const START_MS = 20_000;
const STEP_MS = 5;

export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Instance = {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly client: Client;
  pid(): number;
  /** The command line, as a user starts it. */
  orc(
    args: readonly string[],
    options?: {
      readonly input?: string;
      readonly cwd?: string;
      readonly env?: Readonly<Record<string, string>>;
    },
  ): CommandResult;
  /** The same without waiting. */
  spawnOrc(args: readonly string[], options?: { readonly cwd?: string }): ChildProcess;
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  log(): string;
  /** Ends everything and removes all of it. */
  purge(): Promise<void>;
};

const daemonArgs = (): string[] => [
  process.env['ORC_TEST_BUNDLE'] === '1'
    ? join(repository, 'apps/orcd/dist/orcd.cjs')
    : join(repository, 'apps/orcd/src/main.ts'),
];

export async function startInstance(): Promise<Instance> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-lab-'));
  const env = {
    ...(process.env as Record<string, string>),
    ORC_ROOT: join(folder, 'root'),
    ORC_RUN: join(folder, 'run'),
    ORC_HOST: `unix://${folder}/run/orc.sock`,
  };
  const client = connect({ socketPath: join(folder, 'run/orc.sock') });
  let daemon: ChildProcess | undefined;
  const instance: Instance = {
    folder,
    env,
    client,
    pid: () => daemon?.pid ?? 0,
    orc(args, options = {}) {
      const { status, stdout, stderr, signal } = spawnSync(join(repository, 'apps/orc/bin/orc'), args, {
        env: { ...env, ...options.env },
        encoding: 'utf8',
        maxBuffer: 256 * 1024 * 1024,
        ...(options.input === undefined ? {} : { input: options.input }),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
      return { code: status ?? (signal === null ? -1 : 128), stdout, stderr };
    },
    spawnOrc: (args, options = {}) => spawn(join(repository, 'apps/orc/bin/orc'), args, { env, ...options }),
    async start(more = {}) {
      const output = openSync(join(folder, 'daemon.log'), 'a');
      daemon = spawn(process.execPath, daemonArgs(), {
        env: { ...env, ...more },
        stdio: ['ignore', output, output],
      });
      await until(
        () =>
          client.version().then(
            () => true,
            () => false,
          ),
        `the daemon to listen: ${instance.log()}`,
        () => daemon?.exitCode != null,
      );
    },
    async stop(signal = 'SIGTERM') {
      const running = daemon;
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill(signal);
      await ended;
    },
    log: () => readFileSync(join(folder, 'daemon.log'), 'utf8'),
    async purge() {
      await instance.stop();
      const { status, stderr } = spawnSync(process.execPath, [...daemonArgs(), '--purge'], {
        env,
        encoding: 'utf8',
      });
      rmSync(folder, { recursive: true, force: true });
      if (status !== 0) throw new Error(`purge failed: ${stderr}`);
    },
  };
  await instance.start();
  return instance;
}

/** Waits for a condition, never for a time. */
export async function until(
  test: () => boolean | Promise<boolean>,
  what: string,
  giveUp: () => boolean = () => false,
  ms = START_MS,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await test())) {
    if (giveUp() || performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
