/** One daemon per root: a pid file that a living daemon owns. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@orc/model';
import type { Places } from './instance.ts';

const ATTEMPTS_MAX = 3;

const OTHER = 'set ORC_ROOT and ORC_RUN for another instance';

/** Throws `conflict.state` while another one lives; `hint` says what to do about it. */
export function takeLock({ root }: Pick<Places, 'root'>, hint: string = OTHER): { release(): void } {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const file = join(root, 'orcd.pid');
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    if (tryCreate(file)) return { release: () => rmSync(file, { force: true }) };
    const pid = Number(readFileSync(file, 'utf8').split(' ')[0]);
    if (isAlive(file))
      throw fail('conflict.state', `a daemon runs for ${root} already (pid ${pid})`, {
        hint,
      });
    rmSync(file, { force: true });
  }
  throw fail('conflict.state', `could not take ${file}`, { retry: true });
}

function tryCreate(file: string): boolean {
  try {
    const handle = openSync(file, 'wx', 0o600);
    writeSync(handle, `${process.pid} ${startTime(process.pid)}`);
    closeSync(handle);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A pid may be another's by now: its start time (proc(5), field 22) tells. */
function isAlive(file: string): boolean {
  const [pid, started] = readFileSync(file, 'utf8').split(' ');
  return pid !== undefined && pid !== '' && startTime(Number(pid)) === started;
}

/** Of a process that runs: one that has ended and was not waited for yet holds nothing. */
function startTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
