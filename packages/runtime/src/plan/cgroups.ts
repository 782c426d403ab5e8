/** A container's `resources` as values of cgroup files, for either version. Units and defaults are docker's. */
import { fail, type Resources } from '@orc/model';

export type CgroupWrite = {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** Where `file` does not exist. */
  readonly instead?: { readonly file: string; readonly value: string };
  /** Passed over, with a warning, where the kernel has no such file. */
  readonly optional?: boolean;
};

/** In the order in which they must be written to a fresh cgroup. Throws `input.invalid`. */
export function cgroupWrites(version: 'v1' | 'v2', resources: Resources): readonly CgroupWrite[] {
  checkResources(resources);
  const table = version === 'v1' ? V1 : V2;
  return table.flatMap((row) => row(resources));
}

type Row = (resources: Resources) => readonly CgroupWrite[];

const write = (controller: string, file: string, value: string | number): CgroupWrite => ({
  controller,
  file: `${controller}.${file}`,
  value: String(value),
});
const when = <T>(value: T | undefined, make: (value: T) => readonly CgroupWrite[]): readonly CgroupWrite[] =>
  value === undefined ? [] : make(value);

/** memory.memsw must never be below memory, and starts at unlimited: memory goes first. */
const V1: readonly Row[] = [
  ({ memoryBytes }) => when(memoryBytes, (bytes) => [write('memory', 'limit_in_bytes', bytes)]),
  (resources) =>
    when(memoryAndSwap(resources), (bytes) => [
      { ...write('memory', 'memsw.limit_in_bytes', bytes), optional: true },
    ]),
  ({ memoryReservationBytes }) =>
    when(memoryReservationBytes, (bytes) => [write('memory', 'soft_limit_in_bytes', bytes)]),
  ({ memorySwappiness }) =>
    when(memorySwappiness, (value) => (value === -1 ? [] : [write('memory', 'swappiness', value)])),
  ({ oomKillDisable }) => (oomKillDisable === true ? [write('memory', 'oom_control', 1)] : []),
  ({ cpuShares }) => when(cpuShares || undefined, (shares) => [write('cpu', 'shares', shares)]),
  (resources) =>
    when(bandwidth(resources), ({ quotaUs, periodUs }) => [
      write('cpu', 'cfs_period_us', periodUs),
      write('cpu', 'cfs_quota_us', quotaUs ?? -1),
    ]),
  ({ pidsMax }) => when(pidsMax, (count) => [write('pids', 'max', orMax(count))]),
  ({ cpusetCpus }) => when(cpusetCpus || undefined, (list) => [write('cpuset', 'cpus', list)]),
  ({ cpusetMems }) => when(cpusetMems || undefined, (list) => [write('cpuset', 'mems', list)]),
  ({ blkioWeight }) =>
    when(blkioWeight || undefined, (weight) => [
      {
        ...write('blkio', 'weight', weight),
        instead: { file: 'blkio.bfq.weight', value: String(weight) },
        optional: true,
      },
    ]),
];

/** Without swappiness and oom_kill_disable, which v2 does not have; docker passes them over too. */
const V2: readonly Row[] = [
  ({ memoryBytes }) => when(memoryBytes, (bytes) => [write('memory', 'max', bytes === -1 ? 'max' : bytes)]),
  (resources) =>
    when(swapOnly(resources), (value) => [{ ...write('memory', 'swap.max', value), optional: true }]),
  ({ memoryReservationBytes }) => when(memoryReservationBytes, (bytes) => [write('memory', 'low', bytes)]),
  ({ cpuShares }) =>
    when(cpuShares || undefined, (shares) => [write('cpu', 'weight', sharesToWeight(shares))]),
  (resources) =>
    when(bandwidth(resources), ({ quotaUs, periodUs }) => [
      write('cpu', 'max', `${quotaUs ?? 'max'} ${periodUs}`),
    ]),
  ({ pidsMax }) => when(pidsMax, (count) => [write('pids', 'max', orMax(count))]),
  ({ cpusetCpus }) => when(cpusetCpus || undefined, (list) => [write('cpuset', 'cpus', list)]),
  ({ cpusetMems }) => when(cpusetMems || undefined, (list) => [write('cpuset', 'mems', list)]),
  ({ blkioWeight }) =>
    when(blkioWeight || undefined, (weight) => [
      {
        ...write('io', 'bfq.weight', weight),
        instead: { file: 'io.weight', value: `default ${blkioToIoWeight(weight)}` },
        optional: true,
      },
    ]),
];

