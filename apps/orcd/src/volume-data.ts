/** What lies on the disk for a volume goes with its object. */
import type { Agent } from '@orc/agent';
import { all, named, type State } from '@orc/cluster';
import { OrcError, type World } from '@orc/model';
import { LIMITS } from './limits.ts';
import type { Replica } from './replica.ts';

export type VolumeParts = {
  readonly replica: Pick<Replica, 'state' | 'onApplied' | 'removedVolumes'>;
  readonly agent: Pick<Agent, 'removeVolume'>;
  readonly world: Pick<World, 'clock' | 'emit' | 'failpoint'>;
};

/**
 * After the entry that removed it: a crash in between leaves a folder, never an object without its data. That folder
 * goes at the next start, before anybody can take it for the data of a new volume of that name.
 */
export async function removeVolumeData(parts: VolumeParts): Promise<void> {
  const { replica, world } = parts;
  replica.onApplied((before, after) => {
    for (const name of goneVolumes(before, after)) {
      world.failpoint('orcd.volume.removed');
      void removeOne(parts, name);
    }
  });
  await Promise.all(replica.removedVolumes.map((name) => removeOnce(parts, name)));
}

/** `gone`: those that are not there any more, as entries are replayed. */
export function noteVolumes(gone: Set<string>, before: State, after: State): void {
  for (const name of goneVolumes(before, after)) gone.add(name);
  if (before.tables.volume !== after.tables.volume)
    for (const { name } of all(after, 'volume')) gone.delete(name);
}

const goneVolumes = (before: State, after: State): readonly string[] =>
  before.tables.volume === after.tables.volume
    ? []
    : all(before, 'volume').flatMap(({ name }) => (named(after, 'volume', name) === undefined ? [name] : []));

/** A container without a task may still use it: its data goes after that, unless the name is in use again. */
async function removeOne(parts: VolumeParts, name: string): Promise<void> {
  while (!(await removeOnce(parts, name))) {
    await parts.world.clock.sleep(LIMITS.volumeRetryMs);
    if (named(parts.replica.state(), 'volume', name) !== undefined) return;
  }
}

/** False: somebody uses it. */
async function removeOnce({ agent, world }: VolumeParts, name: string): Promise<boolean> {
  try {
    await agent.removeVolume(name);
    return true;
  } catch (error) {
    if (error instanceof OrcError && error.problem.code === 'conflict.inuse') return false;
    world.emit('warn', 'the data of a volume stays', { volume: name, error: String(error) });
    return true;
  }
}
