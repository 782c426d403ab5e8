/** A daemon that goes away while a command follows containers, which go on without it: somebody may begin it anew. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@orc/api/client';
import { fail, OrcError } from '@orc/model';
import { DAEMON_BACK_MS, DAEMON_POLL_LAST_MS } from '../limits.ts';
import type { Context } from './context.ts';

/** The connection broke, or nobody answers. */
export const isGone = (error: unknown): boolean =>
  error instanceof OrcError && error.problem.code === 'daemon.unreachable';

/**
 * Resolves when a daemon answers again; none is begun from here, for one that was stopped may be meant to stay so.
 * `goesOn`: what does without it, and `hint` how to come back to that.
 */
export async function untilBack(
  context: Context,
  client: Client,
  { goesOn, hint }: { readonly goesOn: string; readonly hint: string },
): Promise<void> {
  context.err(`warning: the daemon has gone away, ${goesOn}: waiting for another one`);
  const deadline = performance.now() + DAEMON_BACK_MS;
  for (;;) {
    // Also before the first look: one that answers and goes again would be asked without end and pause.
    await sleep(DAEMON_POLL_LAST_MS);
    try {
      await client.open();
      context.err('warning: a daemon answers again');
      return;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    if (performance.now() > deadline)
      throw fail(
        'daemon.unreachable',
        `the daemon has gone away, and none came within ${DAEMON_BACK_MS / 1000} s; ${goesOn}`,
        { hint },
      );
  }
}
