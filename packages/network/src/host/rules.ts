/** Keeps the instance's nftables table as the state wants it: one `nft` at a time, all pending changes in it. */
import { fail, type Clock } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { renderDelete, renderKept, renderPortChanges, renderTable, type RuleState } from '../plan/nft.ts';
import type { Kept } from './kept.ts';
import { openNftSession, type NftSession } from './nft-session.ts';
import { runProgram } from './program.ts';

export type Rules = {
  /** Resolves when the kernel has what `desired` said at this call, or later. */
  readonly apply: () => Promise<void>;
  /** The table is not known to be there: the next `apply` replaces it whole. */
  readonly forget: () => void;
  /** For good: what is still to be applied, or asked for later, does not bring it back. */
  readonly remove: () => Promise<void>;
  readonly close: () => void;
};

export function openRules(
  table: string,
  { clock, kept }: { readonly clock: Clock; readonly kept: Kept },
  desired: () => RuleState,
): Rules {
  let known: RuleState | undefined;
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  let removed = false;

  const session = openNftSession(clock, LIMITS.nftSessionIdleMs);

  const run = async (): Promise<void> => {
    next = undefined;
    if (removed) return;
    const wanted = structuredClone(desired());
    const had = known;
    known = undefined;
    const changes = had === undefined ? undefined : renderPortChanges(table, had, wanted);
    if (changes === undefined || !(await change(session, changes))) await load(renderTable(table, wanted));
    known = wanted;
    kept.load(renderKept(table, wanted));
  };

  return {
    apply: () => {
      next ??= running
        .catch(() => undefined)
        .then(turn)
        .then(() => (running = run()));
      return next;
    },
    forget: () => {
      known = undefined;
    },
    remove: async () => {
      removed = true;
      await running.catch(() => undefined);
      await kept.close();
      known = undefined;
      await load(renderDelete(table));
    },
    close: () => {
      void session.close();
      void kept.close();
    },
  };
}

/** Callers of the same turn of the event loop share one run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An element that is there already, or not any more, says that somebody touched the table: it is rendered anew. */
async function change(session: NftSession, commands: readonly string[]): Promise<boolean> {
  if (commands.length === 0 || (await session.run(commands))) return true;
  return (await nft(`${commands.join('\n')}\n`)).code === 0;
}

async function load(text: string): Promise<void> {
  const ran = await nft(text);
  if (ran.code === 0) return;
  throw fail('network.failed', `nft refused the rules: ${ran.stderr.split('\n')[0] ?? ''}`, {
    hint: 'check that the kernel has nf_tables with nat, and that nftables is 1.0 or later',
  });
}

const nft = (input: string): ReturnType<typeof runProgram> =>
  runProgram(['nft', '-f', '-'], { package: 'nftables', input, timeoutMs: LIMITS.nftTimeoutMs });
