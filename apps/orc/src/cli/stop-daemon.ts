/** Ends the daemon of this instance, which its pid file names; containers live on. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '@orc/model';
import { DAEMON_POLL_FIRST_MS, DAEMON_POLL_LAST_MS, DAEMON_STOP_MS } from '../limits.ts';
import type { Host } from './host.ts';

/** Gives the pid of the daemon that ended, or undefined when none runs. Throws `timeout`. */
export async function stopDaemon(host: Host): Promise<number | undefined> {
  mustBeOurs(host);
  const running = runningDaemon(host);
  if (running === undefined) return undefined;
  if (isOfSystemd(running.pid))
    throw fail('conflict.state', `systemd runs the daemon (pid ${running.pid}) and would start it again`, {
      hint: 'run "systemctl stop orc"',
    });
  terminate(running.pid);
  const deadline = performance.now() + DAEMON_STOP_MS;
  for (let wait = DAEMON_POLL_FIRST_MS; isAlive(running); wait = Math.min(wait * 1.5, DAEMON_POLL_LAST_MS)) {
    if (performance.now() > deadline)
      throw fail('timeout', `the daemon (pid ${running.pid}) did not end within ${DAEMON_STOP_MS / 1000} s`, {
        hint: `see ${join(host.root, 'daemon.log')}`,
      });
    await sleep(wait);
  }
  return running.pid;
}

/** Another socket is another instance's, or another host's: its pid file is not under this root. */
function mustBeOurs({ root, socketPath, local }: Host): void {
  if (local) return;
  throw fail('usage.invalid', `the socket ${socketPath} is not that of the instance under ${root}`, {
    hint: 'set ORC_ROOT and ORC_RUN to those of the daemon, and leave ORC_HOST out',
  });
}

type Running = { readonly pid: number; readonly started: string };

function runningDaemon({ root }: Host): Running | undefined {
  const [pid = '', started = ''] = pidFile(join(root, 'orcd.pid')).split(' ');
  const running = { pid: Number(pid), started };
  return /^[1-9]\d*$/.test(pid) && isAlive(running) ? running : undefined;
}

function pidFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw fail('permission.root', `${file} cannot be read (${code})`, { hint: 'run this command as root' });
  }
}

/** A pid may be another's by now: its start time (proc(5), field 22) tells. A zombie has ended. */
function isAlive({ pid, started }: Running): boolean {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] !== 'Z' && fields[19] === started;
  } catch {
    return false;
  }
}

function isOfSystemd(pid: number): boolean {
  if (!existsSync('/run/systemd/system')) return false;
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes('/orc.service');
  } catch {
    return false;
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH')
      throw fail('permission.root', `the daemon (pid ${pid}) cannot be signalled (${code})`, {
        hint: 'run this command as root',
      });
  }
}
