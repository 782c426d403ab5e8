/** Names of tasks, which come whole, and of node-local containers, which come one by one. */
import type { ContainerId, NameRecord } from '@orc/model';
import { nameTable, type NameTable } from '../plan/names.ts';

export type Names = {
  readonly replace: (records: readonly NameRecord[]) => void;
  readonly register: (container: ContainerId, records: readonly NameRecord[]) => void;
  /** No name leads to these addresses of it, whatever is said of names; none: all do again. */
  readonly hide: (container: ContainerId, addresses: readonly string[]) => void;
  readonly table: () => NameTable;
};

export function openNames(): Names {
  let tasks: readonly NameRecord[] = [];
  const local = new Map<ContainerId, readonly NameRecord[]>();
  const hidden = new Map<ContainerId, readonly string[]>();
  /** Made anew by the first question after a change. */
  let table: NameTable | undefined;
  return {
    replace: (records) => {
      tasks = records;
      table = undefined;
    },
    register: (container, records) => {
      if (records.length === 0 && !local.delete(container)) return;
      if (records.length > 0) local.set(container, records);
      table = undefined;
    },
    hide: (container, addresses) => {
      if (addresses.length === 0 && !hidden.delete(container)) return;
      if (addresses.length > 0) hidden.set(container, addresses);
      table = undefined;
    },
    table: () => {
      table ??= nameTable([...tasks, ...[...local.values()].flat()], new Set([...hidden.values()].flat()));
      return table;
    },
  };
}
