/**
 * Unpacked layers: `layers/HEX` with HEX the diff id's, beside it `layers/HEX.json`. A folder counts only with its
 * record. Files of a layer are not synced one by one: until a sync of the whole file system has passed, the record
 * carries the boot id, and after a power loss such a layer is unpacked again from its blob.
 */
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder, removeTree, replaceFile, writeDurable } from '@orc/disk';
import { type Digest, type Failpoint, isDigest } from '@orc/model';
import { isErrno, syncFileSystem } from '../layer/syscalls.ts';
import type { StorePaths } from './paths.ts';
import { keyed } from './queue.ts';

export type LayerRecord = {
  readonly diffId: Digest;
  /** Bytes of the files. */
  readonly unpackedSize: number;
};

export type Layers = {
  get(diffId: Digest): LayerRecord | undefined;
  folder(diffId: Digest): string;
  list(): readonly LayerRecord[];
  /** A folder of its own on the layers' file system. */
  newWorkFolder(name: string): Promise<string>;
  /** Renames a finished folder into place; when the layer is there already the folder goes. */
  adopt(folder: string, record: LayerRecord): Promise<void>;
  /** To the trash; the caller empties it. */
  retire(diffId: Digest, trashName: string): Promise<void>;
  /** Waits until every layer so far is safe from a power loss. */
  settle(): Promise<void>;
};

/** `onNew` hears of every layer before it has its name. */
export function openLayers(paths: StorePaths, failpoint: Failpoint, onNew: (diffId: Digest) => void): Layers {
  makePrivateFolder(paths.work);
  const boot = bootId();
  const known = readRecords(paths, boot);
  const settling = newSettling(paths, known, boot);
  const turns = keyed();
  return {
    get: (diffId) => known.get(diffId),
    folder: (diffId) => paths.layer(diffId),
    list: () => [...known.values()],
    newWorkFolder: async (name) => {
      const folder = join(paths.work, name);
      await mkdir(folder, { mode: 0o700 });
      return folder;
    },
    // Two builds may make the same layer at the same time.
    adopt: (folder, record) =>
      turns(record.diffId, async () => {
        onNew(record.diffId);
        if (known.has(record.diffId)) return removeTree(folder);
        await moveInto(folder, paths.layer(record.diffId));
        failpoint('image.layer.renamed');
        const stored = { schema: 1, ...record, synced: false, boot };
        replaceFile(paths.layerRecord(record.diffId), JSON.stringify(stored));
        failpoint('image.layer.recorded');
        known.set(record.diffId, record);
        settling.add(record.diffId);
        return undefined;
      }),
    retire: async (diffId, trashName) => {
      known.delete(diffId);
      await rm(paths.layerRecord(diffId), { force: true });
      failpoint('image.layer.unrecorded');
      await rename(paths.layer(diffId), join(paths.trash, trashName)).catch((error: unknown) => {
        if (!isErrno(error, 'ENOENT')) throw error;
      });
    },
    settle: settling.settle,
  };
}

/** Folders without a record are what a crash left. */
async function moveInto(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: unknown) => {
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await removeTree(to);
    await rename(from, to);
  });
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

/** Records without a folder or from before a power loss go, and so do folders without a record. */
function readRecords(paths: StorePaths, boot: string): Map<Digest, LayerRecord> {
  const names = new Set(readdirSync(paths.layers));
  const known = new Map<Digest, LayerRecord>();
  for (const name of names) {
    const match = /^([0-9a-f]{64})\.json$/.exec(name);
    const hex = match?.[1];
    const record =
      hex === undefined || !names.has(hex) ? undefined : readRecord(join(paths.layers, name), hex, boot);
    if (record !== undefined) known.set(record.diffId, record);
  }
  for (const name of names) if (!isKnown(known, name)) sweep(paths, name);
  return known;
}

const isKnown = (known: ReadonlyMap<Digest, LayerRecord>, name: string): boolean =>
  name === 'new' || known.has(`sha256:${name.replace(/\.json$/, '')}` as Digest);

/** Aside first: deleting a large folder would hold up the start. */
function sweep(paths: StorePaths, name: string): void {
  makePrivateFolder(paths.trash);
  const target = join(paths.trash, `swept-${name}`);
  rmSync(target, { recursive: true, force: true });
  renameSync(join(paths.layers, name), target);
}

function readRecord(path: string, hex: string, boot: string): LayerRecord | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const diffId = `sha256:${hex}`;
    const safe = value['synced'] === true || value['boot'] === boot;
    if (!safe || value['diffId'] !== diffId || !isDigest(diffId)) return undefined;
    return { diffId, unpackedSize: Number(value['unpackedSize']) || 0 };
  } catch {
    return undefined;
  }
}

/** One sync of the file system serves all layers that wait for it. */
function newSettling(
  paths: StorePaths,
  known: ReadonlyMap<Digest, LayerRecord>,
  boot: string,
): { readonly add: (diffId: Digest) => void; readonly settle: () => Promise<void> } {
  const waiting = new Set<Digest>();
  let running: Promise<void> | undefined;
  const round = async (): Promise<void> => {
    while (waiting.size > 0) {
      const batch = [...waiting];
      waiting.clear();
      await syncFileSystem(paths.layers);
      for (const diffId of batch) await markSynced(paths, known.get(diffId), boot);
    }
  };
  const start = (): Promise<void> => {
    running ??= round().finally(() => {
      running = undefined;
    });
    return running;
  };
  const settle = async (): Promise<void> => {
    while (waiting.size > 0 || running !== undefined) await start();
  };
  const add = (diffId: Digest): void => {
    waiting.add(diffId);
    start().catch(() => waiting.add(diffId));
  };
  return { add, settle };
}

async function markSynced(paths: StorePaths, record: LayerRecord | undefined, boot: string): Promise<void> {
  if (record === undefined) return;
  await writeDurable(
    paths.layerRecord(record.diffId),
    JSON.stringify({ schema: 1, ...record, synced: true, boot }),
  );
}
