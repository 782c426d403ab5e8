/** `up` and `create`: from a project and the state to what changes. */
import {
  type ContainerSpec,
  type DependsOn,
  type FieldChange,
  type ObjectId,
  type Problem,
  type ProjectService,
  type ServiceObj,
  type ServiceSpec,
  type TaskObj,
} from '@orc/model';
import { isAsWanted, isPending, needsStart } from '../control/progress.ts';
import { wantedSlots } from '../control/slots.ts';
import { REPLICAS_MAX } from '../limits.ts';
import { changesOf, draftOf, fresh, now, patchSpec, put } from '../state/draft.ts';
import { same } from '../state/same.ts';
import { named, type State, where } from '../state/table.ts';
import { checkAllowed } from './allowed.ts';
import { changedFields, reasonOf } from './fields.ts';
import { replaceFollowers } from './followers.ts';
import { hashOfService, usedObjects } from './hash.ts';
import { newHolder } from './holders.ts';
import { joinedServices } from './joins.ts';
import { checkNames } from './names.ts';
import { checkPorts } from './ports.ts';
import { type Guests, putNetworks } from './networks.ts';
import { putFiles, putVolumes } from './objects.ts';
import {
  containerNameOf,
  type Planning,
  type ProjectPlan,
  type Proposer,
  type PutProject,
  serviceName,
} from './types.ts';

/** `guests`: containers that the state does not know, by network. */
export function diffProject(
  state: State,
  request: PutProject,
  proposer: Proposer,
  guests: Guests = () => [],
): ProjectPlan {
  const planning: Planning = { draft: draftOf(state), proposer, lines: [], problems: [] };
  const services = selectServices(request, planning.problems);
  checkAllowed(planning, request.project);
  checkServices(planning, request, services);
  putProjectObject(planning, request);
  const prepared = request.project.services.filter((each) => request.options.prepare?.includes(each.service));
  const used = usedObjects([...services, ...prepared].map((each) => each.container));
  putNetworks(planning, request.project, used, { kept: keepsContainers(request), guests });
  putVolumes(planning, request.project, used);
  putFiles(planning, request.project, used);
  for (const service of inOrder(services)) putService(planning, request, service);
  orphans(planning, request);
  const chosen = new Set(services.map(({ service }) => service));
  for (const { before, after } of replaceFollowers(planning, request.project.name, chosen))
    describe(planning, before, after);
  return finish(planning);
}

/** Also `run`, which is there for a container of its own. */
const keepsContainers = ({ options }: PutProject): boolean =>
  options.noRecreate === true || options.prepare !== undefined;

export function finish({ draft, lines, problems }: Planning): ProjectPlan {
  const refused = problems.some((problem) => problem.severity !== 'warning');
  return { changes: refused ? [] : changesOf(draft), lines: refused ? [] : lines, problems };
}

/** Those asked for and, unless `noDeps`, everything that they depend on. */
function selectServices({ project, options }: PutProject, problems: Problem[]): readonly ProjectService[] {
  if (options.services === undefined || options.services.length === 0)
    return options.prepare === undefined ? project.services : [];
  const byName = new Map(project.services.map((service) => [service.service, service]));
  const chosen = new Set<string>();
  const choose = (name: string): void => {
    const service = byName.get(name);
    if (service === undefined || chosen.has(name)) return;
    chosen.add(name);
    if (options.noDeps !== true) for (const each of dependencyNames(service)) choose(each);
  };
  for (const name of options.services) {
    if (byName.has(name)) choose(name);
    else problems.push(noSuchService(project.name, name));
  }
  return project.services.filter((service) => chosen.has(service.service));
}

export const noSuchService = (project: string, service: string): Problem => ({
  code: 'notfound.service',
  message: `no service ${service} in project ${project}`,
  hint: 'orc config --services lists them',
});

const dependencyNames = (service: ProjectService): readonly string[] => [
  ...service.dependsOn.map((each) => each.service),
  ...joinedServices(service.container),
];

/** A service comes after those that it joins, because its hash contains theirs. */
function inOrder(services: readonly ProjectService[]): readonly ProjectService[] {
  const done = new Set<string>();
  const ordered: ProjectService[] = [];
  const visit = (service: ProjectService): void => {
    if (done.has(service.service)) return;
    done.add(service.service);
    for (const name of dependencyNames(service)) {
      const before = services.find((each) => each.service === name);
      if (before !== undefined) visit(before);
    }
    ordered.push(service);
  };
  for (const service of services) visit(service);
  return ordered;
}

