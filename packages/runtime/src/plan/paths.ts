/** What docker hides, protects and provides in every container that is not privileged (runtime-spec, moby's defaults). */

/** Covered: folders by an empty read-only tmpfs, files by /dev/null. Those that do not exist are passed over. */
export const MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

/**
 * Timing of one processor's throttling is a side channel, like powercap: masked too, for each processor there is, whether
 * we may run on it or not. `names`: those in /sys/devices/system/cpu.
 */
export const thermalThrottlePaths = (names: readonly string[]): readonly string[] =>
  names
    .filter((name) => /^cpu[0-9]+$/.test(name))
    .map((name) => `/sys/devices/system/cpu/${name}/thermal_throttle`);

/** Bound onto themselves, read-only. */
export const READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

export type DeviceNode = {
  readonly path: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
};

const node = (path: string, major: number, minor: number): DeviceNode => ({
  path,
  type: 'c',
  major,
  minor,
  mode: 0o666,
});

/** Made in every container's /dev. /dev/ptmx is a link to pts/ptmx, /dev/console only there with a terminal. */
export const DEFAULT_DEVICES: readonly DeviceNode[] = [
  node('/dev/null', 1, 3),
  node('/dev/zero', 1, 5),
  node('/dev/full', 1, 7),
  node('/dev/random', 1, 8),
  node('/dev/urandom', 1, 9),
  node('/dev/tty', 5, 0),
];

/** Link to target, in /dev. */
export const DEVICE_LINKS: readonly (readonly [path: string, target: string])[] = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/ptmx', 'pts/ptmx'],
  ['/dev/core', '/proc/kcore'],
];

/** One line of a device cgroup; without `major` or `minor` it speaks of all. */
export type DeviceRule = {
  readonly allow: boolean;
  /** `a`: both kinds. */
  readonly type: 'a' | 'b' | 'c';
  readonly major?: number;
  readonly minor?: number;
  /** Of `r`, `w` and `m`. */
  readonly access: string;
};

const allow = (type: 'b' | 'c', access: string, major?: number, minor?: number): DeviceRule => ({
  allow: true,
  type,
  access,
  ...(major === undefined ? {} : { major }),
  ...(minor === undefined ? {} : { minor }),
});

/** In order; a later rule wins over an earlier one. Nodes of any kind may be made, but only these opened. */
export const DEVICE_RULES: readonly DeviceRule[] = [
  { allow: false, type: 'a', access: 'rwm' },
  allow('c', 'm'),
  allow('b', 'm'),
  allow('c', 'rwm', 1, 3),
  allow('c', 'rwm', 1, 5),
  allow('c', 'rwm', 1, 7),
  allow('c', 'rwm', 1, 8),
  allow('c', 'rwm', 1, 9),
  allow('c', 'rwm', 5, 0),
  allow('c', 'rwm', 5, 1),
  allow('c', 'rwm', 5, 2),
  allow('c', 'rwm', 136),
  allow('c', 'rwm', 10, 200),
  { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
];

export const PRIVILEGED_DEVICE_RULES: readonly DeviceRule[] = [{ allow: true, type: 'a', access: 'rwm' }];
