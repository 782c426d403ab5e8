/** Removes what an earlier daemon of this instance left and nothing asks for: told by its name, seen at the start. */
import type { Kernel } from '@orc/model';
import { planDelete, planRemove } from '../plan/netplan.ts';
import type { Bridges } from './bridges.ts';
import type { PresentLink } from './present.ts';
import type { SandboxRecord } from './records.ts';
import type { Sandboxes } from './sandboxes.ts';

export type SweeperOptions = {
  readonly kernel: Kernel;
  readonly bridges: Bridges;
  readonly sandboxes: Sandboxes;
  readonly links: readonly PresentLink[];
  readonly namespaces: { readonly all: readonly string[]; readonly pinned: ReadonlySet<string> };
};
export type Sweeper = {
  /** Of these records those whose namespace is there: after a reboot none is. */
  readonly living: (records: readonly SandboxRecord[]) => SandboxRecord[];
  /** Takes what there is to remove now; resolves when it is gone. */
  readonly sweep: () => Promise<void>;
  /** Resolves when no sweep is under way. */
  readonly settled: () => Promise<void>;
};

export function openSweeper(options: SweeperOptions): Sweeper {
  const { kernel, bridges, sandboxes } = options;
  let left: { links: readonly PresentLink[]; namespaces: readonly string[] } = {
    links: options.links,
    namespaces: options.namespaces.all,
  };
  let under: Promise<void> = Promise.resolve();
  const remove = async (found: typeof left): Promise<void> => {
    const used = new Set(sandboxes.all().map((record) => record.namespace));
    await kernel.run(planRemove(found.namespaces.filter((path) => !used.has(path))));
    await kernel.run(planDelete(namesToDelete(found.links, bridges, sandboxes)));
  };
  return {
    living: (records) => records.filter((record) => options.namespaces.pinned.has(record.namespace)),
    sweep: () => {
      const found = left;
      left = { links: [], namespaces: [] };
      const work = remove(found);
      under = Promise.allSettled([under, work]).then(() => undefined);
      return work;
    },
    settled: () => under,
  };
}

/** The far end of a cable goes with the near one. */
function namesToDelete(links: readonly PresentLink[], bridges: Bridges, sandboxes: Sandboxes): string[] {
  const cables = sandboxes.all().flatMap((record) => record.cables.map((each) => each.cable.name));
  const used = new Set([...bridges.names(), ...cables]);
  const twin = (name: string): string => name.replace(/k(?=[0-9a-z]{4}$)/, 'j');
  return links.filter((link) => !used.has(link.name) && !used.has(twin(link.name))).map((link) => link.name);
}