/** The kernel's own bounds: shares 2 to 262144 become weight 1 to 10000, and docker's 1024 becomes 100. */
export function sharesToWeight(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const log = Math.log2(shares);
  const exponent = (log * log + 125 * log) / 612 - 7 / 34;
  return Math.ceil(10 ** exponent - 1e-9);
}

/** 10 to 1000 becomes 1 to 10000. */
const blkioToIoWeight = (weight: number): number => 1 + Math.floor(((weight - 10) * 9999) / 990);

const orMax = (count: number): string => (count <= 0 ? 'max' : String(count));

/** Docker's default: as much swap again as memory. */
function memoryAndSwap({ memoryBytes, memorySwapBytes }: Resources): number | undefined {
  if (memorySwapBytes !== undefined && memorySwapBytes !== 0) return memorySwapBytes;
  if (memoryBytes === undefined) return undefined;
  return memoryBytes === -1 ? -1 : memoryBytes * 2;
}

function swapOnly(resources: Resources): string | undefined {
  const both = memoryAndSwap(resources);
  if (both === undefined) return undefined;
  return both === -1 ? 'max' : String(both - (resources.memoryBytes ?? 0));
}

type Bandwidth = { readonly quotaUs: number | undefined; readonly periodUs: number };

/** `cpus` in tenths of a second; the kernel takes no quota below 1 ms. */
function bandwidth({ nanoCpus, cpuPeriodUs, cpuQuotaUs }: Resources): Bandwidth | undefined {
  const periodUs = cpuPeriodUs || 100_000;
  if (nanoCpus) return { quotaUs: Math.max(1000, Math.floor((nanoCpus * periodUs) / 1e9)), periodUs };
  if (!cpuQuotaUs && !cpuPeriodUs) return undefined;
  return { quotaUs: cpuQuotaUs && cpuQuotaUs > 0 ? cpuQuotaUs : undefined, periodUs };
}

type Check = readonly [wrong: (resources: Resources) => boolean, message: string, hint: string];

const LIST = /^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$/;
const outside = (value: number | undefined, low: number, high: number): boolean =>
  value !== undefined && value !== 0 && !(value >= low && value <= high);

const CHECKS: readonly Check[] = [
  [
    ({ memoryBytes, memorySwapBytes }) =>
      memorySwapBytes !== undefined && memorySwapBytes > 0 && memorySwapBytes < (memoryBytes ?? 0),
    'memory plus swap is below the memory limit',
    'it counts both: set it to at least the memory limit',
  ],
  [
    ({ memoryBytes, memorySwapBytes }) => memoryBytes === undefined && (memorySwapBytes ?? -1) > 0,
    'a limit of memory plus swap needs a memory limit',
    'set a memory limit too',
  ],
  [
    ({ cpuPeriodUs }) => outside(cpuPeriodUs, 1000, 1_000_000),
    'the cpu period is not 1 to 1000 ms',
    'usual is 100 ms',
  ],
  [
    ({ cpuQuotaUs }) => (cpuQuotaUs ?? 0) > 0 && (cpuQuotaUs ?? 0) < 1000,
    'the cpu quota is below 1 ms',
    'raise it',
  ],
  [({ nanoCpus }) => (nanoCpus ?? 0) < 0, 'cpus is negative', 'a number such as 0.5'],
  [({ blkioWeight }) => outside(blkioWeight, 10, 1000), 'the blkio weight is not 10 to 1000', 'usual is 500'],
  [({ memorySwappiness }) => !inSwappiness(memorySwappiness), 'swappiness is not 0 to 100', 'usual is 60'],
  [({ cpusetCpus }) => !!cpusetCpus && !LIST.test(cpusetCpus), 'the cpu set is no list', 'such as 0-2,5'],
  [
    ({ cpusetMems }) => !!cpusetMems && !LIST.test(cpusetMems),
    'the memory node set is no list',
    'such as 0-1',
  ],
];

const inSwappiness = (value: number | undefined): boolean =>
  value === undefined || (value >= -1 && value <= 100);

function checkResources(resources: Resources): void {
  for (const [wrong, message, hint] of CHECKS) {
    if (wrong(resources)) throw fail('input.invalid', message, { hint });
  }
}
