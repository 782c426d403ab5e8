/** Host ports: who asks for which, and whether two can be had together. */
import type { ContainerSpec, PortBinding, ServiceObj, TaskObj } from '@orc/model';
import { endedForGood, mayRun } from './progress.ts';

export const fixedPorts = (template: ContainerSpec): readonly PortBinding[] =>
  (template.ports ?? []).filter((port) => (port.hostPort ?? 0) > 0);

export function collides(a: PortBinding, b: PortBinding): boolean {
  if (a.hostPort !== b.hostPort || a.protocol !== b.protocol) return false;
  return anywhere(a) || anywhere(b) || a.hostIp === b.hostIp;
}

const anywhere = (port: PortBinding): boolean => ['', '0.0.0.0', '::'].includes(port.hostIp ?? '');

/** A stopped container's ports are free for others, once it has stopped. */
export const hasLetGo = (task: TaskObj, service: ServiceObj): boolean =>
  endedForGood(task, service.spec) || (task.spec.desired.state === 'stop' && !mayRun(task));
