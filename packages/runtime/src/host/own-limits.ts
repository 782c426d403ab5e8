/** Without CAP_SYS_RESOURCE nobody gets a hard limit above that of the process that begins it. */
import { CAPABILITY_NAMES, RLIMIT_NAMES } from '@orc/model';
import { RLIM_INFINITY } from '../plan/rlimits.ts';
import { readText } from './cgroup-files.ts';
import { hostBounding } from './identity.ts';

const SYS_RESOURCE = BigInt(CAPABILITY_NAMES.indexOf('SYS_RESOURCE'));

/** Names in /proc/self/limits by those of setrlimit(2). */
const TITLES: Readonly<Record<string, string>> = {
  cpu: 'Max cpu time',
  fsize: 'Max file size',
  data: 'Max data size',
  stack: 'Max stack size',
  core: 'Max core file size',
  rss: 'Max resident set',
  nproc: 'Max processes',
  nofile: 'Max open files',
  memlock: 'Max locked memory',
  as: 'Max address space',
  locks: 'Max file locks',
  sigpending: 'Max pending signals',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
};

export type HardLimits = ReadonlyMap<number, bigint>;

/**
 * Of a process, by number; undefined where any limit can be given, or when the process is gone. The launcher may have
 * another daemon's limits.
 */
export function hardLimits(pid: number | 'self'): HardLimits | undefined {
  if ((hostBounding() >> SYS_RESOURCE) & 1n) return undefined;
  const text = readText(`/proc/${pid}/limits`);
  return text === '' ? undefined : parseLimits(text);
}

function parseLimits(text: string): HardLimits {
  const limits = new Map<number, bigint>();
  for (const [number, name] of RLIMIT_NAMES.entries()) {
    const line = text.split('\n').find((each) => each.startsWith(TITLES[name] ?? name));
    const hard = line
      ?.slice((TITLES[name] ?? '').length)
      .trim()
      .split(/\s+/)[1];
    if (hard !== undefined) limits.set(number, hard === 'unlimited' ? RLIM_INFINITY : BigInt(hard));
  }
  return limits;
}
