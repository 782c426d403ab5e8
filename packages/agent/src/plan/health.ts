/** The health of a running container, after docker's rules (moby daemon/health.go, as documented). */
import type { Health, Healthcheck } from '@orc/model';
import { LIMITS } from '../limits.ts';

export type Probe = {
  readonly argv: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
};

export type HealthState = { readonly health: Health; readonly failures: number };

export const HEALTH_START: HealthState = { health: 'starting', failures: 0 };

/** `undefined`: no health check. The user's values win over the image's one by one. */
export function probeOf(
  user: Healthcheck | undefined,
  image: Healthcheck | undefined,
  shell: readonly string[],
): Probe | undefined {
  const merged = { ...image, ...user };
  const [kind, ...rest] = merged.test ?? [];
  if (kind === undefined || kind === 'NONE' || rest.length === 0) return undefined;
  return {
    argv: kind === 'CMD-SHELL' ? [...shell, rest.join(' ')] : kind === 'CMD' ? rest : [kind, ...rest],
    intervalMs: merged.intervalMs || LIMITS.probeIntervalMs,
    timeoutMs: merged.timeoutMs || LIMITS.probeTimeoutMs,
    retries: merged.retries || LIMITS.probeRetries,
    startPeriodMs: merged.startPeriodMs ?? 0,
    startIntervalMs: merged.startIntervalMs || LIMITS.probeStartIntervalMs,
  };
}

/** `sinceStartMs`: when the probe ended, counted from the start of the container. */
export function afterProbe(
  state: HealthState,
  probe: Probe,
  passed: boolean,
  sinceStartMs: number,
): HealthState {
  if (passed) return { health: 'healthy', failures: 0 };
  if (state.health === 'starting' && sinceStartMs < probe.startPeriodMs) return state;
  const failures = state.failures + 1;
  return { health: failures >= probe.retries ? 'unhealthy' : state.health, failures };
}

/** Milliseconds from the end of one probe (or the start of the container) to the next. */
export function probeDelayMs(state: HealthState, probe: Probe, sinceStartMs: number): number {
  const starting = state.health === 'starting' && sinceStartMs < probe.startPeriodMs;
  return starting ? Math.min(probe.startIntervalMs, probe.intervalMs) : probe.intervalMs;
}
