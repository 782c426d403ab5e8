/** What a host's kernel may lack: the names that `orc system info` and test/skips.json say it by. */
import { CAPABILITY_NAMES } from '@orc/model';
import type { CgroupMounts } from './cgroup-mounts.ts';

export type KernelFacts = {
  /** Bits of the capabilities that the daemon may give. */
  readonly bounding: bigint;
  readonly apparmor: boolean;
  readonly cgroups: CgroupMounts;
  /** Of the root of a v2 hierarchy. */
  readonly controllers: readonly string[];
};

export type Feature = {
  readonly name: string;
  readonly has: (facts: KernelFacts) => boolean;
  /** Only a test wants it: containers lose nothing by its absence. */
  readonly forTests?: true;
};

const CONTROLLERS: readonly { readonly name: string; readonly v2?: string }[] = [
  { name: 'cpu', v2: 'cpu' },
  { name: 'cpuset', v2: 'cpuset' },
  { name: 'memory', v2: 'memory' },
  { name: 'pids', v2: 'pids' },
  { name: 'blkio', v2: 'io' },
  // v2 does these without controllers.
  { name: 'devices' },
  { name: 'freezer' },
];

export const KERNEL_FEATURES: readonly Feature[] = [
  { name: 'cgroup v1', has: ({ cgroups }) => cgroups.kind !== 'v2', forTests: true },
  { name: 'cgroup v2', has: ({ cgroups }) => cgroups.v2 !== undefined, forTests: true },
  ...CONTROLLERS.map(
    ({ name, v2 }): Feature => ({
      name: `cgroup controller ${name}`,
      has: ({ cgroups, controllers }) =>
        cgroups.kind === 'v2' ? v2 === undefined || controllers.includes(v2) : cgroups.v1[name] !== undefined,
    }),
  ),
  { name: 'apparmor', has: ({ apparmor }) => apparmor },
  ...CAPABILITY_NAMES.map(
    (name, bit): Feature => ({
      name: `CAP_${name}`,
      has: ({ bounding }) => ((bounding >> BigInt(bit)) & 1n) === 1n,
    }),
  ),
];

export const missingFeatures = (facts: KernelFacts): readonly string[] =>
  KERNEL_FEATURES.filter((each) => each.forTests !== true && !each.has(facts)).map(({ name }) => name);
