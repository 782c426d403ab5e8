/** What docker's `HostConfig` says of limits, devices, groups and names: each key is there, set or not, as scripts expect. */
import type { ContainerSpec, DeviceMapping, Mount, TmpfsMount } from '@orc/model';

/** `Tmpfs` alone is absent where there is none, as in docker. */
export function limitsOf(spec: ContainerSpec): object {
  const { resources = {}, oomScoreAdj = 0 } = spec;
  const tmpfs = Object.fromEntries((spec.mounts ?? []).filter(isTmpfs).map(tmpfsOf));
  return {
    ...(Object.keys(tmpfs).length === 0 ? {} : { Tmpfs: tmpfs }),
    GroupAdd: spec.groupAdd ?? null,
    Devices: (spec.devices ?? []).map(deviceOf),
    DeviceCgroupRules: spec.deviceCgroupRules ?? null,
    DeviceRequests: null,
    OomScoreAdj: oomScoreAdj,
    OomKillDisable: resources.oomKillDisable ?? null,
    NanoCpus: resources.nanoCpus ?? 0,
    CpuShares: resources.cpuShares ?? 0,
    CpuPeriod: resources.cpuPeriodUs ?? 0,
    CpuQuota: resources.cpuQuotaUs ?? 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    Memory: resources.memoryBytes ?? 0,
    MemoryReservation: resources.memoryReservationBytes ?? 0,
    MemorySwap: resources.memorySwapBytes ?? 0,
    MemorySwappiness: resources.memorySwappiness ?? null,
    PidsLimit: resources.pidsMax ?? null,
    BlkioWeight: resources.blkioWeight ?? 0,
    Ulimits: (spec.ulimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    CgroupParent: spec.cgroupParent ?? '',
  };
}

/** What of docker's is not in orc, or goes another way: empty, so that scripts find it. */
export const ABSENT = {
  ContainerIDFile: '',
  VolumeDriver: '',
  VolumesFrom: null,
  Links: null,
  Cgroup: '',
  Isolation: '',
  ConsoleSize: [0, 0],
} as const;

const isTmpfs = (mount: Mount): mount is TmpfsMount => mount.type === 'tmpfs';

/** In the words of `--tmpfs`. */
function tmpfsOf({ target, sizeBytes, mode, readOnly, options = [] }: TmpfsMount): [string, string] {
  const words = [
    ...(readOnly ? ['ro'] : []),
    ...options,
    ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`]),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
  ];
  return [target, words.join(',')];
}

const deviceOf = ({ source, target, permissions }: DeviceMapping): object => ({
  PathOnHost: source,
  PathInContainer: target,
  CgroupPermissions: permissions,
});
