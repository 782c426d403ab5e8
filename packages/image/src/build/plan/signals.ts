/** Names and numbers of signals (signal(7)), as STOPSIGNAL takes them. */

const NAMES: ReadonlySet<string> = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM ' +
    'TRAP TSTP TTIN TTOU UNUSED URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
  ).split(' '),
);
const REALTIME = /^(RTMIN\+([1-9]|1[0-5])|RTMAX-([1-9]|1[0-4]))$/;
const SIGNAL_MAX = 64;

export function isSignal(text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= SIGNAL_MAX;
  const name = text.toUpperCase().replace(/^SIG/, '');
  return NAMES.has(name) || REALTIME.test(name);
}
