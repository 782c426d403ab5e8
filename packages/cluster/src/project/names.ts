/** Container names are for the whole cluster: two projects cannot ask for the same one. */
import { containerNameOf, type Problem, type ProjectService } from '@orc/model';
import { now } from '../state/draft.ts';
import { all } from '../state/table.ts';
import type { Planning } from './types.ts';

export function checkNames(planning: Planning, project: string, services: readonly ProjectService[]): void {
  const taken = new Map<string, string>();
  for (const { spec } of all(now(planning.draft), 'service')) {
    if (spec.project !== project)
      taken.set(keyOf(spec.project, spec), `service ${spec.service} of project ${spec.project}`);
  }
  for (const service of services) {
    const key = keyOf(project, service);
    const holder = taken.get(key);
    if (holder !== undefined) planning.problems.push(nameTaken(key, service, holder));
    taken.set(key, `service ${service.service}`);
  }
}

type Named = { readonly service: string; readonly containerName?: string };

/** Equal keys would give equal names. */
const keyOf = (project: string, each: Named): string => containerNameOf({ ...each, project }, 1);

const nameTaken = (name: string, service: ProjectService, holder: string): Problem => ({
  code: 'conflict.name',
  message: `the container name ${name} of service ${service.service} is taken by ${holder}`,
  hint:
    service.containerName === undefined
      ? 'give the project another name (-p)'
      : 'choose another container_name',
});
