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
  wakesAfter,
} from '@orc/cluster';
import {
  assert,
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
import { openAlarm } from './alarm.ts';
import { LIMITS } from './limits.ts';
import { type Sealing, sha256 } from './sealing.ts';
import { noteVolumes } from './volume-data.ts';

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
  /** What passes are made with. */
  readonly options: ReconcileOptions;
  /** Volumes that the entries of the log removed, as far back as it goes, and nobody made again. */
  readonly removedVolumes: readonly string[];
  /** Passes are made from now on: what `options` tell of this host is known. */
  begin(): void;
  close(): Promise<void>;
};

/** What this host tells of itself, each time anew. */
export type HostOptions = ReconcileOptions & Required<Pick<Proposer, 'host'>>;

export async function openReplica(
  root: string,
  world: World,
  sealing: (isNew: boolean) => Sealing,
  options: HostOptions,
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
  return run(log, world, sealing, options);
}

/** The log's own errors as problems. */
function explain(error: unknown): never {
  if (!(error instanceof RaftError)) throw error;
  const code = error.code === 'disk-full' ? 'disk.full' : 'disk.damaged';
  throw fail(code, error.message, {
    hint: code === 'disk.full' ? 'free some space and start again' : 'restore the folder raft/ from a copy',
  });
}

type Commit = <T>(
  by: string,
  decide: (state: State, proposer: Proposer) => Decision<T>,
) => Promise<{ index: number; result: T }>;

async function run(
  log: Log,
  world: World,
  openSealing: (isNew: boolean) => Sealing,
  options: HostOptions,
): Promise<Replica> {
  const machine = openMachine(log, world);
  const { state } = machine;
  const proposer = proposers(world, openSealing(all(state(), 'secret').length === 0), options.host);
  const commit = committer(log, world, machine, proposer);
  let begun = false;
  const writer = openWriter(commit, world, async () => {
    if (!begun) return;
    for (let pass = 0; pass < LIMITS.passesMax; pass += 1) {
      machine.mark(alarm.due(state()));
      const concerned = machine.takeDirty();
      if (concerned !== 'all' && concerned.size === 0) return alarm.set(state());
      await commit('reconcile', (view, { ids, now }) => ({
        changes: reconcile(view, concerned, now, ids, options)?.changes ?? [],
        result: undefined,
      })).catch((error: unknown) => {
        machine.mark(concerned);
        throw error;
      });
    }
    throw fail('internal', `the state does not come to rest within ${LIMITS.passesMax} passes`);
  });
  const alarm = openAlarm(world.clock, wakesAfter, () => writer.reconcile());
  const node = await settleNode(writer.propose, state);
  return {
    node,
    state,
    propose: writer.propose,
    proposer,
    onApplied: machine.onApplied,
    quarantined: log.quarantined,
    options,
    removedVolumes: machine.removedVolumes,
    begin() {
      begun = true;
      writer.reconcile();
    },
    close: async () => {
      alarm.cancel();
      writer.stop();
      await writer.idle();
      await log.close();
    },
  };
}

type Machine = {
  readonly state: () => State;
  /** Entries that were there before this daemon are applied already. */
  readonly onApplied: (listener: Listener) => void;
  readonly mark: (dirty: Dirty) => void;
  /** What has become dirty since the last call. */
  readonly takeDirty: () => Dirty;
  /** Of the entry that was committed last: whether it met another state than the one it was decided on. */
  readonly wasLost: (index: number) => boolean;
  readonly removedVolumes: readonly string[];
};

