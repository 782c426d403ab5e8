/**
 * A resident `nft -i` for single elements: its start would be nine tenths of their time, and after a deletion its end
 * waits for the kernel. A line is a transaction; a question for a table that cannot exist marks where its errors end.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { forgetProgram, keepProgram } from './program.ts';

export type NftSession = {
  /** Whether all of these commands were done; when not, none was. */
  readonly run: (commands: readonly string[]) => Promise<boolean>;
  /** Resolves when it has ended. */
  readonly close: () => Promise<void>;
};
type Child = ChildProcessByStdio<Writable, null, Readable>;

/** `idleMs`: without anything to do it ends after this long; undefined: it stays. */
export function openNftSession(clock: Clock, idleMs: number | undefined): NftSession {
  let child: Child | undefined;
  let usable = true;
  let serial = 0;
  let cancelIdle: (() => void) | undefined;

  const close = async (): Promise<void> => {
    cancelIdle?.();
    const used = child;
    child = undefined;
    if (used === undefined || used.exitCode !== null || used.signalCode !== null) return;
    const ended = new Promise<void>((resolve) =>
      used.once('exit', () => resolve()).once('error', () => resolve()),
    );
    used.stdin.end();
    await ended;
  };
  const ask = async (line: string): Promise<boolean> => {
    child ??= start();
    const used = child;
    serial += 1;
    const said = await exchange(used, clock, line, `orc_done_${serial}`);
    if (said === undefined) {
      usable = false;
      used.kill();
      child = undefined;
    }
    return said === '';
  };

  return {
    run: async (commands) => {
      if (!usable || commands.length > LIMITS.nftSessionCommandsMax) return false;
      cancelIdle?.();
      const done = await ask(commands.join('; '));
      if (idleMs !== undefined) cancelIdle = clock.after(idleMs, () => void close());
      return done;
    },
    close,
  };
}

/** It writes a history into its home. */
function start(): Child {
  const env = { ...process.env, HOME: '/nonexistent' };
  const child = spawn('nft', ['-i'], { stdio: ['pipe', 'ignore', 'pipe'], env });
  const pid = child.pid ?? 0;
  keepProgram(pid);
  child.once('exit', () => forgetProgram(pid)).on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8');
  child.unref();
  for (const pipe of [child.stdin, child.stderr]) (pipe as { unref?: () => void }).unref?.();
  return child;
}

/** What it complained about; undefined when it ended, or was silent for too long. */
function exchange(child: Child, clock: Clock, line: string, mark: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let heard = '';
    const end = (said: string | undefined): void => {
      cancel();
      child.stderr.off('data', hear);
      child.off('exit', silent).off('error', silent);
      resolve(said);
    };
    const silent = (): void => end(undefined);
    const hear = (text: string): void => {
      heard = (heard + text).slice(-LIMITS.stderrMax);
      const marked = new RegExp(`(?:^|\\n)[^\\n]*\\n[^\\n]*${mark}\\n[ ^]*\\n$`).exec(heard);
      if (marked !== null) end(heard.slice(0, marked.index));
    };
    const cancel = clock.after(LIMITS.nftSessionTimeoutMs, silent);
    child.stderr.on('data', hear);
    child.once('exit', silent).once('error', silent);
    child.stdin.write(`${line}\nlist table inet ${mark}\n`);
  });
}
