/** DECISIONS 13: who uses which images and layers. One synced file per holder. */
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, type Emit, type Failpoint, fail, isDigest } from '@orc/model';
import { makePrivateFolder, removeDurable, writeDurable } from './durable.ts';
import type { StorePaths } from './paths.ts';

export type Lease = { readonly images: readonly Digest[]; readonly layers: readonly Digest[] };

export type Leases = {
  put(holder: string, lease: Lease): Promise<void>;
  release(holder: string): Promise<void>;
  all(): ReadonlyMap<string, Lease>;
  holdsImage(id: Digest): string | undefined;
};

const HOLDER = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}$/;

export function openLeases(paths: StorePaths, failpoint: Failpoint, emit: Emit): Leases {
  makePrivateFolder(paths.leases);
  const leases = readLeases(paths, emit);
  const fileOf = (holder: string): string => {
    if (!HOLDER.test(holder))
      throw fail('input.invalid', `lease holder ${JSON.stringify(holder)} is not a name`);
    return join(paths.leases, `${holder}.json`);
  };
  return {
    put: async (holder, lease) => {
      await writeDurable(fileOf(holder), JSON.stringify({ schema: 1, holder, ...lease }));
      failpoint('image.lease.written');
      leases.set(holder, lease);
    },
    release: async (holder) => {
      const file = fileOf(holder);
      if (!leases.delete(holder)) return;
      await removeDurable(file);
      failpoint('image.lease.removed');
    },
    all: () => leases,
    holdsImage: (id) => [...leases].find(([, lease]) => lease.images.includes(id))?.[0],
  };
}

function readLeases(paths: StorePaths, emit: Emit): Map<string, Lease> {
  const leases = new Map<string, Lease>();
  for (const name of readdirSync(paths.leases)) {
    if (!name.endsWith('.json')) continue;
    const lease = readLease(join(paths.leases, name));
    if (lease !== undefined) leases.set(name.slice(0, -'.json'.length), lease);
    else quarantine(paths, name, emit);
  }
  return leases;
}

function readLease(path: string): Lease | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as { images?: unknown; layers?: unknown };
    return { images: digestsOf(value.images), layers: digestsOf(value.layers) };
  } catch {
    return undefined;
  }
}

const digestsOf = (value: unknown): readonly Digest[] =>
  (Array.isArray(value) ? value : []).filter(
    (each): each is Digest => typeof each === 'string' && isDigest(each),
  );

function quarantine(paths: StorePaths, name: string, emit: Emit): void {
  makePrivateFolder(paths.quarantine);
  renameSync(join(paths.leases, name), join(paths.quarantine, `lease-${name}`));
  emit('warn', `lease ${name} is damaged and was put aside`, { folder: paths.quarantine });
}
