/** The real World: the process's clocks, the kernel's randomness, a JSON-lines log. */
import { randomBytes } from 'node:crypto';
import type { Clock, Emit, World } from '@orc/model';
import { pino } from 'pino';
import { LIMITS } from './limits.ts';
import { openLogFile } from './log-file.ts';

const MS_PER_DAY = 86_400_000;

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const end = (): void => {
        cancel();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const cancel = after(ms, end);
      signal?.addEventListener('abort', end);
    }),
  after,
};

/** Also beyond what a timer of the process takes, which would go off at once. */
function after(ms: number, call: () => void): () => void {
  const due = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const left = due - performance.now();
    timer = left > LIMITS.timerMsMax ? setTimeout(arm, MS_PER_DAY) : setTimeout(call, Math.max(0, left));
  };
  arm();
  return () => clearTimeout(timer);
}

/** Ends the process by SIGKILL at the named place: how tests on real daemons use the table of failpoints. */
const dieAt =
  (wanted: string) =>
  (name: string): void => {
    if (name === wanted) process.kill(process.pid, 'SIGKILL');
  };

/** `ORC_FAILPOINT` names one place of docs/failpoints.md. `logFile`: what may be shortened when the log goes there. */
export function realWorld(env: Readonly<Record<string, string | undefined>>, logFile: string): World {
  const log = pino(
    { level: env['ORC_LOG_LEVEL'] || 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime },
    openLogFile(logFile),
  );
  const emit: Emit = (level, message, fields = {}) => log[level](fields, message);
  const wanted = env['ORC_FAILPOINT'];
  return {
    clock: realClock,
    random: { bytes: (count) => randomBytes(count), number: () => Math.random() },
    failpoint: wanted === undefined ? () => {} : dieAt(wanted),
    emit,
  };
}
