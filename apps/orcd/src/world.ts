/** The real World: the process's clocks, the kernel's randomness, a JSON-lines log. */
import { randomBytes } from 'node:crypto';
import type { Clock, Emit, World } from '@orc/model';
import { pino } from 'pino';

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** Ends the process by SIGKILL at the named place: how tests on real daemons use the table of failpoints. */
const dieAt =
  (wanted: string) =>
  (name: string): void => {
    if (name === wanted) process.kill(process.pid, 'SIGKILL');
  };

/** `ORC_FAILPOINT` names one place of docs/failpoints.md. */
export function realWorld(env: Readonly<Record<string, string | undefined>>): World {
  const log = pino({
    level: env['ORC_LOG_LEVEL'] || 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  const emit: Emit = (level, message, fields = {}) => log[level](fields, message);
  const wanted = env['ORC_FAILPOINT'];
  return {
    clock,
    random: { bytes: (count) => randomBytes(count), number: () => Math.random() },
    failpoint: wanted === undefined ? () => {} : dieAt(wanted),
    emit,
  };
}
