/** Slots of services: made, replaced, started, stopped and removed, one service after the other. */
import type { ServiceObj, TaskObj } from '@orc/model';
import { containerNameOf } from '../project/types.ts';
import { fresh, now, patchSpec, put, remove } from '../state/draft.ts';
import { all, get, named, type State, where } from '../state/table.ts';
import { gateOf } from './gate.ts';
import {
  endedForGood,
  hasEnded,
  isAsWanted,
  isCurrent,
  isPending,
  isRunning,
  isSettled,
  isUnhealthy,
  isUp,
  startsFirst,
  succeeded,
} from './progress.ts';
import { type Pass, takeTurn } from './pass.ts';
import { wantedSlots } from './slots.ts';
import { dependentsHaveStopped, startOrder } from './order.ts';

export function rollOut(pass: Pass, project: string): void {
  const services = startOrder(where(now(pass.draft), 'service', 'project', project));
  for (const { id } of services) replaceAndScale(pass, id);
  for (const { id } of services) begin(pass, id);
  for (const { id } of services.toReversed()) end(pass, id);
}

const serviceOf = (pass: Pass, id: string): ServiceObj => get(now(pass.draft), 'service', id) as ServiceObj;
const tasksOf = (state: State, service: ServiceObj): readonly TaskObj[] =>
  where(state, 'task', 'service', service.id);

function replaceAndScale(pass: Pass, id: string): void {
  const service = serviceOf(pass, id);
  if (service.spec.removing !== undefined) return;
  const state = now(pass.draft);
  const wanted = new Set(wantedSlots(state, service));
  const current = tasksOf(state, service).filter(isCurrent);
  for (const task of current.toSorted((a, b) => b.spec.slot - a.spec.slot)) {
    if (!wanted.has(task.spec.slot) && takeTurn(pass)) removeTask(pass, task, service);
  }
  const left = tasksOf(now(pass.draft), service);
  const budget = budgetOf(pass, service, left.filter(isCurrent));
  const slots = Map.groupBy(left, (task) => task.spec.slot);
  for (const slot of wanted) fillSlot(pass, service, slot, slots.get(slot) ?? [], budget);
  noteUpdate(pass, id);
}

/** How many more slots may be replaced now; a failed update is paused (DECISIONS 2). */
type Budget = { left: number; readonly startFirst: boolean };

function budgetOf({ draft, now: time }: Pass, service: ServiceObj, current: readonly TaskObj[]): Budget {
  const { update } = service.spec;
  // Slot by slot nobody waits for what is not to be started, nor for what begins when all others have gone.
  const atOnce =
    update === undefined ||
    service.spec.desired === 'ready' ||
    current.some((task) => !isAsWanted(task, service.spec) && isOnLeaving(now(draft), task));
  if (atOnce) return { left: Number.POSITIVE_INFINITY, startFirst: false };
  const renewed = current.filter((task) => isAsWanted(task, service.spec));
  const startFirst = startsFirst(service.spec);
  if (update.failureAction !== 'continue' && renewed.some((task) => hasFailed(task, service))) {
    return { left: 0, startFirst };
  }
  if (update.parallelism === 0) return { left: Number.POSITIVE_INFINITY, startFirst };
  return {
    left: update.parallelism - renewed.filter((task) => isOnItsWay(task, service, time)).length,
    startFirst,
  };
}

/** Its network is made anew when nobody is on it any more. */
const isOnLeaving = (state: State, { spec }: TaskObj): boolean =>
  spec.endpoints.some(({ network }) => named(state, 'network', network)?.status.former !== undefined);

const isOnItsWay = (task: TaskObj, service: ServiceObj, time: number): boolean =>
  task.spec.desired.state !== 'stop' &&
  !endedForGood(task, service.spec) &&
  !isUnhealthy(task) &&
  (!isUp(task) || watchedUntil(task, service) > time);

/** What it does so shortly after its start speaks for the slots that are not renewed yet: `monitor`. */
export const watchedUntil = ({ status }: TaskObj, { spec }: ServiceObj): number =>
  (status.startedAt ?? 0) + (spec.update?.monitorMs ?? 0);

