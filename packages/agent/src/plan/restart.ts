/** Whether and when a container that ended begins again in place (DECISIONS 1, 2). */
import { type Exit, exitSucceeded, type RestartPolicy } from '@orc/model';
import { LIMITS } from '../limits.ts';

export type Ended = {
  readonly exit: Exit;
  /** How long the attempt ran. */
  readonly ranMs: number;
  /** Restarts by the policy since the last word of a user. */
  readonly restarts: number;
  /** Back-off of the last restart; 0 before the first. */
  readonly lastDelayMs: number;
};

export type RestartDecision =
  | { readonly restart: true; readonly delayMs: number; readonly restarts: number }
  | { readonly restart: false };

/** DECISIONS 4: a reboot is nobody's failure and is not counted; an explicit stop was remembered elsewhere. */
const afterReboot = ({ condition }: RestartPolicy): RestartDecision =>
  condition === 'on-failure' ? { restart: false } : { restart: true, delayMs: 0, restarts: 0 };

export function decideRestart(policy: RestartPolicy | undefined, ended: Ended): RestartDecision {
  if (policy === undefined || policy.condition === 'no') return { restart: false };
  if (ended.exit.reason === 'reboot') return afterReboot(policy);
  if (policy.condition === 'on-failure' && exitSucceeded(ended.exit)) return { restart: false };
  // A window forgets what came before it; without one all count, with docker and with Swarm.
  const forgets = policy.windowMs !== undefined && ended.ranMs >= policy.windowMs;
  const restarts = forgets ? 0 : ended.restarts;
  if (policy.maxAttempts !== undefined && policy.maxAttempts > 0 && restarts >= policy.maxAttempts)
    return { restart: false };
  if (policy.delay.kind === 'fixed')
    return { restart: true, delayMs: policy.delay.ms, restarts: restarts + 1 };
  const lasted = ended.ranMs >= LIMITS.restartBackoffResetMs;
  const doubled = lasted || ended.lastDelayMs === 0 ? LIMITS.restartBackoffMs : ended.lastDelayMs * 2;
  return { restart: true, delayMs: Math.min(doubled, LIMITS.restartBackoffMaxMs), restarts: restarts + 1 };
}
