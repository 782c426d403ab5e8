/**
 * Containers' cgroups: `<hierarchy>/<instance>/<id>`; an exec that is to be killed whole makes its own below. v1 and
 * hybrid use v1's hierarchies, as few as serve; what differs from v2 is in `cgroup-v1.ts` and `cgroup-v2.ts`.
 */
import { readFileSync } from 'node:fs';
import { assert, type Clock, type Emit, fail, type Resources } from '@orc/model';
import { CGROUP_KILL_MS, CGROUP_POLL_MS, CGROUP_REMOVE_MS } from '../limits.ts';
import { type CgroupMounts, parseCgroupMounts } from '../plan/cgroup-mounts.ts';
import { memoryTotal, systemCpuNs } from '../plan/cgroup-stats.ts';
import type { DeviceRule } from '../plan/paths.ts';
import type { Stats } from '../types.ts';
import { LAUNCHER_LEAF } from './cgroup-files.ts';
import { cgroupsV1 } from './cgroup-v1.ts';
import { cgroupsV2 } from './cgroup-v2.ts';

export type CgroupPlace = {
  /** Counts processes killed for want of memory, in a line `oom_kill N`; absent without a memory controller. */
  readonly oomFile?: string;
  /** v1: the process, single-threaded still, writes `0` into each, then unshares its cgroup namespace. */
  readonly tasksFiles: readonly string[];
  /** v2: for CLONE_INTO_CGROUP. */
  readonly v2Dir?: string;
  /** v2: to be loaded and attached to `v2Dir`; absent when every device is allowed. */
  readonly deviceProgram?: Uint8Array;
};

/** What a version of the kernel's interface has to offer. Ids are checked before they come here. */
export type CgroupDriver = {
  create(id: string, resources: Resources, deviceRules: readonly DeviceRule[]): CgroupPlace;
  launcher(): CgroupPlace;
  pids(id: string): readonly number[];
  /** SIGKILL to all that are there now; may have to be repeated. */
  killOnce(id: string, round: number): void;
  setFrozen(id: string, frozen: boolean): void;
  isFrozen(id: string): boolean;
  stats(id: string, memoryTotalBytes: number): Omit<Stats, 'at' | 'systemCpuNs'>;
  /** False while it is busy. */
  removeOnce(id: string): boolean;
  list(): readonly string[];
  /** The instance's own folders, once nothing is below them. */
  removeRoots(): boolean;
};

export type Cgroups = {
  readonly kind: CgroupMounts['kind'];
  /** Throws `kernel.missing` for a limit whose controller is not there, `input.invalid` for one that makes no sense. */
  create(id: string, resources: Resources, deviceRules: readonly DeviceRule[]): CgroupPlace;
  /** Resolves when no process is left. */
  kill(id: string): Promise<void>;
  stats(id: string): Stats;
  freeze(id: string): Promise<void>;
  thaw(id: string): Promise<void>;
  pids(id: string): readonly number[];
  /** Idempotent. Waits for dying processes. */
  remove(id: string): Promise<void>;
  /** Ids that have a folder in any hierarchy, without the launcher's. */
  list(): readonly string[];
  /** The launcher's and its shims' own leaf, made if need be. */
  launcherDirs(): CgroupPlace;
  /** Kills and removes every container's, then the launcher's if nobody lives there. */
  removeAll(): Promise<void>;
};

export const detectCgroups = (mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): CgroupMounts =>
  parseCgroupMounts(mountinfo);

export function openCgroups(options: {
  readonly instance: string;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly mounts?: CgroupMounts;
}): Cgroups {
  const mounts = options.mounts ?? detectCgroups();
  const { instance, emit, clock } = options;
  const driver = (mounts.kind === 'v2' ? cgroupsV2 : cgroupsV1)(mounts, instance, emit);
  const memoryTotalBytes = memoryTotal(readFileSync('/proc/meminfo', 'utf8'));
  return {
    kind: mounts.kind,
    ...checked(driver),
    ...waiting({ driver, clock }),
    stats: (id) => ({
      at: clock.now(),
      systemCpuNs: systemCpuNs(readFileSync('/proc/stat', 'utf8')),
      ...driver.stats(check(id), memoryTotalBytes),
    }),
  };
}

/** An id becomes a path that root removes: never one that climbs. */
function check(id: string): string {
  assert(/^(?!\.)[A-Za-z0-9_.-]+$/.test(id), `${id} is an id of a cgroup`);
  return id;
}

type Plain = 'create' | 'pids' | 'list' | 'launcherDirs';

const checked = (driver: CgroupDriver): Pick<Cgroups, Plain> => ({
  create: (id, resources, deviceRules) => {
    const place = driver.create(check(id), resources, deviceRules);
    // A daemon that was killed while it killed leaves it frozen, and whoever enters would stand still.
    driver.setFrozen(id, false);
    return place;
  },
  pids: (id) => driver.pids(check(id)),
  list: () => driver.list(),
  launcherDirs: () => driver.launcher(),
});

type Waiting = { readonly driver: CgroupDriver; readonly clock: Clock };

const waiting = (on: Waiting): Pick<Cgroups, 'kill' | 'freeze' | 'thaw' | 'remove' | 'removeAll'> => ({
  kill: (id) => kill(on, check(id)),
  freeze: (id) => setFrozen(on, check(id), true),
  thaw: (id) => setFrozen(on, check(id), false),
  remove: (id) => remove(on, check(id)),
  removeAll: () => removeAll(on),
});

/** The first tries follow at once: most cgroups are empty within a millisecond. */
async function until(clock: Clock, done: (round: number) => boolean, limitMs: number): Promise<boolean> {
  const end = clock.monotonic() + limitMs;
  for (let round = 0; ; round += 1) {
    if (done(round)) return true;
    if (clock.monotonic() > end) return false;
    await clock.sleep(Math.min(CGROUP_POLL_MS, round));
  }
}

async function kill({ driver, clock }: Waiting, id: string): Promise<void> {
  const gone = await until(
    clock,
    (round) => {
      if (driver.pids(id).length === 0) return true;
      driver.killOnce(id, round);
      return false;
    },
    CGROUP_KILL_MS,
  );
  if (gone) return;
  const left = driver.pids(id);
  throw fail('timeout', `${left.length} processes of ${id} do not end, such as pid ${left[0]}`, {
    hint: 'they wait for a device or file system that does not answer: see /proc/PID/stack',
    retry: true,
  });
}

async function setFrozen({ driver, clock }: Waiting, id: string, frozen: boolean): Promise<void> {
  driver.setFrozen(id, frozen);
  if (await until(clock, () => driver.isFrozen(id) === frozen, CGROUP_KILL_MS)) return;
  if (frozen) driver.setFrozen(id, false);
  throw fail('timeout', `the processes of ${id} do not ${frozen ? 'freeze' : 'thaw'}`, { retry: true });
}

async function remove({ driver, clock }: Waiting, id: string): Promise<void> {
  if (await until(clock, () => driver.removeOnce(id), CGROUP_REMOVE_MS)) return;
  throw fail('conflict.inuse', `the cgroup of ${id} still has ${driver.pids(id).length} processes`, {
    hint: 'stop them first',
    retry: true,
  });
}

async function removeAll(on: Waiting): Promise<void> {
  const { driver, clock } = on;
  for (const id of driver.list()) {
    await kill(on, id);
    await remove(on, id);
  }
  await until(clock, () => driver.removeRoots() || driver.pids(LAUNCHER_LEAF).length > 0, CGROUP_REMOVE_MS);
}