function checkServices(planning: Planning, request: PutProject, services: readonly ProjectService[]): void {
  const { problems } = planning;
  for (const service of services) {
    const replicas = replicasOf(request, service);
    if (service.containerName !== undefined && replicas > 1) problems.push(fixedName(service, replicas));
    if (replicas > REPLICAS_MAX) problems.push(tooMany(service, replicas));
    if (request.images[service.container.image] === undefined) problems.push(noImage(service));
    for (const name of joinedServices(service.container)) checkJoin(planning, request, service, name);
  }
  for (const name of Object.keys(request.options.scale ?? {})) {
    if (request.project.services.some((each) => each.service === name)) continue;
    problems.push(noSuchService(request.project.name, name));
  }
  checkNames(planning, request.project.name, services);
  checkPorts(planning, request, services, (service) => replicasOf(request, service));
}

const replicasOf = ({ options }: PutProject, service: ProjectService): number =>
  options.scale?.[service.service] ?? service.replicas;

const fixedName = (service: ProjectService, replicas: number): Problem => ({
  code: 'input.invalid',
  message: `service ${service.service} has the container_name ${service.containerName} and cannot have ${replicas} containers`,
  hint: 'remove container_name, or the scale',
});
const tooMany = (service: ProjectService, replicas: number): Problem => ({
  code: 'input.toolarge',
  message: `service ${service.service} asks for ${replicas} containers, the limit is ${REPLICAS_MAX}`,
  hint: 'write a smaller scale',
});
const noImage = (service: ProjectService): Problem => ({
  code: 'notfound.image',
  message: `image ${service.container.image} of service ${service.service} is not here`,
  hint: service.build === undefined ? `orc pull ${service.service}` : `orc build ${service.service}`,
});

function checkJoin(planning: Planning, request: PutProject, service: ProjectService, name: string): void {
  const target = request.project.services.find((each) => each.service === name);
  if (target === undefined) {
    planning.problems.push(noSuchService(request.project.name, name));
    return;
  }
  if (replicasOf(request, target) === replicasOf(request, service)) return;
  planning.problems.push({
    code: 'input.invalid',
    message: `service ${service.service} joins a namespace of ${name}, and they have different numbers of containers`,
    hint: `give both the same scale: container n joins container n`,
  });
}

/** It takes back a `down` that is under way. */
function putProjectObject({ draft, proposer, lines }: Planning, { project }: PutProject): void {
  const spec = { workingDir: project.workingDir, configFiles: project.configFiles };
  const found = named(now(draft), 'project', project.name);
  if (found === undefined) {
    put(draft, fresh('project', proposer.ids.object(), project.name, proposer.now, spec, {}));
    lines.push({ kind: 'project', name: project.name, action: 'create' });
  } else patchSpec<'project'>(draft, found, { ...spec, removing: undefined });
}

function putService(planning: Planning, request: PutProject, service: ProjectService): void {
  const { draft, proposer } = planning;
  const name = serviceName(request.project.name, service.service);
  const found = named(now(draft), 'service', name);
  const spec = specOf(planning, request, service, found);
  if (found === undefined) {
    const made = fresh('service', proposer.ids.object(), name, proposer.now, spec, {});
    put(draft, made);
    describe(planning, undefined, made);
    return;
  }
  const restarts =
    spec.desired === 'run' &&
    request.options.noRecreate !== true &&
    dependencyRecreated(planning, spec.project, spec.dependsOn, spec, found);
  const next = withOperation(planning, request, found, spec, restarts);
  put(draft, { ...found, spec: next });
  describe(planning, found, { ...found, spec: next }, restarts);
  if (restarts) stopUntilReady(planning, found);
}

/** Begins again, as its dependencies allow: for the generation that the service has now. */
function stopUntilReady({ draft }: Planning, service: ServiceObj): void {
  for (const task of currentTasks(now(draft), service.id)) {
    if (isPending(task, service.spec)) continue;
    const { generation } = task.spec.desired;
    patchSpec<'task'>(draft, task, { desired: { state: 'stop', generation }, pending: undefined });
  }
}

