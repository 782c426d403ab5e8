/** Names of the kernel's that people write: signals, resource limits, kernel parameters. */

/** signal(7), by number from 1, without SIG. */
const SIGNALS: readonly string[] = [
  ...'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP'.split(
    ' ',
  ),
  ...'TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(' '),
];
const OTHER_NAMES = new Map(
  Object.entries({ IOT: 'ABRT', CLD: 'CHLD', POLL: 'IO', UNUSED: 'SYS', RTMIN: 'RTMIN+0', RTMAX: 'RTMAX-0' }),
);
/** glibc keeps the first two real-time signals to itself. */
const RTMIN = 34;
const SIGNAL_MAX = 64;

/** Of a name with or without `SIG`, in any case, `RTMIN+n`, `RTMAX-n`, or a number; undefined: it is none. */
export function signalNumber(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) return within(1, Number(text));
  const plain = text.toUpperCase().replace(/^SIG/, '');
  const name = OTHER_NAMES.get(plain) ?? plain;
  const [, from, steps] = /^RT(MIN\+|MAX-)(\d{1,2})$/.exec(name) ?? [];
  if (from === undefined) return within(1, SIGNALS.indexOf(name) + 1);
  return within(RTMIN, from === 'MIN+' ? RTMIN + Number(steps) : SIGNAL_MAX - Number(steps));
}

const within = (min: number, number: number): number | undefined =>
  number >= min && number <= SIGNAL_MAX ? number : undefined;

export const isSignal = (text: string): boolean => signalNumber(text) !== undefined;

/** Such as `SIGTERM`; `SIG34` and on for those without a name. */
export const signalName = (number: number): string => `SIG${SIGNALS[number - 1] ?? number}`;

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