/** Also one that its policy has begun again, and, as in Swarm, an unhealthy one: until it is healthy after all. */
const hasFailed = (task: TaskObj, service: ServiceObj): boolean =>
  task.spec.desired.state === 'run' &&
  ((task.status.restarts ?? 0) > 0 ||
    isUnhealthy(task) ||
    (endedForGood(task, service.spec) && !succeeded(task)));

export type Wake = { readonly at: number; readonly project: string };

/**
 * When a pass is wanted though nothing has changed, after `time`, the earliest first: slots that were watched long
 * enough let others go on.
 */
export const wakesAfter = (state: State, time: number): readonly Wake[] =>
  all(state, 'service')
    .filter((service) => service.status.updateState === 'updating')
    .flatMap((service) =>
      tasksOf(state, service).flatMap((task) => {
        const at = watchedUntil(task, service);
        return isCurrent(task) && isAsWanted(task, service.spec) && at > time
          ? [{ at, project: service.spec.project }]
          : [];
      }),
    )
    .toSorted((a, b) => a.at - b.at);

function fillSlot(
  pass: Pass,
  service: ServiceObj,
  slot: number,
  inSlot: readonly TaskObj[],
  budget: Budget,
): void {
  const current = inSlot.filter(isCurrent);
  const right =
    current.find((task) => task.spec.hash === service.spec.hash) ??
    current.findLast((task) => isAsWanted(task, service.spec));
  const wrong = current.filter((task) => task !== right);
  if (right !== undefined) {
    if (wrong.length === 0 || (budget.startFirst && !isUp(right)) || !takeTurn(pass)) return;
    for (const task of wrong) removeTask(pass, task, service);
    return;
  }
  const mustGo = wrong.some((task) => isOnLeaving(now(pass.draft), task));
  if ((service.spec.desired === 'stop' && !mustGo) || pass.tasksLeft <= 0) return;
  const old = wrong.at(-1);
  if (old === undefined) {
    const leaving = inSlot.find((task) => task.spec.desired.removeVolumes !== true);
    createTask(pass, service, slot, leaving);
    return;
  }
  if (budget.left < 1) return;
  budget.left -= 1;
  if (!budget.startFirst) for (const task of wrong) removeTask(pass, task, service);
  createTask(pass, service, slot, old);
}

function createTask(pass: Pass, service: ServiceObj, slot: number, before: TaskObj | undefined): void {
  takeTurn(pass);
  const { spec } = service;
  const volumesOf = spec.renewAnonVolumes === true ? undefined : volumesAfter(before);
  const ready = spec.desired === 'ready';
  const task = fresh(
    'task',
    pass.ids.object(),
    containerNameOf(spec, slot),
    pass.now,
    {
      project: spec.project,
      service: spec.service,
      serviceId: service.id,
      slot,
      hash: spec.hash,
      revision: service.specVersion,
      node: null,
      containerId: pass.ids.container(),
      endpoints: [],
      desired: { state: 'ready', generation: 1 },
      generation: ready ? spec.generation : 0,
      ...(volumesOf === undefined ? {} : { volumesOf }),
    },
    { attempt: 0, phase: 'new', health: 'none', generation: 0 },
  );
  put(pass.draft, task);
}

/** Only while there is a container to replace: after `down` or `rm` its anonymous volumes are nobody's, as with docker. */
const volumesAfter = (before: TaskObj | undefined): TaskObj['spec']['volumesOf'] =>
  before?.spec.volumesOf ?? (before?.spec.node === null ? undefined : before?.spec.containerId);

function removeTask(pass: Pass, task: TaskObj, service: ServiceObj): void {
  if (task.spec.node === null) {
    remove(pass.draft, 'task', task.id);
    return;
  }
  const { stopGraceMs, removing, renewAnonVolumes } = service.spec;
  // What `up -V` renewed belongs to the new container: it means only the one that is replaced.
  const renewed = renewAnonVolumes === true && !isAsWanted(task, service.spec);
  const volumes = removing === undefined ? renewed : removing.volumes;
  patchSpec<'task'>(pass.draft, task, {
    desired: {
      state: 'remove',
      generation: task.spec.desired.generation,
      ...(stopGraceMs === undefined ? {} : { stopGraceMs }),
      ...(volumes ? { removeVolumes: true } : {}),
    },
    pending: undefined,
  });
}

