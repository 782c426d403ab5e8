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

/** With the socket it is said to whoever asks elsewhere. */
type Lockable = Pick<Places, 'root'> & Partial<Pick<Places, 'socket'>>;

const OTHER =
  'leave out ORC_HOST and ORC_RUN, or set them as that one has them; ORC_ROOT names another instance';

/** Throws `conflict.state` while another one lives; `hint` says what to do about it. */
export function takeLock({ root, socket = '' }: Lockable, hint: string = OTHER): { release(): void } {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const file = join(root, 'orcd.pid');
  for (let attempt = 0; attempt < LIMITS.lockAttemptsMax; attempt += 1) {
    const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    if (!tryLock(fd)) {
      closeSync(fd);
      throw fail('conflict.state', `a daemon runs for ${root} already${holderOf(file)}`, { hint });
    }
    if (!isStill(fd, file)) {
      closeSync(fd);
      continue;
    }
    ftruncateSync(fd);
    writeSync(fd, [process.pid, startTime(), ...(socket === '' ? [] : [socket])].join(' '), 0);
    return { release: () => release(fd, file) };
  }
  throw fail('conflict.state', `could not take ${file}`, { retry: true });
}

/** Nothing before it has written who it is. */
function holderOf(file: string): string {
  const [pid, , ...socket] = readFileSync(file, 'utf8').split(' ');
  if (pid === undefined || pid === '') return '';
  return ` (pid ${pid})${socket.length === 0 ? '' : `, and answers on ${socket.join(' ')}`}`;
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
