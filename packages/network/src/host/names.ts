/** Names of tasks, which come whole, and of node-local containers, which come one by one. */
import type { ContainerId, NameRecord } from '@orc/model';
import { nameTable, type NameTable } from '../plan/names.ts';

export type Names = {
  readonly replace: (records: readonly NameRecord[]) => void;
  readonly register: (container: ContainerId, records: readonly NameRecord[]) => void;
  readonly table: () => NameTable;
};

export function openNames(): Names {
  let tasks: readonly NameRecord[] = [];
  const local = new Map<ContainerId, readonly NameRecord[]>();
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
    table: () => {
      table ??= nameTable([...tasks, ...[...local.values()].flat()]);
      return table;
    },
  };
}
