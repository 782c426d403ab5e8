/**
 * `down` is written into the specs of the services and the project, and the controllers carry it out: dependents
 * first, then what the containers used. A crash loses nothing of it, and asking twice asks for the same.
 */
import type { ServiceObj } from '@orc/model';
import { removeVolume } from '../control/remove.ts';
import { draftOf, now, patchSpec } from '../state/draft.ts';
import { named, type State, where } from '../state/table.ts';
import { currentTasks, finish, noSuchService } from './up.ts';
import {
  containerNameOf,
  type DownOptions,
  type Planning,
  type ProjectPlan,
  type Proposer,
} from './types.ts';

export function downProject(
  state: State,
  name: string,
  options: DownOptions,
  proposer: Proposer,
): ProjectPlan {
  const planning: Planning = { draft: draftOf(state), proposer, lines: [], problems: [] };
  const project = named(state, 'project', name);
  if (project === undefined) {
    if (options.volumes === true && removeVolumes(planning, name)) return finish(planning);
    planning.problems.push({
      code: 'notfound.project',
      severity: 'warning',
      message: `there is no project ${name}: nothing to remove`,
      hint: 'orc ls --all lists the projects',
    });
    return finish(planning);
  }
  const services = where(state, 'service', 'project', name);
  for (const service of services) if (isChosen(service, options)) removeService(planning, service, options);
  for (const each of options.services ?? []) {
    if (!services.some((service) => service.spec.service === each))
      planning.problems.push(noSuchService(name, each));
  }
  if (options.services !== undefined && options.services.length > 0) return finish(planning);
  const volumes = options.volumes === true || project.spec.removing?.volumes === true;
  patchSpec<'project'>(planning.draft, project, { removing: { volumes } });
  describeRest(planning, name, volumes);
  return finish(planning);
}

/** Those that an earlier `down` left. */
function removeVolumes({ draft, lines }: Planning, project: string): boolean {
  const volumes = where(draft.base, 'volume', 'project', project);
  for (const volume of volumes) {
    removeVolume(draft, volume);
    lines.push({ kind: 'volume', name: volume.name, action: 'remove' });
  }
  return volumes.length > 0;
}

const isChosen = (service: ServiceObj, { services }: DownOptions): boolean =>
  services === undefined || services.length === 0 || services.includes(service.spec.service);

function removeService(planning: Planning, service: ServiceObj, options: DownOptions): void {
  const { draft, lines } = planning;
  const volumes = options.volumes === true || service.spec.removing?.volumes === true;
  const { timeoutMs } = options;
  patchSpec<'service'>(draft, service, {
    removing: { volumes },
    stopGraceMs: timeoutMs ?? (service.spec.removing === undefined ? undefined : service.spec.stopGraceMs),
  });
  for (const task of currentTasks(now(draft), service.id)) {
    lines.push({ kind: 'task', name: containerNameOf(service.spec, task.spec.slot), action: 'remove' });
  }
}

function describeRest({ draft, lines }: Planning, name: string, volumes: boolean): void {
  for (const network of where(draft.base, 'network', 'project', name)) {
    lines.push({ kind: 'network', name: network.name, action: 'remove' });
  }
  if (!volumes) return;
  for (const volume of where(draft.base, 'volume', 'project', name)) {
    lines.push({ kind: 'volume', name: volume.name, action: 'remove' });
  }
}
