/** Services whose namespaces a container joins: it lives and dies with theirs (DECISIONS 7). */
import type { ContainerSpec, DependsOn, ServiceSpec } from '@orc/model';

export function joinedServices(template: ContainerSpec): readonly string[] {
  const modes = [template.networkMode, template.pidMode, template.ipcMode, template.utsMode];
  const names = modes.flatMap((mode) => (mode?.kind === 'service' ? [mode.service] : []));
  return [...new Set(names)];
}

/** What the user wrote, and for each joined service that it has to run first. */
export function allDependencies(spec: ServiceSpec): readonly DependsOn[] {
  const written = new Set(spec.dependsOn.map((each) => each.service));
  const joined = joinedServices(spec.template).filter((service) => !written.has(service));
  return [
    ...spec.dependsOn,
    ...joined.map((service) => ({ service, condition: 'service_started' as const, restart: true })),
  ];
}
