import type { ServiceObj } from '@orc/model';
import { all, type State } from '../state/table.ts';

/** Slots that should have a container. */
export function wantedSlots(state: State, service: ServiceObj): readonly number[] {
  const { mode, replicas, absentSlots = [] } = service.spec;
  const count = mode === 'global' ? all(state, 'node').length : replicas;
  return Array.from({ length: count }, (_, at) => at + 1).filter((slot) => !absentSlots.includes(slot));
}
