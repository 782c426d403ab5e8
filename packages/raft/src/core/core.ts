/**
 * The consensus core in the manner of etcd's, without its ready/advance handshake: tick, proposal, message and "the
 * disk has finished" are all inputs of one step. With one voter an election is won by the tick that begins it.
 */
import type { Entry, HardState } from '../types.ts';
import type { Core, Input, Output, Proposal } from './types.ts';

export type CoreStart = {
  readonly id: string;
  readonly voters: readonly string[];
  readonly hardState: HardState;
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** Entries after the snapshot: those beyond `hardState.commit` commit again with the new term's first entry. */
  readonly snapshotIndex: number;
};

const NOTHING: Output = { append: [], committed: [], messages: [], accepted: [], refused: [] };
const EMPTY = new Uint8Array(0);

export const createCore = (start: CoreStart): Core => ({
  id: start.id,
  voters: start.voters,
  role: 'follower',
  term: start.hardState.term,
  vote: start.hardState.vote,
  lastIndex: start.lastIndex,
  lastTerm: start.lastTerm,
  durableIndex: start.lastIndex,
  commitIndex: Math.max(start.snapshotIndex, Math.min(start.hardState.commit, start.lastIndex)),
  pending: [],
  baseTerm: start.lastTerm,
  termStart: 0,
});

export function step(core: Core, input: Input): Output {
  switch (input.type) {
    case 'tick':
      return core.role === 'leader' ? NOTHING : campaign(core);
    case 'propose':
      return core.role === 'leader' ? propose(core, input.proposals) : refuse(input.proposals);
    case 'disk-done':
      return diskDone(core, input.index);
    case 'disk-refused':
      return diskRefused(core, input.index);
    case 'message':
      return NOTHING;
  }
}

/** A leader of one: the vote is its own, and the entry that opens the term commits all that came before. */
function campaign(core: Core): Output {
  if (core.voters.length !== 1 || core.voters[0] !== core.id) return NOTHING;
  core.term += 1;
  core.vote = core.id;
  core.role = 'leader';
  core.termStart = core.lastIndex + 1;
  const opening = append(core, 'noop', EMPTY);
  return { ...NOTHING, hardState: hardStateOf(core), append: [opening] };
}

function propose(core: Core, proposals: readonly Proposal[]): Output {
  const entries: Entry[] = [];
  const accepted: { key: number; index: number }[] = [];
  for (const { key, data } of proposals) {
    const entry = append(core, 'data', data);
    entries.push(entry);
    accepted.push({ key, index: entry.index });
  }
  return { ...NOTHING, append: entries, accepted };
}

const refuse = (proposals: readonly Proposal[]): Output => ({
  ...NOTHING,
  refused: proposals.map(({ key }) => ({ key, reason: 'not-leader' as const })),
});

function append(core: Core, kind: Entry['kind'], data: Uint8Array): Entry {
  const entry: Entry = { index: core.lastIndex + 1, term: core.term, kind, data };
  core.pending.push(entry);
  core.lastIndex = entry.index;
  core.lastTerm = entry.term;
  return entry;
}

/** Acknowledged means durable on a majority, which is this disk alone (etcd#14370 acknowledged before). */
function diskDone(core: Core, index: number): Output {
  core.durableIndex = Math.max(core.durableIndex, Math.min(index, core.lastIndex));
  if (core.role !== 'leader' || core.durableIndex < core.termStart) return NOTHING;
  const count = core.pending.findIndex((entry) => entry.index > core.durableIndex);
  const committed = core.pending.splice(0, count === -1 ? core.pending.length : count);
  core.commitIndex = Math.max(core.commitIndex, core.durableIndex);
  core.baseTerm = committed.at(-1)?.term ?? core.baseTerm;
  return committed.length === 0 ? NOTHING : { ...NOTHING, committed };
}

/** A leader may take back only what nobody else has seen: with peers it has to step down instead. */
function diskRefused(core: Core, index: number): Output {
  core.pending = core.pending.filter((entry) => entry.index < index);
  core.lastIndex = index - 1;
  core.lastTerm = core.pending.at(-1)?.term ?? core.baseTerm;
  if (index <= core.termStart) core.role = 'follower';
  return NOTHING;
}

export const hardStateOf = (core: Core): HardState => ({
  term: core.term,
  vote: core.vote,
  commit: core.commitIndex,
});
