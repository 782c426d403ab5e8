/** The log as its host sees it: the core, the write-ahead log and the snapshots, joined by one pump. */
import { randomBytes } from 'node:crypto';
import { createCore, hardStateOf, step } from './core/core.ts';
import type { Core, Output, Proposal } from './core/types.ts';
import { fileDisk } from './disk/files.ts';
import { BATCH_BYTES_MAX, BATCH_RECORDS_MAX, ENTRY_BYTES_MAX, PROPOSALS_WAITING_MAX } from './limits.ts';
import {
  type CommittedEntry,
  type Disk,
  type Entry,
  type Failpoint,
  type Log,
  type LogOptions,
  RaftError,
  type SnapshotData,
} from './types.ts';
import { type Identity, readIdentity, writeIdentity } from './wal/identity.ts';
import { recordBytes, type WalRecord } from './wal/record.ts';
import { emptyScan, type Scan } from './wal/scan.ts';
import { listSnapshots, readSnapshot, type SnapshotFolder, writeSnapshot } from './wal/snapshot.ts';
import { createWal, encodeHardState, failed, openWal, type Wal } from './wal/wal.ts';

type Waiting = {
  readonly data: Uint8Array;
  readonly resolve: (value: { index: number }) => void;
  readonly reject: (error: RaftError) => void;
};

type Host = {
  readonly identity: Identity;
  readonly core: Core;
  readonly wal: Wal;
  readonly snapshots: SnapshotFolder;
  readonly onFatal: (error: RaftError) => void;
  /** Not yet proposed to the core. */
  queue: Waiting[];
  /** Proposed, by index. */
  readonly waiting: Map<number, Waiting>;
  /** Committed and not yet given to the consumer, which has not come. */
  undelivered: CommittedEntry[];
  consumer: ((entry: CommittedEntry) => void) | undefined;
  /** The end of what is being written. */
  pumping: Promise<void> | undefined;
  snapshotting: Promise<void>;
  /** Where each term begins that a snapshot may still be made in. */
  terms: { readonly index: number; readonly term: number }[];
  bytesSinceSnapshot: number;
  failure: RaftError | undefined;
  closed: boolean;
};

/** Recovers what is there or begins a new log; resolves as leader, everything before committed. */
export async function openLog(options: LogOptions): Promise<Log> {
  const disk = options.disk ?? fileDisk();
  const failpoint: Failpoint = options.failpoint ?? (() => undefined);
  const { folder } = options;
  for (const path of [folder, `${folder}/wal`, `${folder}/snap`]) await disk.makeFolder(path);
  const identity = await settleIdentity(disk, options, failpoint);
  const snapshots = { disk, folder: `${folder}/snap`, log: identity.log, failpoint };
  const { wal, scan } = await settleWal(disk, options, identity, failpoint);
  const found = await readSnapshot(snapshots).catch(closing(wal));
  const gap = gapBetween(scan, found.snapshot);
  if (gap !== undefined) await closing(wal)(gap);
  const host = hostOf(identity, wal, scan, snapshots, found.snapshot, options);
  await act(host, step(host.core, { type: 'tick' })).catch(closing(wal));
  return logOf(host, found.snapshot, found.quarantined);
}

const closing =
  (wal: Wal) =>
  async (error: unknown): Promise<never> => {
    await wal.close();
    throw error;
  };

async function settleIdentity(disk: Disk, options: LogOptions, failpoint: Failpoint): Promise<Identity> {
  const { folder } = options;
  const found = await readIdentity(disk, folder);
  if (found !== undefined) {
    if (options.node !== undefined && options.node !== found.node) {
      throw new RaftError(
        'other-node',
        `the log in ${folder} belongs to node ${found.node}, not to ${options.node}`,
      );
    }
    return found;
  }
  const names = [...(await disk.list(`${folder}/wal`)), ...(await disk.list(`${folder}/snap`))];
  if (names.some((name) => !name.endsWith('.tmp'))) {
    throw new RaftError(
      'lost',
      `${folder} holds a log but no identity.json: put it back from where the rest came`,
    );
  }
  const random = options.random ?? ((count: number) => randomBytes(count));
  const log = Buffer.from(random(16)).toString('hex');
  const identity = { log, node: options.node ?? Buffer.from(random(8)).toString('hex'), complete: false };
  await writeIdentity(disk, folder, identity, failpoint);
  return identity;
}

/** An identity that is not complete has never acknowledged anything: its log begins anew. */
async function settleWal(
  disk: Disk,
  options: LogOptions,
  identity: Identity,
  failpoint: Failpoint,
): Promise<{ wal: Wal; scan: Scan }> {
  const size = options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes };
  const at = { disk, folder: `${options.folder}/wal`, log: identity.log, failpoint, ...size };
  if (identity.complete) return openWal(at);
  const wal = await createWal(at);
  await writeIdentity(disk, options.folder, { ...identity, complete: true }, failpoint).catch(closing(wal));
  return { wal, scan: emptyScan() };
}

