/** A running program is asked to end: first nobody new is sent to it, then comes its signal, then its grace period, then SIGKILL. */
import type { Clock, ContainerSpec, Emit, ResolvedImage, TaskDesired } from '@orc/model';
import type { Running } from '@orc/runtime';
import { LIMITS } from '../limits.ts';
import { endOf } from './waits.ts';

export type StopRequest = { readonly graceMs?: number; readonly signal?: string };

/**
 * Whoever asks now, then the wish, then the container, then docker's. Milliseconds; a negative wish is for as long as
 * it takes, as docker has it.
 */
export function graceOf(desired: TaskDesired, asked: StopRequest, spec: ContainerSpec): number {
  if (desired.kill !== undefined) return 0;
  const graceMs = asked.graceMs ?? desired.stopGraceMs ?? spec.stopGraceMs ?? LIMITS.stopGraceMs;
  return graceMs < 0 ? Number.POSITIVE_INFINITY : graceMs;
}

export const stopSignalOf = (spec: ContainerSpec, image: ResolvedImage | undefined): string =>
  spec.stopSignal ?? image?.config.StopSignal ?? 'SIGTERM';

export type Asking = {
  readonly name: string;
  readonly graceMs: number;
  readonly signal: string;
  /** Ends the wait at whatever it is. */
  readonly hurry: Promise<void>;
  /** Takes it out of names and published ports (DECISIONS 10). */
  readonly withdraw: () => Promise<void>;
  readonly asked: (signal: string) => void;
};

type Deps = { readonly clock: Clock; readonly emit: Emit };

/** Resolves when it has ended; throws `timeout` when it does not even by SIGKILL. */
export async function end(running: Running, asking: Asking, deps: Deps): Promise<void> {
  let ended = false;
  void running.exited.then(() => {
    ended = true;
  });
  if (asking.graceMs > 0) await askToEnd(running, asking, deps);
  if (!ended) {
    asking.asked('SIGKILL');
    await running.kill().catch(() => {});
  }
  await endOf(running, asking.name, deps.clock);
}

/** Resolves when it has ended, when its grace period is over, or on `hurry`. */
async function askToEnd(
  running: Running,
  { graceMs, signal, hurry, withdraw, asked }: Asking,
  { clock, emit }: Deps,
): Promise<void> {
  let hurried = false;
  void hurry.then(() => {
    hurried = true;
  });
  const soon = Promise.race([running.exited, hurry]);
  const withdrawn = withdraw().catch((error: unknown) =>
    emit('warn', 'a container that is to end may still be sent requests', { error: String(error) }),
  );
  await within(LIMITS.drainMs, Promise.race([withdrawn, soon]), clock);
  if (hurried) return;
  asked(signal);
  // The shim's word is not waited for: one that does not answer would have the grace period never begin.
  void running.signal(signal).catch(() => {});
  await within(graceMs, soon, clock);
}

async function within(ms: number, what: Promise<unknown>, clock: Clock): Promise<void> {
  if (ms === Number.POSITIVE_INFINITY) return void (await what);
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  await Promise.race([what, promise]);
  cancel();
}
