/** One hierarchy; controllers are switched on for a folder's children in its `cgroup.subtree_control`. */
import { basename, join } from 'node:path';
import type { Emit, Resources } from '@orc/model';
import type { CgroupMounts } from '../plan/cgroup-mounts.ts';
import { statsV2 } from '../plan/cgroup-stats.ts';
import { cgroupWrites } from '../plan/cgroups.ts';
import { allowsEverything, deviceProgram } from '../plan/device-rules.ts';
import type { DeviceRule } from '../plan/paths.ts';
import {
  makeFolder,
  processesOf,
  readText,
  removeFolder,
  subfolders,
  writeText,
  killAll,
  LAUNCHER_LEAF,
} from './cgroup-files.ts';
import { writeAll } from './cgroup-write.ts';
import type { CgroupDriver, CgroupPlace } from './cgroups.ts';

const WANTED: readonly string[] = ['memory', 'pids', 'cpu', 'io', 'cpuset'];

export function cgroupsV2(mounts: CgroupMounts, instance: string, emit: Emit): CgroupDriver {
  const base = join(mounts.v2 ?? '/sys/fs/cgroup', instance);
  const at = (id: string): string => join(base, id);
  const host: Host = { base, emit };
  return {
    create: (id, resources, rules) => create(host, id, resources, rules),
    launcher: () => {
      prepare(host);
      return place(at(LAUNCHER_LEAF));
    },
    pids: (id) => processesOf(at(id)),
    killOnce: (id) => {
      if (!writeText(join(at(id), 'cgroup.kill'), '1')) killSlowly(at(id));
    },
    setFrozen: (id, frozen) => void writeText(join(at(id), 'cgroup.freeze'), frozen ? '1' : '0'),
    isFrozen: (id) => /^frozen 1$/m.test(readText(join(at(id), 'cgroup.events'))),
    stats: (id, total) => statsV2((file) => readText(join(at(id), file)), total),
    removeOnce: (id) => removeFolder(at(id)),
    list: () => subfolders(base).filter((name) => name !== LAUNCHER_LEAF),
    removeRoots: () => removeFolder(base),
  };
}

type Host = { readonly base: string; readonly emit: Emit };

function create(host: Host, id: string, resources: Resources, rules: readonly DeviceRule[]): CgroupPlace {
  const folder = join(host.base, id);
  prepare(host);
  const made = place(folder);
  try {
    limit(host, id, resources);
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
  return allowsEverything(rules) ? made : { ...made, deviceProgram: deviceProgram(rules) };
}

function place(folder: string): CgroupPlace {
  makeFolder(folder);
  return { tasksFiles: [], v2Dir: folder, oomFile: join(folder, 'memory.events') };
}

/** Only when the instance's folder is new: the controllers stay on as long as it is there. */
function prepare(host: Host): void {
  if (!makeFolder(host.base)) return;
  for (const folder of [join(host.base, '..'), host.base]) enable(folder, host.emit);
}

/** One by one: a single one that is refused would take the others with it. */
function enable(folder: string, emit: Emit): void {
  const available = readText(join(folder, 'cgroup.controllers')).trim().split(' ');
  for (const name of WANTED.filter((each) => available.includes(each))) {
    try {
      writeText(join(folder, 'cgroup.subtree_control'), `+${name}`);
    } catch (error) {
      emit('warn', 'a cgroup controller cannot be used', { controller: name, folder, error: String(error) });
    }
  }
}

function limit(host: Host, id: string, resources: Resources): void {
  const enabled = readText(join(host.base, 'cgroup.subtree_control')).trim().split(' ');
  const folder = (name: string): string | undefined =>
    enabled.includes(name) ? join(host.base, id) : undefined;
  writeAll(cgroupWrites('v2', resources), folder, host.emit);
}

/** Before Linux 5.14 there is no cgroup.kill: as with v1, against processes that fork meanwhile. */
function killSlowly(folder: string): void {
  writeText(join(folder, 'cgroup.freeze'), '1');
  killAll(processesOf(folder));
  writeText(join(folder, 'cgroup.freeze'), '0');
}

/**
 * Where one more process of a container may live. A cgroup that hands controllers on takes none itself (cgroups(7), "no
 * internal processes"), as when systemd runs inside: then where its first process is.
 */
export function entranceOf(folder: string, pid: number): string {
  if (readText(join(folder, 'cgroup.subtree_control')).trim() === '') return folder;
  const own = `/${basename(folder)}/`;
  const path = /^0::(.*)$/m.exec(readText(`/proc/${pid}/cgroup`))?.[1] ?? '';
  const at = path.indexOf(own);
  return at === -1 ? folder : join(folder, path.slice(at + own.length));
}
