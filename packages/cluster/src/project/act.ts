/** start, stop, restart, kill, rm and scale: of services through their specs, of one container through its task. */
import { containerNameOf, type ServiceObj, type TaskDesired, type TaskObj } from '@orc/model';
import { hasEnded, isPending, needsStart } from '../control/progress.ts';
import { dependentsOf, startOrder } from '../control/order.ts';
import { REPLICAS_MAX } from '../limits.ts';
import { draftOf, now, patchSpec, remove } from '../state/draft.ts';
import { get, named, type State, where } from '../state/table.ts';
import { holderRestarts } from './holders.ts';
import { allDependencies, joinedServices } from './joins.ts';
import { currentTasks, finish, noSuchService } from './up.ts';
import type { PlannedChange, Planning, ProjectAction, ProjectPlan, Proposer } from './types.ts';

export function actProject(
  state: State,
  name: string,
  action: ProjectAction,
  proposer: Proposer,
): ProjectPlan {
  const planning: Planning = { draft: draftOf(state), proposer, lines: [], problems: [] };
  if (named(state, 'project', name) === undefined) {
    const hint = 'orc ls --all lists the projects';
    planning.problems.push({ code: 'notfound.project', message: `there is no project ${name}`, hint });
    return finish(planning);
  }
  const services = chosenServices(planning, name, action);
  for (const service of services) {
    if (action.slot === undefined) SERVICE_ACTIONS[action.kind](planning, service, action);
    else actOnSlot(planning, service, action, action.slot);
  }
  return finish(planning);
}

function chosenServices(planning: Planning, project: string, action: ProjectAction): readonly ServiceObj[] {
  const present = where(now(planning.draft), 'service', 'project', project);
  const asked = action.kind === 'scale' ? Object.keys(action.scale ?? {}) : (action.services ?? []);
  if (asked.length === 0 && action.kind === 'scale') return [];
  if (asked.length === 0) return action.kind === 'restart' ? startOrder(present) : present;
  const chosen = new Set<ServiceObj>();
  const choose = (name: string): void => {
    const service = present.find((each) => each.spec.service === name);
    if (service === undefined || chosen.has(service)) return;
    chosen.add(service);
    const more = action.kind === 'start' && action.noDeps !== true && action.slot === undefined;
    if (more) for (const each of allDependencies(service.spec)) choose(each.service);
  };
  for (const name of asked) {
    if (present.some((each) => each.spec.service === name)) choose(name);
    else planning.problems.push(noSuchService(project, name));
  }
  // Who is joined begins before who joins it.
  return action.kind === 'restart' ? startOrder([...chosen]) : [...chosen];
}

type ServiceAction = (planning: Planning, service: ServiceObj, action: ProjectAction) => void;

const SERVICE_ACTIONS: Readonly<Record<ProjectAction['kind'], ServiceAction>> = {
  start,
  stop,
  restart: (planning, service, action) => {
    restart(planning, service, action);
    if (action.noDeps !== true) restartDependents(planning, service, action);
  },
  kill: (planning, service, action) => {
    for (const task of currentTasks(now(planning.draft), service.id)) kill(planning, task, action);
  },
  rm: removeStopped,
  scale: (planning, service, action) => scale(planning, service, action.scale?.[service.spec.service]),
};

/** What runs goes on running; the others begin as their dependencies allow. */
function start(planning: Planning, service: ServiceObj): void {
  const { draft, problems } = planning;
  const tasks = currentTasks(now(draft), service.id);
  if (tasks.length === 0) {
    problems.push({
      code: 'conflict.state',
      message: `service ${service.spec.service} has no container to start`,
      hint: `orc up ${service.spec.service} makes one`,
    });
  }
  const ended = tasks.filter((task) => needsStart(task, service.spec));
  for (const task of ended) line(planning, task, 'start');
  const generation = service.spec.generation + (ended.length > 0 ? 1 : 0);
  patchSpec<'service'>(draft, service, { desired: 'run', generation });
}

function stop(planning: Planning, service: ServiceObj, action: ProjectAction): void {
  patchSpec<'service'>(planning.draft, service, { desired: 'stop', stopGraceMs: action.timeoutMs });
  for (const task of currentTasks(now(planning.draft), service.id)) {
    if (task.spec.desired.state !== 'stop') line(planning, task, 'stop');
  }
}

/**
 * In place, at once: a task that still waits for its dependencies goes on waiting, and one that joins another's namespaces
 * begins when those are there again.
 */
function restart(planning: Planning, service: ServiceObj, action: ProjectAction): void {
  const { draft } = planning;
  const { generation } = service.spec;
  const waits = holderRestarts(planning, service);
  patchSpec<'service'>(draft, service, { desired: 'run', generation: generation + (waits ? 1 : 0) });
  for (const task of currentTasks(now(draft), service.id)) {
    if (isPending(task, service.spec)) continue;
    const next = again(task, action);
    if (waits) desire(planning, task, { ...next, state: 'stop', generation: next.generation - 1 }, 'restart');
    else desire(planning, task, { ...next, state: 'run' }, 'restart', generation);
  }
}

/** `depends_on.restart: true`, and services that join its namespaces, or those of one of them. */
function restartDependents(planning: Planning, service: ServiceObj, action: ProjectAction): void {
  for (const dependent of dependentsOf(now(planning.draft), service)) {
    const asked = allDependencies(dependent.spec).some(
      (each) => each.service === service.spec.service && each.restart === true,
    );
    const chosen = action.services === undefined || action.services.includes(dependent.spec.service);
    if (!asked || chosen) continue;
    restart(planning, dependent, action);
    if (joinedServices(dependent.spec.template).includes(service.spec.service))
      restartDependents(planning, dependent, action);
  }
}

