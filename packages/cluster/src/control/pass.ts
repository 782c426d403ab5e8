/** One pass over the state, as its controllers share it. */
import type { IdSource } from '../project/types.ts';
import type { Draft } from '../state/draft.ts';
import type { Guests } from '../project/networks.ts';
import type { Addresses } from './allocate.ts';

/** What one pass works with. */
export type Pass = {
  readonly draft: Draft;
  readonly now: number;
  readonly ids: IdSource;
  readonly pools: readonly string[];
  readonly avoid: readonly string[];
  readonly guests: Guests;
  readonly addresses: Addresses;
  /** How many more tasks it may write. */
  tasksLeft: number;
};

/** False once the pass is full: what is left is for the next, which sees it as this one does. */
export function takeTurn(pass: Pass): boolean {
  pass.tasksLeft -= 1;
  return pass.tasksLeft >= 0;
}
