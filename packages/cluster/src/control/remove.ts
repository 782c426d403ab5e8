/** The end of a project, or of a part: once its services are gone, what was theirs goes, and its own row last. */
import type { NetworkObj, VolumeObj } from '@orc/model';
import { usedObjects } from '../project/hash.ts';
import { usersOf } from '../project/single.ts';
import { type Draft, now, patchSpec, remove } from '../state/draft.ts';
import { named, where } from '../state/table.ts';
import type { Pass } from './pass.ts';

export function removeProject(pass: Pass, name: string): void {
  const project = named(now(pass.draft), 'project', name);
  const removing = project?.spec.removing;
  if (project === undefined || removing === undefined) return;
  const state = now(pass.draft);
  const left = where(state, 'service', 'project', name);
  if (left.some(({ spec }) => spec.removing !== undefined)) return;
  const kept = usedObjects(left.map(({ spec }) => spec.template));
  for (const network of where(state, 'network', 'project', name))
    if (!kept.networks.has(network.name)) removeNetwork(pass, network);
  for (const kind of ['secret', 'config'] as const)
    for (const file of where(state, kind, 'project', name))
      if (!kept[`${kind}s`].has(file.name)) remove(pass.draft, kind, file.id);
  for (const volume of where(state, 'volume', 'project', name))
    if (goes(volume, removing.volumes) && !kept.volumes.has(volume.name)) removeVolume(pass.draft, volume);
  if (left.length === 0) remove(pass.draft, 'project', project.id);
  else patchSpec<'project'>(pass.draft, project, { removing: undefined });
}

/** Whether `down -v` means it: all, or those with these keys. */
export const goes = ({ spec }: VolumeObj, volumes: boolean | readonly string[]): boolean =>
  typeof volumes === 'boolean' ? volumes : spec.key !== undefined && volumes.includes(spec.key);

/** What others' containers are on stays the project's: its next `up` finds it again, and its next `down` removes it. */
function removeNetwork({ draft, guests }: Pass, { id, name }: NetworkObj): void {
  if (usersOf(now(draft), 'network', name).length + guests(name).length === 0) remove(draft, 'network', id);
}

/** As with networks: what another project's containers use stays. */
export function removeVolume(draft: Draft, { id, name }: VolumeObj): void {
  if (usersOf(now(draft), 'volume', name).length === 0) remove(draft, 'volume', id);
}
