/** Processes of a session, which a program that was started `detached` leads: those that outlive it too. */
import { readdirSync, readFileSync } from 'node:fs';

/** Nothing of it changes anything any more: who tells of rules only looks, and goes with its parent. */
export const sessionIsIdle = (leader: number): boolean =>
  !readdirSync('/proc').some((pid) => acts(pid, leader));

function acts(pid: string, leader: number): boolean {
  if (!/^\d+$/.test(pid)) return false;
  try {
    if (sessionOf(pid) !== leader) return false;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command !== '' && !command.endsWith('\0watch-rules\0');
  } catch {
    return false;
  }
}

/** proc_pid_stat(5): the fourth field after the name, which may hold anything. */
function sessionOf(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
}
