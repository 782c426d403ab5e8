/** The end of a project: once its services are gone, what was theirs goes, and its own row last. */
import type { NetworkObj, VolumeObj } from '@orc/model';
import { usersOf } from '../project/single.ts';
import { type Draft, now, patchSpec, remove } from '../state/draft.ts';
import { all, named, where } from '../state/table.ts';
import type { Pass } from './pass.ts';

export function removeProject(pass: Pass, name: string): void {
  const project = named(now(pass.draft), 'project', name);
  const removing = project?.spec.removing;
  if (project === undefined || removing === undefined) return;
  const state = now(pass.draft);
  if (where(state, 'service', 'project', name).length > 0) return;
  for (const network of where(state, 'network', 'project', name)) removeNetwork(pass, network);
  for (const kind of ['secret', 'config'] as const) {
    for (const file of where(state, kind, 'project', name)) remove(pass.draft, kind, file.id);
  }
  if (removing.volumes)
    for (const each of where(state, 'volume', 'project', name)) removeVolume(pass.draft, each);
  remove(pass.draft, 'project', project.id);
}

/** Another project's containers may be on it: then it stays, as nobody's. */
function removeNetwork(pass: Pass, network: NetworkObj): void {
  const uses = (each: { readonly network: string }): boolean => each.network === network.name;
  const used = all(now(pass.draft), 'task').some((task) => task.spec.endpoints.some(uses));
  if (used) patchSpec<'network'>(pass.draft, network, { project: undefined, key: undefined });
  else remove(pass.draft, 'network', network.id);
}

/** As with networks: what another project's containers use stays. */
export function removeVolume(draft: Draft, volume: VolumeObj): void {
  if (usersOf(now(draft), 'volume', volume.name).length === 0) remove(draft, 'volume', volume.id);
  else patchSpec<'volume'>(draft, volume, { project: undefined, key: undefined });
}
