/** One daemon per root: it holds the lock of a file, which the kernel takes back however it ends. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Places } from '@orc/api';
import { tryLock } from '@orc/disk';
import { fail } from '@orc/model';
import { LIMITS } from './limits.ts';

const OTHER = 'set ORC_ROOT for another instance';

/** Throws `conflict.state` while another one lives; `hint` says what to do about it. */
export function takeLock({ root }: Pick<Places, 'root'>, hint: string = OTHER): { release(): void } {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const file = join(root, 'orcd.pid');
  for (let attempt = 0; attempt < LIMITS.lockAttemptsMax; attempt += 1) {
    const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    if (!tryLock(fd)) {
      closeSync(fd);
      const pid = readFileSync(file, 'utf8').split(' ')[0];
      const who = pid === '' ? '' : ` (pid ${pid})`;
      throw fail('conflict.state', `a daemon runs for ${root} already${who}`, { hint });
    }
    if (!isStill(fd, file)) {
      closeSync(fd);
      continue;
    }
    ftruncateSync(fd);
    writeSync(fd, `${process.pid} ${startTime()}`, 0);
    return { release: () => release(fd, file) };
  }
  throw fail('conflict.state', `could not take ${file}`, { retry: true });
}

/** For whoever wants to end it by its pid, which may be another's one day: proc(5), field 22. */
const startTime = (): string =>
  readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')[19] ?? '';

/** Whoever had it may have removed it between the opening and the lock: then that is a lock of nothing. */
function isStill(fd: number, file: string): boolean {
  const now = statSync(file, { throwIfNoEntry: false });
  return now !== undefined && now.ino === fstatSync(fd).ino;
}

/** Removed while it is locked: nobody can have it as theirs. */
function release(fd: number, file: string): void {
  if (isStill(fd, file)) rmSync(file, { force: true });
  closeSync(fd);
}
