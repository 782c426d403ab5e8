/** Starts the daemon that a command found missing: detached, in a session of its own, with a log file. */
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
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
  const from = fstatSync(file).size;
  const child = spawn(process.execPath, daemonProgram(), {
    detached: true,
    cwd: '/',
    stdio: ['ignore', file, file],
    env: { ...DAEMON_ENVIRONMENT, ...io.env, ...environmentOf(host) },
  });
  closeSync(file);
  child.unref();
  let code: number | string | null | undefined;
  child.on('exit', (status, signal) => {
    code = status ?? signal;
  });
  child.on('error', (error) => {
    code = error.message;
  });
  await untilAnswers(host, { log, from }, () => code);
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
  log: Log,
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
        ? failedStart(code, log)
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

/** What stood in it before the start is of other days. */
type Log = { readonly log: string; readonly from: number };

/** A daemon that refuses to start says why in its last words, as problems are written. */
export function failedStart(code: number | string | null | undefined, where: Log): Error {
  const said = sinceStart(where).split(/^error: /m);
  const [message = '', ...more] = (said.length < 2 ? '' : (said.at(-1) as string)).split('\n');
  const hint = more.find((line) => line.startsWith(HINT))?.slice(HINT.length);
  if (message === '' || hint === undefined) return failed(`the daemon ended at its start (${code})`, where);
  return fail('daemon.unreachable', `the daemon did not start: ${message}`, { hint });
}

const HINT = '  hint: ';

function failed(message: string, where: Log): Error {
  const lines = sinceStart(where).trimEnd().split('\n').slice(-DAEMON_LOG_LINES);
  const shown = lines.map((line) => (line === '' ? '' : `\n  ${line}`)).join('');
  return fail('daemon.unreachable', `${message}${shown}`, { hint: `see ${where.log}` });
}

/** A log that was begun anew meanwhile is shorter. */
function sinceStart({ log, from }: Log): string {
  try {
    const data = readFileSync(log);
    return data.subarray(data.length < from ? 0 : from).toString();
  } catch {
    return '';
  }
}
