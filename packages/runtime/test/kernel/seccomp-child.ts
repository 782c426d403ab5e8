/** Loads the filter on stdin into its own thread, if there is one, and prints the errno of each call of argv[2]. */
import { readFileSync, writeSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const syscall = libc.func('long syscall(long, long, long, long, long, long, long)');
const prctl = libc.func('int prctl(int, ulong, ulong, ulong, ulong)');
const exit = libc.func('void _exit(int)');
const PR_SET_SECCOMP = 22;
const PR_SET_NO_NEW_PRIVS = 38;
const MODE_FILTER = 2;

const filter = readFileSync(0);
if (filter.length > 0) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw new Error('no_new_privs');
  const program = Buffer.alloc(16);
  program.writeUInt16LE(filter.length / 8, 0);
  program.writeBigUInt64LE(koffi.address(filter) as bigint, 8);
  if (prctl(PR_SET_SECCOMP, MODE_FILTER, koffi.address(program) as bigint, 0, 0) !== 0) {
    throw new Error(`the kernel refuses the filter: errno ${koffi.errno()}`);
  }
}
const calls = JSON.parse(process.argv[2] ?? '[]') as readonly (readonly number[])[];
const errnos = calls.map(([number = 0, ...args]) => {
  koffi.errno(0);
  const padded = [...args, 0, 0, 0, 0, 0, 0].slice(0, 6);
  return syscall(number, ...padded) < 0 ? koffi.errno() : 0;
});
writeSync(1, JSON.stringify(errnos));
// At once: Node's loop would call io_uring_enter under the filter, and abort.
exit(0);
