/** flock(2), which Node does not offer. */
import koffi from 'koffi';

const LOCK_EX_NB = 2 | 4;

const flock = koffi.load('libc.so.6').func('int flock(int, int)');

/** False: another process holds it. The lock goes with the descriptor. */
export const tryLock = (fd: number): boolean => flock(fd, LOCK_EX_NB) === 0;
