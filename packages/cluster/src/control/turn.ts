/** Whose turn is next in an update that watches what it has renewed: the clock has no say here, a pass decides when. */
import type { Follows, ObjectId, ServiceObj, TaskObj } from '@orc/model';
import { bySlot, isAsWanted, isCurrent, isUnhealthy, isUp } from './progress.ts';
import { watchedUntil } from './rollout.ts';

/** Nothing where containers are still to come up, for that is what is waited for then. */
export function turnsOf(service: ServiceObj, tasks: readonly TaskObj[]): ReadonlyMap<ObjectId, Follows> {
  const { update, desired } = service.spec;
  if (desired !== 'run' || service.status.updateState !== 'updating' || !update?.monitorMs) return new Map();
  const current = tasks.filter(isCurrent);
  const renewed = current.filter((task) => isAsWanted(task, service.spec));
  const begun = new Set(renewed.map((task) => task.spec.slot));
  const former = current.filter(({ spec }) => !begun.has(spec.slot)).toSorted(bySlot);
  const places = update.parallelism - renewed.filter((task) => !isUp(task) && !isUnhealthy(task)).length;
  const watched = renewed
    .filter(isUp)
    .toSorted((a, b) => watchedUntil(b, service) - watchedUntil(a, service))
    .at(Math.max(0, places - 1));
  if (places < 1 || watched === undefined) return new Map();
  const follows: Follows = { container: watched.name, monitorMs: update.monitorMs };
  const slots = new Set([...new Set(former.map((task) => task.spec.slot))].slice(0, places));
  return new Map(former.filter(({ spec }) => slots.has(spec.slot)).map(({ id }) => [id, follows]));
}