const again = (task: TaskObj, { timeoutMs }: ProjectAction): Omit<TaskDesired, 'state'> => ({
  generation: task.spec.desired.generation + 1,
  ...(timeoutMs === undefined ? {} : { stopGraceMs: timeoutMs }),
});

/** It stays down until somebody starts it. */
function kill(planning: Planning, task: TaskObj, { signal = 'SIGKILL' }: ProjectAction): void {
  if (hasEnded(task)) return;
  desire(planning, task, { state: 'stop', generation: task.spec.desired.generation, kill: signal }, 'stop');
}

/** Slots that were emptied by hand stay empty until the next `up`. */
function removeStopped(planning: Planning, service: ServiceObj, action: ProjectAction): void {
  const tasks = currentTasks(now(planning.draft), service.id);
  const gone = tasks.filter((task) => action.stop === true || hasEnded(task) || task.status.attempt === 0);
  if (gone.length === 0) return;
  const slots = new Set([...(service.spec.absentSlots ?? []), ...gone.map((task) => task.spec.slot)]);
  patchSpec<'service'>(planning.draft, service, { absentSlots: [...slots].sort((a, b) => a - b) });
  for (const task of gone) removeTask(planning, task, action);
}

function removeTask(planning: Planning, task: TaskObj, action: ProjectAction): void {
  line(planning, task, 'remove');
  if (task.spec.node === null) {
    remove(planning.draft, 'task', task.id);
    return;
  }
  patchSpec<'task'>(planning.draft, task, {
    desired: {
      state: 'remove',
      generation: task.spec.desired.generation,
      ...(action.timeoutMs === undefined ? {} : { stopGraceMs: action.timeoutMs }),
      ...(action.volumes === true ? { removeVolumes: true } : {}),
    },
  });
}

function scale(planning: Planning, service: ServiceObj, replicas: number | undefined): void {
  const { service: name, containerName } = service.spec;
  if (replicas === undefined || replicas === service.spec.replicas) return;
  if (replicas > REPLICAS_MAX || (containerName !== undefined && replicas > 1)) {
    planning.problems.push({
      code: 'input.invalid',
      message: `service ${name} cannot have ${replicas} containers`,
      hint:
        containerName === undefined
          ? `the limit is ${REPLICAS_MAX}`
          : `it has the container_name ${containerName}`,
    });
    return;
  }
  const kind = replicas > service.spec.replicas ? 'create' : 'remove';
  const from = Math.min(replicas, service.spec.replicas) + 1;
  for (let slot = from; slot <= Math.max(replicas, service.spec.replicas); slot += 1) {
    planning.lines.push({ kind: 'task', name: containerNameOf(service.spec, slot), action: kind });
  }
  patchSpec<'service'>(planning.draft, service, { replicas });
}

/** The engine's commands on one container of a service (DECISIONS 3): at once, no dependency is asked. */
function actOnSlot(planning: Planning, service: ServiceObj, action: ProjectAction, slot: number): void {
  const task = currentTasks(now(planning.draft), service.id).find((each) => each.spec.slot === slot);
  if (task === undefined) {
    planning.problems.push({
      code: 'notfound.container',
      message: `service ${service.spec.service} has no container ${slot}`,
      hint: 'orc ps --all lists the containers',
    });
    return;
  }
  SLOT_ACTIONS[action.kind](planning, service, task, action);
}

type SlotAction = (planning: Planning, service: ServiceObj, task: TaskObj, action: ProjectAction) => void;

const SLOT_ACTIONS: Readonly<Record<ProjectAction['kind'], SlotAction>> = {
  start: (planning, service, task, action) => {
    const runs = task.spec.desired.state === 'run' && !hasEnded(task);
    if (!runs) runSlot(planning, service, task, action, 'start');
  },
  restart: (planning, service, task, action) => runSlot(planning, service, task, action, 'restart'),
  stop: (planning, _, task, { timeoutMs }) => {
    const grace = timeoutMs === undefined ? {} : { stopGraceMs: timeoutMs };
    desire(planning, task, { state: 'stop', generation: task.spec.desired.generation, ...grace }, 'stop');
  },
  kill: (planning, _, task, action) => kill(planning, task, action),
  rm: (planning, service, task, action) => {
    const absent = new Set([...(service.spec.absentSlots ?? []), task.spec.slot]);
    patchSpec<'service'>(planning.draft, get(now(planning.draft), 'service', service.id) as ServiceObj, {
      absentSlots: [...absent].sort((a, b) => a - b),
    });
    removeTask(planning, task, action);
  },
  scale: () => undefined,
};

/** A stopped service with one started container is one that runs: its other containers stay as they are. */
function runSlot(
  planning: Planning,
  service: ServiceObj,
  task: TaskObj,
  action: ProjectAction,
  verb: 'start' | 'restart',
): void {
  patchSpec<'service'>(planning.draft, service, { desired: 'run' });
  desire(planning, task, { ...again(task, action), state: 'run' }, verb, service.spec.generation);
}

function desire(
  planning: Planning,
  task: TaskObj,
  desired: TaskDesired,
  verb: PlannedChange['action'],
  generation = task.spec.generation,
): void {
  patchSpec<'task'>(planning.draft, task, { desired, generation, pending: undefined });
  line(planning, task, verb);
}

const line = ({ lines }: Planning, task: TaskObj, action: PlannedChange['action']): void =>
  void lines.push({ kind: 'task', name: task.name, action });