function noteUpdate(pass: Pass, id: string): void {
  const service = serviceOf(pass, id);
  const { update } = service.spec;
  if (update === undefined) return;
  const current = tasksOf(now(pass.draft), service).filter(isCurrent);
  const renewed = current.filter((task) => isAsWanted(task, service.spec));
  const old = renewed.length < current.length;
  if (!old && service.status.updateState === undefined) return;
  const failed =
    old && update.failureAction !== 'continue' && renewed.some((task) => hasFailed(task, service));
  const settled = !old && renewed.every((task) => isUp(task) || hasEnded(task) || isUnhealthy(task));
  const updateState = failed ? 'paused' : settled ? 'completed' : 'updating';
  if (service.status.updateState !== updateState) put(pass.draft, { ...service, status: { updateState } });
}

/** Starts that were asked for, as their dependencies allow (DECISIONS 5). */
function begin(pass: Pass, id: string): void {
  const service = serviceOf(pass, id);
  if (service.spec.desired !== 'run' || service.spec.removing !== undefined) return;
  for (const task of tasksOf(now(pass.draft), service).filter(isCurrent)) afterReboot(pass, task, service);
  if (gateOf(now(pass.draft), service) !== undefined) return;
  for (const task of tasksOf(now(pass.draft), service).filter(isCurrent)) {
    const pending = isAsWanted(task, service.spec) && isPending(task, service.spec);
    if (pending && takeTurn(pass)) beginTask(pass, service, task);
  }
}

/** DECISIONS 4: what the reboot ended waits for its dependencies again, unless its policy lets it lie. */
function afterReboot(pass: Pass, task: TaskObj, service: ServiceObj): void {
  const condition = service.spec.template.restart?.condition ?? 'no';
  const ended = task.status.phase === 'exited' && task.status.exit?.reason === 'reboot' && isSettled(task);
  if (!ended || task.spec.desired.state !== 'run' || condition === 'no' || condition === 'on-failure') return;
  patchSpec<'task'>(pass.draft, task, {
    desired: { state: 'ready', generation: task.spec.desired.generation },
    generation: 0,
  });
}

function beginTask(pass: Pass, service: ServiceObj, task: TaskObj): void {
  const { desired } = task.spec;
  const goesOn = desired.state === 'run' && isRunning(task);
  // What was to stop may have begun for this generation before it heard so, whether it said so yet or not.
  const begun = desired.state === 'stop' || task.status.generation >= desired.generation;
  const anew = hasEnded(task) || begun;
  patchSpec<'task'>(pass.draft, task, {
    generation: service.spec.generation,
    ...(goesOn ? {} : { desired: { state: 'run', generation: desired.generation + (anew ? 1 : 0) } }),
  });
}

/** Stops and removals: dependents first. */
function end(pass: Pass, id: string): void {
  const service = serviceOf(pass, id);
  const { removing, desired } = service.spec;
  if (removing === undefined && desired !== 'stop') return;
  if (!dependentsHaveStopped(now(pass.draft), service)) return;
  for (const task of tasksOf(now(pass.draft), service)) {
    if (removing !== undefined) removeOnce(pass, task, service);
    else if (isCurrent(task) && task.spec.desired.state !== 'stop' && takeTurn(pass))
      stopTask(pass, task, service);
  }
  const left = tasksOf(now(pass.draft), service).length;
  if (removing !== undefined && left === 0) remove(pass.draft, 'service', service.id);
}

function removeOnce(pass: Pass, task: TaskObj, service: ServiceObj): void {
  const { state, removeVolumes } = task.spec.desired;
  const volumes = service.spec.removing?.volumes === true;
  if (state === 'remove' && (!volumes || removeVolumes === true)) return;
  if (takeTurn(pass)) removeTask(pass, task, service);
}

function stopTask(pass: Pass, task: TaskObj, service: ServiceObj): void {
  const { stopGraceMs } = service.spec;
  const { generation } = task.spec.desired;
  const grace = stopGraceMs === undefined ? {} : { stopGraceMs };
  patchSpec<'task'>(pass.draft, task, {
    desired: { state: 'stop', generation, ...grace },
    pending: undefined,
  });
}
