/**
 * A disk in memory that can lose what was not synced and fail where it is told to. After a power loss each sector of
 * an unsynced write is there or not, and names are as far as some moment since their folder was synced.
 */
import type { Disk, DiskFile } from '../types.ts';

export type DiskOperation = {
  readonly operation: 'create' | 'write' | 'append' | 'sync' | 'rename' | 'remove' | 'syncFolder';
  readonly path: string;
  /** Counts operations from 1. */
  readonly count: number;
};

/** `lost`: says done and does nothing. `misdirected`: lands 512 bytes further. `power`: nothing works from here on. */
export type Fault = 'EIO' | 'ENOSPC' | 'lost' | 'misdirected' | 'power' | 'power-after';

export type MemoryDisk = Disk & {
  /** Asked before each operation; may be replaced at any time. */
  fault: (operation: DiskOperation) => Fault | undefined;
  operations(): number;
  /** Only what was synced stays for certain; `chance` (0 to 1) decides about the rest. Open files are gone. */
  powerLoss(chance: () => number): void;
  /** What a reader sees now, and writing past all rules: for tests that damage files. */
  peek(path: string): Uint8Array | undefined;
  poke(path: string, bytes: Uint8Array): void;
};

type Cell = { now: Uint8Array; durable: Uint8Array; unsynced: { at: number; bytes: Uint8Array }[] };
type Names = Map<string, Cell>;
type Rename = (names: Names) => void;
type Pending = { readonly folder: string; readonly change: Rename };
type Inside = {
  names: Names;
  durable: Names;
  pending: Pending[];
  count: number;
  dead: boolean;
  epoch: number;
};

const SECTOR = 512;

export function memoryDisk(): MemoryDisk {
  const inside: Inside = {
    names: new Map(),
    durable: new Map(),
    pending: [],
    count: 0,
    dead: false,
    epoch: 0,
  };
  const disk: MemoryDisk = {
    fault: () => undefined,
    operations: () => inside.count,
    makeFolder: async () => undefined,
    list: async (folder) => childrenOf(inside.names, folder),
    read: async (path) => inside.names.get(path)?.now.slice(),
    create: async (path) => {
      act(disk, inside, 'create', path, () => {
        const cell: Cell = { now: new Uint8Array(0), durable: new Uint8Array(0), unsynced: [] };
        change(inside, path, (names) => void names.set(path, cell));
      });
      return openCell(disk, inside, path);
    },
    open: async (path) => openCell(disk, inside, path),
    rename: async (from, to) =>
      act(disk, inside, 'rename', from, () =>
        change(inside, to, (names) => {
          const cell = names.get(from);
          if (cell === undefined) return;
          names.delete(from);
          names.set(to, cell);
        }),
      ),
    remove: async (path) =>
      act(disk, inside, 'remove', path, () => change(inside, path, (names) => void names.delete(path))),
    syncFolder: async (folder) => act(disk, inside, 'syncFolder', folder, () => settleNames(inside, folder)),
    powerLoss: (chance) => powerLoss(inside, chance),
    peek: (path) => inside.names.get(path)?.now,
    poke: (path, bytes) =>
      void inside.names.set(path, { now: bytes.slice(), durable: bytes.slice(), unsynced: [] }),
  };
  return disk;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const childrenOf = (names: Names, folder: string): readonly string[] =>
  [...names.keys()].filter((path) => folderOf(path) === folder).map((path) => path.slice(folder.length + 1));

function act(
  disk: MemoryDisk,
  inside: Inside,
  operation: DiskOperation['operation'],
  path: string,
  effect: (fault: Fault | undefined) => void,
): void {
  if (inside.dead) throw errno('EIO', path);
  inside.count += 1;
  const fault = disk.fault({ operation, path, count: inside.count });
  if (fault === 'EIO' || fault === 'ENOSPC') throw errno(fault, path);
  inside.dead = fault === 'power' || fault === 'power-after';
  if (fault === 'power') throw errno('EIO', path);
  if (fault !== 'lost') effect(fault);
  if (fault === 'power-after') throw errno('EIO', path);
}

const errno = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

function change(inside: Inside, path: string, apply: Rename): void {
  inside.pending.push({ folder: folderOf(path), change: apply });
  apply(inside.names);
}

function settleNames(inside: Inside, folder: string): void {
  for (const each of inside.pending) if (each.folder === folder) each.change(inside.durable);
  inside.pending = inside.pending.filter((each) => each.folder !== folder);
}

function openCell(disk: MemoryDisk, inside: Inside, path: string): DiskFile {
  const cell = inside.names.get(path);
  if (cell === undefined) throw errno('ENOENT', path);
  const { epoch } = inside;
  const guarded = (
    operation: 'write' | 'append' | 'sync',
    effect: (fault: Fault | undefined) => void,
  ): void => {
    if (inside.epoch !== epoch) throw errno('EBADF', path);
    act(disk, inside, operation, path, effect);
  };
  const write = (at: number, bytes: Uint8Array, fault: Fault | undefined): void => {
    const place = fault === 'misdirected' ? at + SECTOR : at;
    cell.unsynced.push({ at: place, bytes: bytes.slice() });
    cell.now = written(cell.now, place, bytes);
  };
  return {
    write: async (at, bytes) => guarded('write', (fault) => write(at, bytes, fault)),
    append: async (at, bytes) =>
      guarded('append', (fault) => {
        write(at, bytes, fault);
        if (fault !== 'power-after') settleCell(cell);
      }),
    sync: async () => guarded('sync', () => settleCell(cell)),
    close: async () => undefined,
  };
}

function settleCell(cell: Cell): void {
  cell.durable = cell.now.slice();
  cell.unsynced = [];
}

function written(content: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const next = content.length >= at + bytes.length ? content : new Uint8Array(at + bytes.length);
  if (next !== content) next.set(content);
  next.set(bytes, at);
  return next;
}

function powerLoss(inside: Inside, chance: () => number): void {
  const kept = Math.floor(chance() * (inside.pending.length + 1));
  for (const { change: apply } of inside.pending.slice(0, kept)) apply(inside.durable);
  inside.pending = [];
  for (const cell of new Set(inside.durable.values())) {
    for (const { at, bytes } of cell.unsynced) cell.durable = tornWrite(cell.durable, at, bytes, chance);
    cell.unsynced = [];
    cell.now = cell.durable.slice();
  }
  inside.names = new Map(inside.durable);
  inside.dead = false;
  inside.epoch += 1;
}

function tornWrite(durable: Uint8Array, at: number, bytes: Uint8Array, chance: () => number): Uint8Array {
  let result = durable;
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + SECTOR - ((at + from) % SECTOR));
    if (chance() < 0.5) result = written(result, at + from, bytes.subarray(from, to));
    from = to;
  }
  return result;
}
