/**
 * `down` is written into the specs of the services and the project, and the controllers carry it out: dependents
 * first, then what the containers used. A crash loses nothing of it, and asking twice asks for the same.
 */
import type { Problem, ServiceObj } from '@orc/model';
import { goes, removeVolume } from '../control/remove.ts';
import { draftOf, now, patchSpec, remove } from '../state/draft.ts';
import { named, type State, where } from '../state/table.ts';
import { usedObjects } from './hash.ts';
import type { Guests } from './networks.ts';
import { usersOf } from './single.ts';
import { currentTasks, finish, noSuchService, orphansLeft } from './up.ts';
import {
  containerNameOf,
  type DownOptions,
  type Planning,
  type ProjectPlan,
  type Proposer,
} from './types.ts';

/** `guests`: containers that the state does not know, by network. */
export function downProject(
  state: State,
  name: string,
  options: DownOptions,
  proposer: Proposer,
  guests: Guests = () => [],
): ProjectPlan {
  const planning: Planning = { draft: draftOf(state), proposer, lines: [], problems: [] };
  const project = named(state, 'project', name);
  if (project === undefined) {
    if (removeLeft(planning, name, options, guests)) return finish(planning);
    planning.problems.push({
      code: 'notfound.project',
      severity: 'warning',
      message: `there is no project ${name}: nothing to remove`,
      hint: 'orc ls --all lists the projects',
    });
    return finish(planning);
  }
  const services = where(state, 'service', 'project', name);
  const left = services.filter((service) => !goesDown(service, options));
  for (const service of services) if (!left.includes(service)) removeService(planning, service, options);
  for (const each of options.services ?? []) {
    if (!services.some((service) => service.spec.service === each))
      planning.problems.push(noSuchService(name, each));
  }
  if (options.services !== undefined && options.services.length > 0) return finish(planning);
  const volumes = volumesOf(options, project.spec.removing?.volumes ?? false);
  patchSpec<'project'>(planning.draft, project, { removing: { volumes } });
  describeRest(planning, name, { volumes, left, guests });
  return finish(planning);
}

/** Of this `down` and of one that is under way. */
function volumesOf(
  { volumes, declared }: DownOptions,
  before: boolean | readonly string[],
): boolean | readonly string[] {
  if (volumes !== true || before === true) return before;
  return declared === undefined
    ? true
    : [...new Set([...(before === false ? [] : before), ...declared.volumes])];
}

/** What an earlier `down` left: volumes that are meant now, and networks that others were on. */
function removeLeft(
  { draft, lines, problems }: Planning,
  project: string,
  options: DownOptions,
  guests: Guests,
): boolean {
  const networks = where(draft.base, 'network', 'project', project);
  for (const network of networks) {
    const users = othersOf(draft.base, project, network.name, guests);
    if (users.length > 0) problems.push(stillUsed(network.name, users));
    else remove(draft, 'network', network.id);
    if (users.length === 0) lines.push({ kind: 'network', name: network.name, action: 'remove' });
  }
  const meant = volumesOf(options, false);
  const volumes = where(draft.base, 'volume', 'project', project).filter((each) => goes(each, meant));
  for (const volume of volumes) {
    removeVolume(draft, volume);
    lines.push({ kind: 'volume', name: volume.name, action: 'remove' });
  }
  return volumes.length + networks.length > 0;
}

/** Who uses a network, or is to, and does not go down with the project. */
const othersOf = (state: State, project: string, network: string, guests: Guests): readonly string[] => {
  const own = new Set(where(state, 'task', 'project', project).map((task) => task.name));
  return [...usersOf(state, 'network', network).filter((name) => !own.has(name)), ...guests(network)];
};

const stillUsed = (network: string, users: readonly string[]): Problem => ({
  code: 'conflict.inuse',
  severity: 'warning',
  message: `network ${network} is still in use by ${users.join(', ')}, and stays`,
  hint: 'it goes with the next "orc down" after them',
});

/** An orphan is in no file any more, or never was: it stays unless it is asked for. */
function goesDown({ spec }: ServiceObj, { services, declared, removeOrphans }: DownOptions): boolean {
  if (services !== undefined && services.length > 0) return services.includes(spec.service);
  if (spec.removing !== undefined || declared === undefined || removeOrphans === true) return true;
  return declared.services.includes(spec.service);
}

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

type Rest = {
  readonly volumes: boolean | readonly string[];
  readonly left: readonly ServiceObj[];
  readonly guests: Guests;
};

function describeRest({ draft, lines, problems }: Planning, name: string, rest: Rest): void {
  const { volumes, left, guests } = rest;
  const kept = usedObjects(left.map(({ spec }) => spec.template));
  for (const network of where(draft.base, 'network', 'project', name)) {
    if (kept.networks.has(network.name)) continue;
    const users = othersOf(draft.base, name, network.name, guests);
    if (users.length > 0) problems.push(stillUsed(network.name, users));
    else lines.push({ kind: 'network', name: network.name, action: 'remove' });
  }
  for (const volume of where(draft.base, 'volume', 'project', name)) {
    if (goes(volume, volumes) && !kept.volumes.has(volume.name))
      lines.push({ kind: 'volume', name: volume.name, action: 'remove' });
  }
  if (left.length > 0) problems.push(orphansLeft(name, left));
}
