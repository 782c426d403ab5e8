/** The replicated state on this host: the log, what it comes to, and the one writer that proposes to it. */
import { hostname, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import {
  all,
  apply,
  decodeSnapshot,
  type Dirty,
  dirtyOf,
  emptyState,
  encodeSnapshot,
  get,
  type Proposer,
  reconcile,
  type ReconcileOptions,
  registerNode,
  type State,
} from '@orc/cluster';
import {
  type Change,
  type ChangeSet,
  fail,
  newContainerId,
  newObjectId,
  type NodeObj,
  type NodeStatus,
  type World,
} from '@orc/model';
import { type Log, openLog, RaftError } from '@orc/raft';
import { type Sealing, sha256 } from './sealing.ts';

export type Decision<T> = { readonly changes: readonly Change[]; readonly result: T };
export type Listener = (before: State, after: State) => void;

export type Replica = {
  readonly node: NodeObj;
  state(): State;
  /**
   * Decides over the newest state and commits; proposals follow one another. Resolves with the index of the log, 0
   * when there was nothing to change. The state and its listeners have it then.
   */
  propose<T>(
    by: string,
    decide: (state: State, proposer: Proposer) => Decision<T>,
  ): Promise<{ readonly index: number; readonly result: T }>;
  /** For plans that are only looked at. */
  proposer(now: number): Proposer;
  /** Called after each entry, in order. */
  onApplied(listener: Listener): void;
  readonly quarantined: readonly string[];
  close(): Promise<void>;
};

const SNAPSHOT_BYTES = 8 * 1024 * 1024;
const RECONCILES_MAX = 1000;

export async function openReplica(
  root: string,
  world: World,
  sealing: (isNew: boolean) => Sealing,
  options: ReconcileOptions,
): Promise<Replica> {
  const log = await openLog({
    folder: join(root, 'raft'),
    failpoint: world.failpoint,
    random: (count) => world.random.bytes(count),
    onFatal: (error) => {
      world.emit('error', 'the log failed; the daemon ends, containers live on', { error: error.message });
      process.exit(1);
    },
  }).catch(explain);
  const isNew = log.index() <= 1 && log.recovered === undefined;
  return run(log, world, sealing(isNew), options);
}

/** The log's own errors as problems. */
function explain(error: unknown): never {
  if (!(error instanceof RaftError)) throw error;
  const code = error.code === 'disk-full' ? 'disk.full' : 'disk.damaged';
  throw fail(code, error.message, {
    hint: code === 'disk.full' ? 'free some space and start again' : 'restore the folder raft/ from a copy',
  });
}

const union = (a: Dirty, b: Dirty): Dirty => (a === 'all' || b === 'all' ? 'all' : new Set([...a, ...b]));

async function run(log: Log, world: World, sealing: Sealing, options: ReconcileOptions): Promise<Replica> {
  let state = log.recovered === undefined ? emptyState() : decodeSnapshot(log.recovered.data);
  const listeners: Listener[] = [];
  let tail: Promise<unknown> = Promise.resolve();
  let reconciling = false;
  let dirty: Dirty = 'all';
  const proposerAt = (now: number): Proposer => ({
    ids: {
      object: () => newObjectId((count) => world.random.bytes(count)),
      container: () => newContainerId((count) => world.random.bytes(count)),
    },
    now,
    sha256,
    keyedHash: sealing.keyedHash,
    seal: sealing.seal,
  });

  log.committed(({ index, data }) => {
    const before = state;
    const changeSet = JSON.parse(new TextDecoder().decode(data)) as ChangeSet;
    const applied = apply(state, changeSet, index);
    state = applied.state;
    dirty = union(dirty, dirtyOf(before, changeSet.changes));
    if (applied.conflicts.length > 0)
      world.emit('warn', 'a change set lost a race', { conflicts: applied.conflicts });
    for (const listener of listeners) listener(before, state);
  });

  const commit = async <T>(
    by: string,
    decide: (state: State, proposer: Proposer) => Decision<T>,
  ): Promise<{ index: number; result: T }> => {
    const proposer = proposerAt(world.clock.now());
    const { changes, result } = decide(state, proposer);
    if (changes.length === 0) return { index: 0, result };
    const changeSet: ChangeSet = { schema: 1, by, time: Math.max(state.time, proposer.now), changes };
    const { index } = await log.propose(new TextEncoder().encode(JSON.stringify(changeSet))).catch(refuse);
    if (log.bytesSinceSnapshot() > SNAPSHOT_BYTES)
      void log.snapshot(state.index, encodeSnapshot(state)).catch(() => {});
    return { index, result };
  };
  const propose: Replica['propose'] = (by, decide) => {
    const next = tail.then(() => commit(by, decide));
    tail = next.catch(() => {});
    return next.finally(() => reconcileSoon());
  };
  /** Passes follow one another until one finds nothing to do. */
  const reconcileSoon = (): void => {
    if (reconciling) return;
    reconciling = true;
    tail = tail.then(passes).catch((error: unknown) => {
      world.emit('error', 'a reconcile pass failed', { error: String((error as Error).stack ?? error) });
    });
  };
  const passes = async (): Promise<void> => {
    reconciling = false;
    for (let pass = 0; pass < RECONCILES_MAX && (dirty === 'all' || dirty.size > 0); pass += 1) {
      const concerned = dirty;
      dirty = new Set();
      await commit('reconcile', (view, { ids, now }) => ({
        changes: reconcile(view, concerned, now, ids, options)?.changes ?? [],
        result: undefined,
      }));
    }
  };

  const node = await settleNode(propose, () => state);
  return {
    node,
    state: () => state,
    propose,
    proposer: proposerAt,
    onApplied: (listener) => void listeners.push(listener),
    quarantined: log.quarantined,
    close: async () => {
      await tail;
      await log.close();
    },
  };
}

function refuse(error: unknown): never {
  if (error instanceof RaftError && error.code === 'disk-full')
    throw fail('disk.full', 'the log has no space left: nothing was changed', {
      hint: 'free some space and try again',
      retry: true,
    });
  if (error instanceof RaftError && error.code === 'too-large') throw fail('input.toolarge', error.message);
  throw error;
}

/** This host's own object: made at the first start, brought up to date at the others. */
async function settleNode(propose: Replica['propose'], state: () => State): Promise<NodeObj> {
  const { result } = await propose('start', (view, { ids, now }) => {
    const id = all(view, 'node')[0]?.id ?? ids.object();
    return { changes: registerNode(view, id, hostname(), nodeStatus(), now), result: id };
  });
  return get(state(), 'node', result) as NodeObj;
}

const nodeStatus = (): NodeStatus => ({
  state: 'ready',
  hostname: hostname(),
  cpus: cpus().length,
  memoryBytes: totalmem(),
  os: 'linux',
  architecture: process.arch === 'x64' ? 'amd64' : process.arch,
});
