/** Names of the kernel's that people write: signals, resource limits, kernel parameters. */

/** signal(7), by number from 1, without SIG. */
const SIGNALS: readonly (readonly string[])[] = [
  ...'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP'.split(
    ' ',
  ),
  ...'TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(' '),
].map((name) => [name, ...({ ABRT: ['IOT'], IO: ['POLL'] }[name] ?? [])]);
const SIGNAL_NAMES = new Set(SIGNALS.flat());
const SIGNAL_MAX = 64;
const RTMIN = 34;

/** With or without `SIG`, in any case, `RTMIN+n`, or a number. */
export function isSignal(text: string): boolean {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= 1 && Number(text) <= SIGNAL_MAX;
  const plain = text.toUpperCase().replace(/^SIG/, '');
  const realtime = /^RTMIN\+(\d{1,2})$/.exec(plain)?.[1];
  return SIGNAL_NAMES.has(plain) || (realtime !== undefined && RTMIN + Number(realtime) <= SIGNAL_MAX);
}

/** By number, without RLIMIT_, in lower case; asm-generic/resource.h. */
export const RLIMIT_NAMES: readonly string[] =
  'cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime'.split(
    ' ',
  );

export type SysctlNamespace = 'network' | 'ipc' | 'uts';

const IPC_NAMES = /^kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/;

/** The namespace that a kernel parameter belongs to; undefined: it is the host's. Dots or slashes separate. */
export function sysctlNamespace(name: string): SysctlNamespace | undefined {
  const dotted = name.replaceAll('/', '.');
  if (dotted.startsWith('net.')) return 'network';
  if (IPC_NAMES.test(dotted) || dotted.startsWith('fs.mqueue.')) return 'ipc';
  return dotted === 'kernel.domainname' ? 'uts' : undefined;
}
