/** Starts the daemon that a command found missing: detached, in a session of its own, with a log file. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectClient } from '@orc/api/client';
import { OrcError, fail } from '@orc/model';
import {
  DAEMON_LOG_LINES,
  DAEMON_OTHER_MS,
  DAEMON_POLL_FIRST_MS,
  DAEMON_POLL_LAST_MS,
  DAEMON_START_MS,
} from '../limits.ts';
import { environmentOf, type Host } from './host.ts';
import type { Io } from './io.ts';
import { DAEMON_ENVIRONMENT, daemonProgram } from './program.ts';

/** `found` is why the socket did not answer; what no daemon would cure is thrown as it is. */
export async function startDaemon(io: Io, host: Host, found: unknown): Promise<void> {
  if (!(found instanceof OrcError) || found.problem.code !== 'daemon.unreachable' || !host.local) throw found;
  if (io.uid !== 0)
    throw fail('permission.root', `no daemon answers on ${host.socketPath}, and only root can start one`, {
      hint: 'run "sudo orc daemon", or this command as root',
    });
  const log = join(host.root, 'daemon.log');
  const file = openLog(host.root, log);
  const child = spawn(process.execPath, daemonProgram(), {
    detached: true,
    cwd: '/',
    stdio: ['ignore', file, file],
    env: { ...DAEMON_ENVIRONMENT, ...io.env, ...environmentOf(host) },
  });
  child.unref();
  let code: number | string | null | undefined;
  child.on('exit', (status, signal) => {
    code = status ?? signal;
  });
  child.on('error', (error) => {
    code = error.message;
  });
  await untilAnswers(host, log, () => code);
  // Of two that were started at once, one finds the other's lock and ends.
  if ((await pidOf(host)) === child.pid)
    io.stderr.write(`started the orc daemon (pid ${child.pid}, log ${log})\n`);
}

function openLog(root: string, log: string): number {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const file = openSync(log, 'a', 0o600);
    chmodSync(log, 0o600);
    return file;
  } catch (error) {
    throw fail('input.invalid', `the log ${log} cannot be opened: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'set ORC_ROOT to a folder that can be written',
    });
  }
}

async function untilAnswers(
  host: Host,
  log: string,
  ended: () => number | string | null | undefined,
): Promise<void> {
  let deadline = performance.now() + DAEMON_START_MS;
  let over = false;
  for (let wait = DAEMON_POLL_FIRST_MS; ; wait = Math.min(wait * 1.5, DAEMON_POLL_LAST_MS)) {
    if (await answers(host.socketPath)) return;
    const code = ended();
    if (code !== undefined && !over) deadline = performance.now() + DAEMON_OTHER_MS;
    over = code !== undefined;
    if (performance.now() > deadline)
      throw over
        ? failed(`the daemon ended at its start (${code})`, log)
        : failed(`the daemon did not answer within ${DAEMON_START_MS / 1000} s`, log);
    await sleep(wait);
  }
}

async function pidOf({ socketPath }: Host): Promise<number> {
  const client = connectClient({ socketPath });
  try {
    return (await client.version()).pid;
  } finally {
    client.close();
  }
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

function failed(message: string, log: string): Error {
  const lines = existsSync(log)
    ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-DAEMON_LOG_LINES)
    : [];
  const shown = lines.map((line) => `\n  ${line}`).join('');
  return fail('daemon.unreachable', `${message}${shown}`, { hint: `see ${log}` });
}
