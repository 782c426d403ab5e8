/**
 * Names that whoever asks has chosen. They become folders and labels on every node, so none is taken over that could
 * lead anywhere else, whichever program it came from.
 */
import {
  CONTAINER_NAME,
  KINDS,
  type Kind,
  type Problem,
  type Project,
  type ProjectService,
  SERVICE_NAME,
} from '@orc/model';
import { attachmentsOf, mountSources } from './hash.ts';
import type { Planning } from './types.ts';

export function checkAllowed({ problems }: Planning, project: Project): void {
  const asked = [
    { what: 'project', name: project.name, pattern: KINDS.project.namePattern },
    ...project.services.flatMap((service) => namesOfService(service)),
    ...objects('network', project.networks),
    ...objects('volume', project.volumes),
    ...objects('secret', project.secrets),
    ...objects('config', project.configs),
  ];
  const wrong = asked.filter(({ name, pattern }) => !pattern.test(name));
  const said = new Map(wrong.map(({ what, name }) => [`${what}\0${name}`, notAllowed(what, name)]));
  problems.push(...said.values());
}

export const notAllowed = (what: string, name: string): Problem => ({
  code: 'input.invalid',
  message: `${what} name ${JSON.stringify(name)} is not allowed`,
  hint:
    what === 'project'
      ? 'use lower-case letters, digits, "_" and "-", and begin with a letter or digit'
      : 'use letters, digits, ".", "_" and "-", and begin with a letter or digit',
});

type Asked = { readonly what: string; readonly name: string; readonly pattern: RegExp };

const objects = (kind: Kind, rows: readonly { readonly name: string }[]): readonly Asked[] =>
  rows.map(({ name }) => ({ what: kind, name, pattern: KINDS[kind].namePattern }));

/** What its container names, too: nobody says that all of it is among the project's objects. */
function namesOfService({ service, containerName, container }: ProjectService): readonly Asked[] {
  const named = (sources: readonly string[]): { name: string }[] => sources.map((name) => ({ name }));
  return [
    { what: 'service', name: service, pattern: SERVICE_NAME },
    ...(containerName === undefined
      ? []
      : [{ what: 'container', name: containerName, pattern: CONTAINER_NAME }]),
    ...objects('network', named(attachmentsOf(container).map((each) => each.network))),
    ...(['volume', 'secret', 'config'] as const).flatMap((kind) =>
      objects(kind, named(mountSources(container, kind))),
    ),
  ];
}