/** Snapshot and log have to meet, or entries between them are lost. */
function gapBetween(scan: Scan, snapshot: SnapshotData | undefined): RaftError | undefined {
  const from = snapshot?.index ?? 0;
  if (scan.baseIndex <= from && scan.tail.index >= from) return undefined;
  const held = `the log holds ${scan.baseIndex + 1} to ${scan.tail.index}`;
  return new RaftError(
    'damaged',
    `the newest good snapshot is at ${from} and ${held}: entries between are lost`,
  );
}

function hostOf(
  identity: Identity,
  wal: Wal,
  scan: Scan,
  snapshots: SnapshotFolder,
  snapshot: SnapshotData | undefined,
  options: LogOptions,
): Host {
  const entries = scan.entries.filter((entry) => entry.index > (snapshot?.index ?? 0));
  const core = createCore({
    id: identity.node,
    voters: [identity.node],
    hardState: { ...scan.hardState, term: Math.max(scan.hardState.term, scan.tail.term) },
    lastIndex: scan.tail.index,
    lastTerm: scan.tail.term,
    snapshotIndex: snapshot?.index ?? 0,
  });
  return {
    identity,
    core,
    wal,
    snapshots,
    onFatal: options.onFatal ?? (() => undefined),
    queue: [],
    waiting: new Map(),
    undelivered: entries.filter((entry) => entry.kind === 'data'),
    consumer: undefined,
    pumping: undefined,
    snapshotting: Promise.resolve(),
    terms: termsOf(scan.entries, snapshot),
    bytesSinceSnapshot: entries.reduce((sum, entry) => sum + entry.data.length, 0),
    failure: undefined,
    closed: false,
  };
}

function termsOf(entries: readonly Entry[], snapshot: SnapshotData | undefined): Host['terms'] {
  const first = snapshot === undefined ? [] : [{ index: snapshot.index, term: snapshot.term }];
  return [...first, ...entries].reduce<Host['terms']>((terms, { index, term }) => {
    if (terms.at(-1)?.term !== term) terms.push({ index, term });
    return terms;
  }, []);
}

const termAt = (host: Host, index: number): number =>
  host.terms.findLast((begin) => begin.index <= index)?.term ?? host.core.term;

const logOf = (host: Host, recovered: SnapshotData | undefined, quarantined: readonly string[]): Log => ({
  identity: { log: host.identity.log, node: host.identity.node },
  recovered,
  quarantined,
  index: () => host.core.commitIndex,
  term: () => host.core.term,
  propose: (data) => propose(host, data),
  committed: (consumer) => consume(host, consumer),
  snapshot: (index, slices) => queueSnapshot(host, index, slices),
  bytesSinceSnapshot: () => host.bytesSinceSnapshot,
  close: () => close(host),
});

function propose(host: Host, data: Uint8Array): Promise<{ index: number }> {
  const refusal = refusalOf(host, data);
  if (refusal !== undefined) return Promise.reject(refusal);
  return new Promise((resolve, reject) => {
    host.queue.push({ data, resolve, reject });
    host.pumping ??= pump(host);
  });
}

function refusalOf(host: Host, data: Uint8Array): RaftError | undefined {
  if (host.failure !== undefined) return host.failure;
  if (host.closed) return new RaftError('closed', 'the log is closed');
  if (data.length > ENTRY_BYTES_MAX) {
    return new RaftError(
      'too-large',
      `an entry of ${data.length} bytes is over the limit of ${ENTRY_BYTES_MAX}`,
    );
  }
  if (host.queue.length >= PROPOSALS_WAITING_MAX) {
    return new RaftError('busy', `${PROPOSALS_WAITING_MAX} proposals are waiting already`);
  }
  return undefined;
}

/** One batch at a time; whatever comes while it is written shares the next one. Never rejects. */
async function pump(host: Host): Promise<void> {
  await undefined;
  while (host.queue.length > 0 && host.failure === undefined) {
    const batch = takeBatch(host);
    await proposeBatch(host, batch).catch((error: unknown) => {
      const failure = fatal(host, error);
      for (const each of batch) each.reject(failure);
    });
  }
  host.pumping = undefined;
}

/** As many as one write takes, in bytes on the disk; one is always taken. */
function takeBatch(host: Host): Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const each of host.queue) {
    bytes += recordBytes(each.data.length);
    if (count > 0 && (bytes > BATCH_BYTES_MAX || count >= BATCH_RECORDS_MAX)) break;
    count += 1;
  }
  return host.queue.splice(0, count);
}

