/** The border of the consensus core: what goes into a step, and what comes out to be acted on. */
import type { Entry, HardState } from '../types.ts';

export type Role = 'follower' | 'leader';

/** Owned by its host and changed by `step` only. */
export type Core = {
  readonly id: string;
  readonly voters: readonly string[];
  role: Role;
  term: number;
  vote: string;
  lastIndex: number;
  lastTerm: number;
  /** Entries up to here are on this node's disk. */
  durableIndex: number;
  commitIndex: number;
  /** Appended and not yet committed, the oldest first; `baseTerm` is the term of the entry before them. */
  pending: Entry[];
  baseTerm: number;
  /** Index of this leader's first own entry: nothing commits before it does (Raft §5.4.2). */
  termStart: number;
};

/** What peers will say to each other; nobody sends one while there is one voter. */
export type Message = { readonly from: string; readonly to: string; readonly term: number };

export type Input =
  | { readonly type: 'tick' }
  | { readonly type: 'propose'; readonly proposals: readonly Proposal[] }
  /** The host's disk holds everything that was asked for up to this entry. */
  | { readonly type: 'disk-done'; readonly index: number }
  /** Nothing of the entries from this one on was written, and nothing of them ever will be. */
  | { readonly type: 'disk-refused'; readonly index: number }
  | { readonly type: 'message'; readonly message: Message };

/** `key` is the host's own, to find who waits. */
export type Proposal = { readonly key: number; readonly data: Uint8Array };

/** To be done in this order: hard state and entries to disk (one sync), then messages, then the committed entries. */
export type Output = {
  readonly hardState?: HardState;
  readonly append: readonly Entry[];
  readonly committed: readonly Entry[];
  readonly messages: readonly Message[];
  readonly accepted: readonly { readonly key: number; readonly index: number }[];
  readonly refused: readonly { readonly key: number; readonly reason: 'not-leader' }[];
};
