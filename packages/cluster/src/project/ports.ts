/**
 * Host ports that two services of one host ask for are refused before anything changes. With several nodes placement
 * decides, and a task that finds no node with the port free says so.
 */
import type { PortBinding, Problem, ProjectService, ServiceObj } from '@orc/model';
import { collides, fixedPorts, hasLetGo } from '../control/ports.ts';
import { now } from '../state/draft.ts';
import { all, where } from '../state/table.ts';
import type { Planning, PutProject } from './types.ts';

export function checkPorts(
  planning: Planning,
  request: PutProject,
  services: readonly ProjectService[],
  replicasOf: (service: ProjectService) => number,
): void {
  if (all(now(planning.draft), 'node').length > 1) return;
  const taken = holders(planning, request, services);
  for (const service of services) {
    const replicas = replicasOf(service);
    const ports = replicas === 0 ? [] : fixedPorts(service.container);
    const [first] = ports;
    if (replicas > 1 && first !== undefined) planning.problems.push(tooManyFor(service, replicas, first));
    for (const port of ports) {
      const holder = taken.find((each) => collides(each.port, port));
      if (holder !== undefined) planning.problems.push(portTaken(service, port, holder.name));
      taken.push({ port, name: `service ${service.service}` });
    }
  }
}

type Holder = { readonly port: PortBinding; readonly name: string };

/** Services that stay as they are and hold their ports. */
function holders(
  { draft }: Planning,
  { project, options }: PutProject,
  chosen: readonly ProjectService[],
): Holder[] {
  const state = now(draft);
  const renewed = new Set(chosen.map((each) => each.service));
  const inFile = new Set([...project.services.map(({ service }) => service), ...(project.disabled ?? [])]);
  const stays = ({ spec }: ServiceObj): boolean =>
    spec.project !== project.name ||
    (!renewed.has(spec.service) && (inFile.has(spec.service) || options.removeOrphans !== true));
  return all(state, 'service')
    .filter((service) => service.spec.removing === undefined && stays(service))
    .filter((service) => where(state, 'task', 'service', service.id).some((task) => !hasLetGo(task, service)))
    .flatMap(({ spec }) =>
      fixedPorts(spec.template).map((port) => ({
        port,
        name: `service ${spec.service} of project ${spec.project}`,
      })),
    );
}

const portTaken = (service: ProjectService, port: PortBinding, holder: string): Problem => ({
  code: 'conflict.port',
  message: `port ${port.hostPort}/${port.protocol} of service ${service.service} is taken by ${holder}`,
  hint: 'publish another host port, or none to be given a free one',
});

const tooManyFor = (service: ProjectService, replicas: number, port: PortBinding): Problem => ({
  code: 'conflict.port',
  message: `service ${service.service} asks for ${replicas} containers that all publish port ${port.hostPort} of one host`,
  hint: 'publish the container port alone, and each is given a free host port',
});