async function proposeBatch(host: Host, batch: readonly Waiting[]): Promise<void> {
  if (host.core.role !== 'leader') await act(host, step(host.core, { type: 'tick' })).catch(refuseAll(batch));
  const proposals: Proposal[] = batch.map(({ data }, key) => ({ key, data }));
  const output = step(host.core, { type: 'propose', proposals });
  for (const { key, index } of output.accepted) host.waiting.set(index, batch[key] as Waiting);
  for (const { key } of output.refused)
    (batch[key] as Waiting).reject(new RaftError('not-leader', 'not the leader'));
  await act(host, output).catch(refuseAll(batch));
}

/** For want of space nothing was written: those who proposed hear it, and the log goes on. */
const refuseAll =
  (batch: readonly Waiting[]) =>
  (error: unknown): void => {
    if (!(error instanceof RaftError) || error.code !== 'disk-full') throw error;
    for (const each of batch) each.reject(error);
  };

/** In the order that `Output` asks for. */
async function act(host: Host, output: Output): Promise<void> {
  const records = recordsOf(output);
  const last = output.append.at(-1);
  if (records.length > 0) {
    await host.wal
      .append(records, hardStateOf(host.core))
      .catch((error: unknown) => refused(host, output, error));
  }
  if (last === undefined) return;
  host.bytesSinceSnapshot += output.append.reduce((sum, entry) => sum + entry.data.length, 0);
  for (const entry of step(host.core, { type: 'disk-done', index: last.index }).committed)
    deliver(host, entry);
}

function recordsOf(output: Output): WalRecord[] {
  const { hardState } = output;
  const records: WalRecord[] = output.append.map(({ index, term, kind, data }) => ({
    type: kind,
    index,
    term,
    payload: data,
  }));
  if (hardState === undefined) return records;
  return [
    { type: 'hardstate', index: 0, term: hardState.term, payload: encodeHardState(hardState) },
    ...records,
  ];
}

function refused(host: Host, output: Output, error: unknown): never {
  const first = output.append[0];
  if (first !== undefined && error instanceof RaftError && error.code === 'disk-full') {
    step(host.core, { type: 'disk-refused', index: first.index });
    for (const { index } of output.append) host.waiting.delete(index);
  }
  throw error;
}

/** The consumer sees an entry before its proposer hears of it: whoever proposed reads its own write. */
function deliver(host: Host, entry: Entry): void {
  if (host.terms.at(-1)?.term !== entry.term) host.terms.push({ index: entry.index, term: entry.term });
  if (entry.kind === 'data') {
    if (host.consumer === undefined) host.undelivered.push(entry);
    else host.consumer(entry);
  }
  const waiting = host.waiting.get(entry.index);
  host.waiting.delete(entry.index);
  waiting?.resolve({ index: entry.index });
}

function consume(host: Host, consumer: (entry: CommittedEntry) => void): void {
  const waiting = host.undelivered;
  host.undelivered = [];
  host.consumer = consumer;
  for (const entry of waiting) consumer(entry);
}

/** What a failed sync leaves on the disk is unknown, and asking again lies: nothing is acknowledged from here on. */
function fatal(host: Host, error: unknown): RaftError {
  if (host.failure !== undefined) return host.failure;
  const failure = failed('keep the log', error);
  host.failure = failure;
  for (const each of [...host.waiting.values(), ...host.queue]) each.reject(failure);
  host.waiting.clear();
  host.queue = [];
  host.onFatal(failure);
  return failure;
}

/** One at a time. What came before it counts as held by it from now on, so that nobody asks for another meanwhile. */
function queueSnapshot(host: Host, index: number, slices: Iterable<Uint8Array>): Promise<void> {
  const held = host.bytesSinceSnapshot;
  host.bytesSinceSnapshot = 0;
  const made = host.snapshotting.then(() => snapshot(host, index, slices));
  host.snapshotting = made.catch(() => {
    host.bytesSinceSnapshot += held;
  });
  return made;
}

async function snapshot(host: Host, index: number, slices: Iterable<Uint8Array>): Promise<void> {
  if (host.failure !== undefined) throw host.failure;
  if (host.closed) throw new RaftError('closed', 'the log is closed');
  const newest = (await listSnapshots(host.snapshots))[0]?.index ?? 0;
  if (index > host.core.commitIndex) throw new RaftError('not-committed', `entry ${index} is not committed`);
  if (index <= newest) return;
  try {
    const kept = await writeSnapshot(host.snapshots, index, termAt(host, index), slices);
    const oldest = kept.at(-1);
    if (kept.length > 1 && oldest !== undefined) await host.wal.release(oldest.index);
  } catch (error) {
    if (!(error instanceof RaftError && error.code === 'disk-full')) fatal(host, error);
    throw error;
  }
}

async function close(host: Host): Promise<void> {
  if (host.closed) return;
  host.closed = true;
  await host.pumping;
  await host.snapshotting;
  await host.wal.close();
}
