/** Hears of changes of the rule set from `nft monitor`, for as long as that lives; it is begun again when it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock, Emit } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { concerns } from '../plan/firewall.ts';
import { ownProgram } from './program.ts';

export type RuleSetWatch = { readonly open: () => void; readonly close: () => void };
export type RuleSetWatchOptions = {
  readonly instance: string;
  readonly clock: Clock;
  readonly emit: Emit;
  /** After each transaction that is not our own and touches more than tables of other instances; and after a gap. */
  readonly changed: () => void;
};

/** nft 1.0.6 dies of some sets that others may have: each time it lives shorter, the next one waits longer. */
export function openRuleSetWatch({ instance, clock, emit, changed }: RuleSetWatchOptions): RuleSetWatch {
  let monitor: ChildProcess | undefined;
  let cancel: (() => void) | undefined;
  let delayMs: number = LIMITS.monitorRetryMs;
  let closed = false;

  const open = (): void => {
    const begun = clock.monotonic();
    const child = startMonitor(instance, changed);
    monitor = child;
    const ended = (why: unknown): void => {
      if (closed || monitor !== child) return;
      monitor = undefined;
      if (clock.monotonic() - begun > LIMITS.firewallCheckMs) delayMs = LIMITS.monitorRetryMs;
      emit('debug', 'nft monitor ended and is begun again', { why: String(why), delayMs });
      cancel = clock.after(delayMs, () => {
        open();
        // What happened meanwhile was not heard of.
        changed();
      });
      delayMs = Math.min(delayMs * 2, LIMITS.firewallCheckMs);
    };
    child.once('error', ended).once('exit', (code, signal) => ended(signal ?? code));
  };

  return {
    open: () => {
      if (!closed) open();
    },
    close: () => {
      closed = true;
      cancel?.();
      monitor?.kill();
    },
  };
}

function startMonitor(instance: string, changed: () => void): ChildProcess {
  const monitor = spawn('nft', ['monitor'], { stdio: ['ignore', 'pipe', 'ignore'] });
  monitor.unref();
  (monitor.stdout as { unref?: () => void }).unref?.();
  let touched = false;
  let lines = 0;
  createInterface({ input: monitor.stdout }).on('line', (line) => {
    lines += 1;
    // It keeps what it has seen of tables that are gone: it is begun again before that is much.
    if (lines === LIMITS.monitorLinesMax) monitor.kill();
    const by = /^# new generation \d+ by process (\d+)/.exec(line);
    if (by === null) {
      touched ||= concerns(line, instance);
      return;
    }
    if (touched && !ownProgram(Number(by[1]))) changed();
    touched = false;
  });
  return monitor;
}