function specOf(
  planning: Planning,
  request: PutProject,
  service: ProjectService,
  found: ServiceObj | undefined,
): ServiceSpec {
  const { options, project } = request;
  const image = request.images[service.container.image];
  const { tasks, before } = keptBy(planning, request, service, found);
  const template: ContainerSpec = before?.template ?? {
    ...service.container,
    ...(image === undefined ? {} : { imageId: image }),
  };
  const forced =
    options.noRecreate !== true &&
    (isForced(options, service.service) || (found !== undefined && newHolder(planning, found) !== undefined));
  const recreations = (found?.spec.recreations ?? 0) + (forced ? 1 : 0);
  const hashed = { project: project.name, template, recreations, ...containerNamed(service) };
  const hash = before?.hash ?? hashOfService(planning, hashed);
  const kept = [...new Set(tasks.map((task) => task.spec.hash))].filter((each) => each !== hash).sort();
  return {
    project: project.name,
    service: service.service,
    mode: service.mode,
    replicas: replicasOf(request, service),
    dependsOn: options.noDeps === true ? [] : service.dependsOn,
    ...(service.update === undefined ? {} : { update: service.update }),
    ...containerNamed(service),
    template,
    hash,
    ...(kept.length === 0 ? {} : { kept }),
    // What `create` leaves as it is goes on running; what it replaces is made and not started.
    desired:
      found?.spec.desired === 'run' && isWhole(planning, request, found, hash) ? 'run' : options.desired,
    generation: found?.spec.generation ?? 1,
    ...(recreations === 0 ? {} : { recreations }),
  };
}

/**
 * `--no-recreate`: what is there stays, whatever it was made for. While nothing is missing its service is as `before`;
 * else what is missing is made as the file is now, beside the others: so people renew containers one by one.
 */
function keptBy(
  { draft }: Planning,
  request: PutProject,
  service: ProjectService,
  found: ServiceObj | undefined,
): { readonly tasks: readonly TaskObj[]; readonly before?: ServiceSpec } {
  if (request.options.noRecreate !== true || found === undefined) return { tasks: [] };
  const tasks = currentTasks(now(draft), found.id);
  const slots = new Set(tasks.map((task) => task.spec.slot));
  const replicas = replicasOf(request, service);
  const wanted = wantedSlots(now(draft), { ...found, spec: { ...found.spec, replicas, absentSlots: [] } });
  return wanted.every((slot) => slots.has(slot)) ? { tasks, before: found.spec } : { tasks };
}

/**
 * As with docker compose, new anonymous volumes want new containers, and what is forced is what was asked for: services
 * that it depends on are replaced where they differ.
 */
const isForced = (
  { forceRecreate, renewAnonVolumes, services = [] }: PutProject['options'],
  name: string,
): boolean =>
  (forceRecreate === true || renewAnonVolumes === true) && (services.length === 0 || services.includes(name));

const isWhole = ({ draft }: Planning, request: PutProject, found: ServiceObj, hash: string): boolean =>
  found.spec.hash === hash &&
  currentTasks(now(draft), found.id).length >= found.spec.replicas &&
  (request.options.scale?.[found.spec.service] ?? 0) <= found.spec.replicas;

const containerNamed = (service: ProjectService): { containerName?: string } =>
  service.containerName === undefined ? {} : { containerName: service.containerName };

/** What belongs to this operation only is kept when nothing else changes: then there is nothing to do. */
function withOperation(
  planning: Planning,
  request: PutProject,
  found: ServiceObj,
  spec: ServiceSpec,
  restarts: boolean,
): ServiceSpec {
  const { options } = request;
  const tasks = currentTasks(now(planning.draft), found.id);
  const asked = options.desired === 'run' && tasks.some((task) => mustStart(task, found, spec));
  const next: ServiceSpec = { ...spec, generation: spec.generation + (asked || restarts ? 1 : 0) };
  const lasting = { ...found.spec, stopGraceMs: undefined, renewAnonVolumes: undefined };
  if (same(lasting, next)) return found.spec;
  return {
    ...next,
    ...(options.timeoutMs === undefined ? {} : { stopGraceMs: options.timeoutMs }),
    ...(options.renewAnonVolumes === true ? { renewAnonVolumes: true } : {}),
  };
}

/** One whose hash differs is replaced and begins anew without being asked. */
const mustStart = (task: TaskObj, found: ServiceObj, spec: ServiceSpec): boolean =>
  isAsWanted(task, spec) && needsStart(task, found.spec);

/** `depends_on.restart: true`: restarted after its dependency was replaced. */
function dependencyRecreated(
  { draft }: Planning,
  project: string,
  dependsOn: readonly DependsOn[],
  spec: ServiceSpec,
  found: ServiceObj,
): boolean {
  if (spec.hash !== found.spec.hash) return false;
  return dependsOn.some((each) => {
    if (each.restart !== true) return false;
    const target = named(now(draft), 'service', serviceName(project, each.service));
    const before = target && draft.base.tables.service.byId.get(target.id);
    return target !== undefined && before !== undefined && before.spec.hash !== target.spec.hash;
  });
}

