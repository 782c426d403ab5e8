/** Whose namespaces containers are in, slot by slot, and whether those go. */
import type { ServiceObj, TaskObj } from '@orc/model';
import { isCurrent } from '../control/progress.ts';
import { wantedSlots } from '../control/slots.ts';
import { now } from '../state/draft.ts';
import { get, named, type State, where } from '../state/table.ts';
import { joinedServices } from './joins.ts';
import { type Planning, serviceName } from './types.ts';

/**
 * The joined service that gets a container in a slot where it had none and this service has one: that one is in
 * namespaces of a container that was removed, and is to be in those of the new one.
 */
export function newHolder({ draft }: Planning, guest: ServiceObj): string | undefined {
  const slots = slotsOf(draft.base, guest);
  return joinedServices(guest.spec.template).find((name) => {
    const holder = joined(now(draft), guest, name);
    if (holder === undefined || holder.spec.removing !== undefined) return false;
    const held = slotsOf(draft.base, holder);
    return wantedSlots(now(draft), holder).some((slot) => slots.has(slot) && !held.has(slot));
  });
}

/** A service that it joins begins again by this plan. */
export const holderRestarts = ({ draft }: Planning, guest: ServiceObj): boolean =>
  joinedServices(guest.spec.template).some((name) => {
    const holder = joined(now(draft), guest, name);
    if (holder === undefined) return false;
    return currentOf(now(draft), holder).some(
      (task) => get(draft.base, 'task', task.id)?.spec.desired !== task.spec.desired,
    );
  });

const joined = (state: State, guest: ServiceObj, name: string): ServiceObj | undefined =>
  named(state, 'service', serviceName(guest.spec.project, name));

const currentOf = (state: State, { id }: ServiceObj): readonly TaskObj[] =>
  where(state, 'task', 'service', id).filter(isCurrent);

const slotsOf = (state: State, service: ServiceObj): ReadonlySet<number> =>
  new Set(currentOf(state, service).map((task) => task.spec.slot));
