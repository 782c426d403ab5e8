/**
 * DECISIONS 13: who uses which images and layers, as a journal. It is preallocated and leases that come together are
 * synced together, because a lease lies on the path of every container start. Giving one back needs no sync: a lost
 * one is found by `collect(known)`.
 */
import { type Digest, type Emit, type Failpoint, fail, isDigest } from '@orc/model';
import { LEASE_JOURNAL_BYTES, LEASE_JOURNAL_BYTES_MAX } from '../limits.ts';
import { type Journal, openJournal } from './journal.ts';
import type { StorePaths } from './paths.ts';

export type Lease = { readonly images: readonly Digest[]; readonly layers: readonly Digest[] };

export type Leases = {
  /** Durable when it resolves. */
  put(holder: string, lease: Lease): Promise<void>;
  release(holder: string): Promise<void>;
  all(): ReadonlyMap<string, Lease>;
  holdsImage(id: Digest): string | undefined;
  close(): Promise<void>;
};

const HOLDER = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}$/;

export async function openLeases(paths: StorePaths, failpoint: Failpoint, emit: Emit): Promise<Leases> {
  const leases = new Map<string, Lease>();
  const journal: Journal = await openJournal({
    folder: paths.leases,
    bytes: LEASE_JOURNAL_BYTES,
    bytesMax: LEASE_JOURNAL_BYTES_MAX,
    replay: (line) => replay(leases, line),
    current: () => [...leases].map(([holder, lease]) => JSON.stringify({ holder, ...lease })),
    onDamage: (count) =>
      emit('warn', `${count} damaged leases were dropped`, {
        folder: paths.leases,
        hint: 'their holders lease again',
      }),
  });
  return {
    put: async (holder, lease) => {
      if (!HOLDER.test(holder))
        throw fail('input.invalid', `lease holder ${JSON.stringify(holder)} is not a name`);
      leases.set(holder, lease);
      await journal.append(JSON.stringify({ holder, ...lease }), true);
      failpoint('image.lease.written');
    },
    release: async (holder) => {
      if (!leases.delete(holder)) return;
      await journal.append(JSON.stringify({ holder, released: true }), false);
      failpoint('image.lease.removed');
    },
    all: () => leases,
    holdsImage: (id) => [...leases].find(([, lease]) => lease.images.includes(id))?.[0],
    close: () => journal.close(),
  };
}

/** False: the line is no lease. */
function replay(leases: Map<string, Lease>, line: string): boolean {
  try {
    const value = JSON.parse(line) as {
      holder?: unknown;
      released?: unknown;
      images?: unknown;
      layers?: unknown;
    };
    if (typeof value.holder !== 'string' || !HOLDER.test(value.holder)) return false;
    if (value.released === true) leases.delete(value.holder);
    else leases.set(value.holder, { images: digestsOf(value.images), layers: digestsOf(value.layers) });
    return true;
  } catch {
    return false;
  }
}

const digestsOf = (value: unknown): readonly Digest[] =>
  (Array.isArray(value) ? value : []).filter(
    (each): each is Digest => typeof each === 'string' && isDigest(each),
  );
