/** Probes one running container until it ends (DECISIONS 9). */
import type { Clock, Container, Health, InTurn } from '@orc/model';
import type { Exec, Running } from '@orc/runtime';
import { LIMITS } from '../limits.ts';
import { afterProbe, HEALTH_START, probeDelayMs, type HealthState, type Probe } from '../plan/health.ts';

type LogEntry = NonNullable<Container['healthLog']>[number];
export type HealthWatch = { readonly log: () => readonly LogEntry[]; stop(): void };

export type HealthDeps = {
  readonly clock: Clock;
  readonly slots: InTurn;
  /** 0 to 1: spreads the probes of containers that started together. */
  readonly jitter: () => number;
  readonly onChange: (health: Health) => void;
};

const JITTER = 0.1;

/** The first probe comes after one interval, as docker's; `state`: where an adopted container stood. */
export function watchHealth(
  running: Running,
  probe: Probe,
  deps: HealthDeps,
  state: HealthState = HEALTH_START,
): HealthWatch {
  const { clock } = deps;
  const log: LogEntry[] = [];
  let stopped = false;
  let cancel: (() => void) | undefined;
  // The time of day may change: only how long it had run by now is told by it (DECISIONS 30).
  const [ranMs, seenAt] = [Math.max(0, clock.now() - running.startedAt), clock.monotonic()];
  const since = (): number => ranMs + clock.monotonic() - seenAt;
  const arm = (current: HealthState): void => {
    const delay = probeDelayMs(current, probe, since());
    cancel = clock.after(delay * (1 - JITTER * deps.jitter()), () => void round(current));
  };
  const round = async (current: HealthState): Promise<void> => {
    const entry = await deps.slots(() => probeOnce(running, probe, clock));
    if (stopped) return;
    log.push(entry);
    if (log.length > LIMITS.healthLogMax) log.shift();
    const next = afterProbe(current, probe, entry.exitCode === 0, since());
    if (next.health !== current.health) deps.onChange(next.health);
    arm(next);
  };
  arm(state);
  return {
    log: () => log,
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}

const FAILED = -1;

async function probeOnce(running: Running, probe: Probe, clock: Clock): Promise<LogEntry> {
  const start = clock.now();
  try {
    const exec = await running.exec({
      argv: probe.argv,
      tty: false,
      attach: { stdin: false, stdout: true, stderr: true },
      timeoutMs: probe.timeoutMs,
    });
    const output = await collect(exec);
    const { code, timedOut } = await exec.exited;
    const text = timedOut ? `Health check exceeded timeout (${probe.timeoutMs}ms): ${output}` : output;
    return { start, end: clock.now(), exitCode: timedOut ? FAILED : code, output: text };
  } catch (error) {
    return { start, end: clock.now(), exitCode: FAILED, output: String((error as Error).message) };
  }
}

async function collect(exec: Exec): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const { data } of exec.attachment.output) {
    if (bytes < LIMITS.probeOutputBytesMax) parts.push(data.subarray(0, LIMITS.probeOutputBytesMax - bytes));
    bytes += data.length;
  }
  return Buffer.concat(parts).toString('utf8');
}
