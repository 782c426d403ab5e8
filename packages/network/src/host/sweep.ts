/** Removes what an earlier daemon of this instance left and nothing asks for: told by its name, seen at the start. */
import { basename } from 'node:path';
import type { Clock, Kernel } from '@orc/model';
import { LIMITS } from '../limits.ts';
import { planDelete, planRemove } from '../plan/netplan.ts';
import type { Bridges, Numbers } from './bridges.ts';
import { presentLinks, presentNamespaces, type PresentLink } from './present.ts';
import type { SandboxRecord } from './records.ts';
import type { Sandboxes } from './sandboxes.ts';

export type SweeperOptions = {
  readonly instance: string;
  readonly run: string;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly numbers: Numbers;
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
  /** Once more, after what the earlier daemon had asked of the kernel before its end has been done too. */
  readonly sweepLate: (failed: (error: unknown) => void) => void;
  readonly close: () => void;
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
  let cancelLate: (() => void) | undefined;
  const remove = async (found: typeof left): Promise<void> => {
    const used = new Set(sandboxes.all().map((record) => record.namespace));
    await kernel.run(planRemove(found.namespaces.filter((path) => !used.has(path))));
    await kernel.run(planDelete(namesToDelete(found.links, bridges, sandboxes)));
  };
  const track = (work: Promise<void>): Promise<void> => {
    under = Promise.allSettled([under, work]).then(() => undefined);
    return work;
  };
  return {
    living: (records) => records.filter((record) => options.namespaces.pinned.has(record.namespace)),
    sweep: () => {
      const found = left;
      left = { links: [], namespaces: [] };
      return track(remove(found));
    },
    sweepLate: (failed) => {
      cancelLate?.();
      cancelLate = options.clock.after(
        LIMITS.sweepLateMs,
        () => void track(lateOnes(options).then(remove)).catch(failed),
      );
    },
    close: () => cancelLate?.(),
    settled: () => under,
  };
}

/** What this daemon did not make. */
async function lateOnes({ instance, run, numbers }: SweeperOptions): Promise<{
  readonly links: readonly PresentLink[];
  readonly namespaces: readonly string[];
}> {
  const links = await presentLinks(instance);
  return {
    links: links.filter(({ name, role }) => role === 'bridge' || !numbers.given(name)),
    namespaces: presentNamespaces(run).all.filter((path) => !numbers.given(basename(path))),
  };
}

/** The far end of a cable goes with the near one. */
function namesToDelete(links: readonly PresentLink[], bridges: Bridges, sandboxes: Sandboxes): string[] {
  const cables = sandboxes.all().flatMap((record) => record.cables.map((each) => each.cable.name));
  const used = new Set([...bridges.names(), ...cables]);
  const twin = (name: string): string => name.replace(/k(?=[0-9a-z]{4}$)/, 'j');
  return links.filter((link) => !used.has(link.name) && !used.has(twin(link.name))).map((link) => link.name);
}
