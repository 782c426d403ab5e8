/** Services that nobody asked for and that are replaced all the same: their network, or whom they join, is made anew. */
import type { ServiceObj } from '@orc/model';
import { get, named, where } from '../state/table.ts';
import { now, patchSpec } from '../state/draft.ts';
import { hashOfService, networksOf } from './hash.ts';
import { newHolder } from './holders.ts';
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

const mustFollow = (planning: Planning, service: ServiceObj, replaced: ReadonlySet<string>): boolean =>
  networksOf(service.spec.template).some((name) => isLeaving(planning, name)) ||
  joinedServices(service.spec.template).some((name) => replaced.has(name)) ||
  newHolder(planning, service) !== undefined;

const isLeaving = ({ draft }: Planning, network: string): boolean =>
  named(now(draft), 'network', network)?.status.former !== undefined;

function rehash(planning: Planning, service: ServiceObj): ServiceObj | undefined {
  const { project, template, containerName, desired } = service.spec;
  const recreations = (service.spec.recreations ?? 0) + (newHolder(planning, service) === undefined ? 0 : 1);
  const hash = hashOfService(planning, {
    project,
    template,
    recreations,
    ...(containerName === undefined ? {} : { containerName }),
  });
  if (hash === service.spec.hash) return undefined;
  patchSpec<'service'>(planning.draft, service, {
    hash,
    desired: desired === 'stop' ? 'ready' : desired,
    ...(recreations === 0 ? {} : { recreations }),
  });
  return get(now(planning.draft), 'service', service.id);
}
