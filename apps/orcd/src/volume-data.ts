/** What lies on the disk for a volume goes with its object. */
import type { Agent } from '@orc/agent';
import { all, named, type State } from '@orc/cluster';
import type { Emit } from '@orc/model';

/** After the entry that removed it: a crash in between leaves a folder, never an object without its data. */
export function removeVolumeData(agent: Agent, emit: Emit, before: State, after: State): void {
  if (before.tables.volume === after.tables.volume) return;
  for (const { name } of all(before, 'volume')) {
    if (named(after, 'volume', name) !== undefined) continue;
    agent.removeVolume(name).catch((error: unknown) => {
      emit('warn', 'the data of a volume stays', { volume: name, error: String(error) });
    });
  }
}
