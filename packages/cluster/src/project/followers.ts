/** Services that nobody asked for and that are replaced all the same: their network is made anew. */
import type { ServiceObj } from '@orc/model';
import { get, named, where } from '../state/table.ts';
import { now, patchSpec } from '../state/draft.ts';
import { hashOfService, networksOf } from './hash.ts';
import { joinedServices } from './joins.ts';
import type { Planning } from './types.ts';

export type Replaced = { readonly before: ServiceObj; readonly after: ServiceObj };

/** Also those that join one of them. What they run stays as it was put last; what was stopped is made and not started. */
export function replaceFollowers(
  planning: Planning,
  project: string,
  chosen: ReadonlySet<string>,
): readonly Replaced[] {
  const replaced: Replaced[] = [];
  const others = where(now(planning.draft), 'service', 'project', project).filter(
    ({ spec }) => spec.removing === undefined && !chosen.has(spec.service),
  );
  const left = new Set(others);
  for (;;) {
    const names = new Set(replaced.map(({ after }) => after.spec.service));
    const next = [...left].find((each) => mustFollow(planning, each, names));
    if (next === undefined) return replaced;
    left.delete(next);
    const after = rehash(planning, next);
    if (after !== undefined) replaced.push({ before: next, after });
  }
}

const mustFollow = ({ draft }: Planning, { spec }: ServiceObj, replaced: ReadonlySet<string>): boolean =>
  networksOf(spec.template).some((name) => named(now(draft), 'network', name)?.status.former !== undefined) ||
  joinedServices(spec.template).some((name) => replaced.has(name));

function rehash(planning: Planning, service: ServiceObj): ServiceObj | undefined {
  const { project, template, recreations = 0, containerName, desired } = service.spec;
  const hash = hashOfService(planning, {
    project,
    template,
    recreations,
    ...(containerName === undefined ? {} : { containerName }),
  });
  if (hash === service.spec.hash) return undefined;
  patchSpec<'service'>(planning.draft, service, { hash, desired: desired === 'stop' ? 'ready' : desired });
  return get(now(planning.draft), 'service', service.id);
}