/** Tasks that are not on their way out. */
export const currentTasks = (state: State, service: ObjectId): readonly TaskObj[] =>
  where(state, 'task', 'service', service).filter((task) => task.spec.desired.state !== 'remove');

/** A line for each container; the fields that changed with the first of them. */
function describe(
  planning: Planning,
  before: ServiceObj | undefined,
  after: ServiceObj,
  restarts = false,
): void {
  const { draft, lines } = planning;
  const { service } = after.spec;
  const holder = before && newHolder(planning, before);
  const tasks = before === undefined ? [] : currentTasks(draft.base, before.id);
  const fields = before === undefined ? [] : changedFields(planning, before.spec, after.spec);
  const slots = new Map(tasks.map((task) => [task.spec.slot, task]));
  let isTold = false;
  for (let slot = 1; slot <= after.spec.replicas; slot += 1) {
    const task = slots.get(slot);
    const action = actionOf(task, before, after, restarts, fields, holder);
    const told = action.action === 'recreate' && !isTold && fields.length > 0 ? { fields } : {};
    isTold ||= action.action === 'recreate';
    lines.push({ kind: 'task', name: containerNameOf(after.spec, slot), service, ...action, ...told });
    slots.delete(slot);
  }
  for (const slot of [...slots.keys()].sort((a, b) => b - a)) {
    lines.push({
      kind: 'task',
      name: containerNameOf(after.spec, slot),
      service,
      action: 'remove',
      reason: 'scaled down',
    });
  }
}

type Action = {
  readonly action: 'create' | 'recreate' | 'start' | 'restart' | 'keep';
  readonly reason?: string;
};

function actionOf(
  task: TaskObj | undefined,
  before: ServiceObj | undefined,
  after: ServiceObj,
  restarts: boolean,
  fields: readonly FieldChange[],
  holder: string | undefined,
): Action {
  if (task === undefined || before === undefined) return { action: 'create' };
  if (!isAsWanted(task, after.spec))
    return { action: 'recreate', reason: whyRecreated(task, before, after, fields, holder) };
  if (restarts && !needsStart(task, before.spec))
    return { action: 'restart', reason: 'a service that it depends on was recreated' };
  return after.spec.generation > before.spec.generation && needsStart(task, before.spec)
    ? { action: 'start' }
    : { action: 'keep' };
}

function whyRecreated(
  task: TaskObj,
  before: ServiceObj,
  after: ServiceObj,
  fields: readonly FieldChange[],
  holder: string | undefined,
): string {
  if (fields.length > 0) return reasonOf(fields);
  if (holder !== undefined) return `the container of ${holder} that it joins is a new one`;
  const asked = before.spec.recreations !== after.spec.recreations;
  if (!asked)
    return isAsWanted(task, before.spec)
      ? 'kept as it was until now'
      : 'an update before has not come to it yet';
  return after.spec.renewAnonVolumes === true ? 'new anonymous volumes' : 'asked for';
}

function orphans({ draft, lines, problems }: Planning, { project, options }: PutProject): void {
  const wanted = new Set([...project.services.map(({ service }) => service), ...(project.disabled ?? [])]);
  const all = where(now(draft), 'service', 'project', project.name);
  const found = all.filter(
    (service) => !wanted.has(service.spec.service) && service.spec.removing === undefined,
  );
  if (found.length === 0) return;
  if (options.removeOrphans !== true) {
    problems.push(orphansLeft(project.name, found));
    return;
  }
  for (const service of found) {
    const grace = options.timeoutMs === undefined ? {} : { stopGraceMs: options.timeoutMs };
    patchSpec<'service'>(draft, service, { removing: { volumes: false }, ...grace });
    for (const task of currentTasks(now(draft), service.id)) {
      const name = containerNameOf(service.spec, task.spec.slot);
      lines.push({ kind: 'task', name, service: service.spec.service, action: 'remove', reason: 'orphan' });
    }
  }
}

export const orphansLeft = (project: string, services: readonly ServiceObj[]): Problem => ({
  code: 'conflict.state',
  severity: 'warning',
  message: `project ${project} still has services that are not in the file: ${services.map(({ spec }) => spec.service).join(', ')}`,
  hint: 'add --remove-orphans to remove them',
});