/** The state, out of the log's snapshot and entries. */
function openMachine(log: Log, world: World): Machine {
  let state = log.recovered === undefined ? emptyState() : decodeSnapshot(log.recovered.data);
  let dirty: Dirty = 'all';
  const listeners: Listener[] = [];
  const removedVolumes = new Set<string>();
  let replaying = true;
  let lost: number | undefined;
  log.committed(({ index, data }) => {
    const before = state;
    const changeSet = JSON.parse(new TextDecoder().decode(data)) as ChangeSet;
    const applied = apply(state, changeSet, index);
    state = applied.state;
    dirty = union(dirty, dirtyOf(before, changeSet.changes));
    if (applied.conflicts.length > 0) {
      world.emit('error', 'a change set lost a race', { index, conflicts: applied.conflicts });
      lost = index;
    }
    if (replaying) noteVolumes(removedVolumes, before, state);
    for (const listener of listeners) listener(before, state);
  });
  replaying = false;
  return {
    state: () => state,
    onApplied: (listener) => void listeners.push(listener),
    mark: (more) => {
      dirty = union(dirty, more);
    },
    takeDirty: () => {
      const taken = dirty;
      dirty = new Set();
      return taken;
    },
    wasLost: (index) => index === lost,
    removedVolumes: [...removedVolumes],
  };
}

const committer =
  (log: Log, world: World, { state, wasLost }: Machine, proposer: (now: number) => Proposer): Commit =>
  async (by, decide) => {
    const now = world.clock.now();
    const { changes, result } = decide(state(), proposer(now));
    if (changes.length === 0) return { index: 0, result };
    const changeSet: ChangeSet = { schema: 1, by, time: Math.max(state().time, now), changes };
    const { index } = await log.propose(new TextEncoder().encode(JSON.stringify(changeSet))).catch(refuse);
    // Nobody else writes: what was decided on the state as it is cannot be too late for it.
    assert(!wasLost(index), `entry ${index} of ${by} was decided on the state that it met`);
    if (log.bytesSinceSnapshot() > LIMITS.snapshotBytes) await takeSnapshot(log, state(), world);
    return { index, result };
  };

const union = (a: Dirty, b: Dirty): Dirty => (a === 'all' || b === 'all' ? 'all' : new Set([...a, ...b]));

const proposers =
  ({ random }: World, { keyedHash, seal }: Sealing, host: NonNullable<Proposer['host']>) =>
  (now: number): Proposer => ({
    ids: {
      object: () => newObjectId((count) => random.bytes(count)),
      container: () => newContainerId((count) => random.bytes(count)),
    },
    now,
    sha256,
    keyedHash,
    seal,
    host,
  });

/** A snapshot that fails costs a longer log, nothing else. */
const takeSnapshot = (log: Log, state: State, world: World): Promise<void> =>
  log
    .snapshot(state.index, encodeSnapshot(state))
    .catch((error: unknown) => world.emit('warn', 'no snapshot was taken', { error: String(error) }));

/** Proposals one after the other; after each, the passes that it calls for. */
function openWriter(
  commit: Commit,
  world: World,
  passes: () => Promise<void>,
): Pick<Replica, 'propose'> & { reconcile(): void; idle(): Promise<unknown>; stop(): void } {
  let tail: Promise<unknown> = Promise.resolve();
  let waiting = false;
  let stopped = false;
  let retryMs: number = LIMITS.passRetryMs;
  const reconcileSoon = (): void => {
    if (waiting) return;
    waiting = true;
    tail = tail
      .then(() => {
        waiting = false;
        return passes();
      })
      .then(() => {
        retryMs = LIMITS.passRetryMs;
      })
      .catch((error: unknown) => {
        world.emit('error', 'a reconcile pass failed', { error: String((error as Error).stack ?? error) });
        retry();
      });
  };
  /** What it was to do is still to be done, also when nobody proposes anything. */
  const retry = (): void => {
    world.clock.after(retryMs, () => {
      if (!stopped) reconcileSoon();
    });
    retryMs = Math.min(retryMs * 2, LIMITS.passRetryMaxMs);
  };
  return {
    propose: (by, decide) => {
      const next = tail.then(() => commit(by, decide));
      tail = next.catch(() => {});
      return next.finally(reconcileSoon);
    },
    reconcile: reconcileSoon,
    idle: () => tail,
    stop: () => {
      stopped = true;
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
