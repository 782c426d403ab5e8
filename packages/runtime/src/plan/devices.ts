/** Which nodes a container's /dev gets beside docker's own, and which devices its processes may open. */
import type { ContainerSpec } from '@orc/model';
import { parseDeviceRule } from './device-rules.ts';
import {
  DEFAULT_DEVICES,
  DEVICE_RULES,
  type DeviceNode,
  type DeviceRule,
  PRIVILEGED_DEVICE_RULES,
} from './paths.ts';

/** One of `devices:`, as the host has it. */
export type GivenDevice = DeviceNode & {
  /** Of `r`, `w` and `m`; '' is all of them. */
  readonly permissions: string;
};

export type Devices = { readonly nodes: readonly DeviceNode[]; readonly rules: readonly DeviceRule[] };

/**
 * A later device takes the path of an earlier one; those in DEFAULT_DEVICES stay what they are. Each rule speaks of its own
 * device, whatever becomes of its path. `all`: the host's, which a privileged container gets.
 */
export function decideDevices(
  spec: ContainerSpec,
  given: readonly GivenDevice[],
  all: readonly DeviceNode[],
): Devices {
  const nodes = new Map([...all, ...given].map((each) => [each.path, nodeOf(each)]));
  for (const each of DEFAULT_DEVICES) nodes.delete(each.path);
  if (spec.privileged) return { nodes: [...nodes.values()], rules: PRIVILEGED_DEVICE_RULES };
  const more = (spec.deviceCgroupRules ?? []).map((each) => parseDeviceRule(each));
  return { nodes: [...nodes.values()], rules: [...DEVICE_RULES, ...given.map(ruleOf), ...more] };
}

const nodeOf = ({ path, type, major, minor, mode }: DeviceNode): DeviceNode => ({
  path,
  type,
  major,
  minor,
  mode,
});

const ruleOf = ({ type, major, minor, permissions }: GivenDevice): DeviceRule => ({
  allow: true,
  type,
  major,
  minor,
  access: permissions || 'rwm',
});
