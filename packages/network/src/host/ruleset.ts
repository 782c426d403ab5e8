/** Hears of changes of the rule set from a program of the runtime's, which is begun again should it end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock, Emit, Kernel } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { concerns } from '../plan/firewall.ts';
import { ownProgram } from './program.ts';

export type RuleSetWatch = { readonly open: () => void; readonly close: () => void };
export type RuleSetWatchOptions = {
  readonly instance: string;
  readonly program: Kernel['ruleWatch'];
  readonly clock: Clock;
  readonly emit: Emit;
  /** After each transaction that is not our own and touches more than tables of other instances; and after a gap. */
  readonly changed: () => void;
};

/** Each time it lives shorter, the next one waits longer. */
export function openRuleSetWatch(options: RuleSetWatchOptions): RuleSetWatch {
  const { clock, emit, changed } = options;
  let watcher: ChildProcess | undefined;
  let cancel: (() => void) | undefined;
  let delayMs: number = LIMITS.ruleWatchRetryMs;
  let closed = false;

  const open = (): void => {
    const begun = clock.monotonic();
    const child = startWatcher(options);
    watcher = child;
    const ended = (why: unknown): void => {
      if (closed || watcher !== child) return;
      watcher = undefined;
      if (clock.monotonic() - begun > LIMITS.firewallCheckMs) delayMs = LIMITS.ruleWatchRetryMs;
      emit('debug', 'who tells of rules has ended and is begun again', { why: String(why), delayMs });
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
      watcher?.kill();
    },
  };
}

function startWatcher({ instance, program, changed }: RuleSetWatchOptions): ChildProcess {
  const [file, ...args] = program;
  const watcher = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  watcher.unref();
  (watcher.stdout as { unref?: () => void }).unref?.();
  createInterface({ input: watcher.stdout }).on('line', hearing(instance, changed));
  return watcher;
}

/** `isOwn`: of a program by its process id, whether it is this daemon's. */
export function hearing(
  instance: string,
  changed: () => void,
  isOwn: (pid: number) => boolean = ownProgram,
): (line: string) => void {
  let touched = false;
  return (line) => {
    const by = /^by (\d+)$/.exec(line)?.[1];
    // Nobody knows whose transactions were in it.
    if (line === 'gap' || (by !== undefined && touched && !isOwn(Number(by)))) changed();
    touched = by === undefined && line !== 'gap' && (touched || concerns(line, instance));
  };
}
