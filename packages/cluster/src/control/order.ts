/** Who stops before whom: the reverse of who starts after whom. */
import type { ServiceObj } from '@orc/model';
import { allDependencies } from '../project/joins.ts';
import { type State, where } from '../state/table.ts';
import { mayRun } from './progress.ts';

/** True once nothing runs that depends on this service and is to stop as well; others are not waited for. */
export function dependentsHaveStopped(state: State, service: ServiceObj): boolean {
  return dependentsOf(state, service)
    .filter(isStopping)
    .every((each) => !where(state, 'task', 'service', each.id).some(mayRun));
}

const isStopping = ({ spec }: ServiceObj): boolean => spec.removing !== undefined || spec.desired === 'stop';

export const dependentsOf = (state: State, service: ServiceObj): readonly ServiceObj[] =>
  where(state, 'service', 'project', service.spec.project).filter(
    (each) =>
      each.id !== service.id && allDependencies(each.spec).some((d) => d.service === service.spec.service),
  );

/** Dependencies before what depends on them; a ring, which a compose file cannot have, is cut somewhere. */
export function startOrder(services: readonly ServiceObj[]): readonly ServiceObj[] {
  const byService = new Map(services.map((each) => [each.spec.service, each]));
  const done = new Set<ServiceObj>();
  const visit = (service: ServiceObj): ServiceObj[] => {
    if (done.has(service)) return [];
    done.add(service);
    const before = allDependencies(service.spec).flatMap((each) => {
      const found = byService.get(each.service);
      return found === undefined ? [] : visit(found);
    });
    return [...before, service];
  };
  return services.toSorted((a, b) => (a.name < b.name ? -1 : 1)).flatMap(visit);
}
