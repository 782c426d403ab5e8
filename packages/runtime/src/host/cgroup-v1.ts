/** Several hierarchies, each with some controllers; a process is put into each by writing to `tasks`. */
import { join } from 'node:path';
import type { Emit, Resources } from '@orc/model';
import type { CgroupMounts } from '../plan/cgroup-mounts.ts';
import { statsV1 } from '../plan/cgroup-stats.ts';
import { cgroupWrites } from '../plan/cgroups.ts';
import { allowsEverything, deviceWrites } from '../plan/device-rules.ts';
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

/** What every container has: counting, freezing, limits that may come later. Others only when asked for. */
const ALWAYS: readonly string[] = ['freezer', 'memory', 'pids', 'cpu', 'cpuacct'];
/** Where processes are listed and children made: the first that is there. */
const PRIMARY: readonly string[] = ['freezer', 'pids', 'memory', 'cpu', 'devices'];
/** systemd ends what is in a login session's cgroup with the session; the launcher leaves it. */
const LAUNCHER: readonly string[] = [...ALWAYS, 'name=systemd'];

export function cgroupsV1(mounts: CgroupMounts, instance: string, emit: Emit): CgroupDriver {
  const host: Host = { mounts: mounts.v1, instance, emit };
  const primary = (id: string): string => primaryFolder(host, id);
  return {
    create: (id, resources, rules) => create(host, id, resources, rules),
    launcher: () => launcher(host),
    pids: (id) => processesOf(primary(id)),
    killOnce: (id, round) => killOnce(host, id, round),
    setFrozen: (id, frozen) => setFrozen(host, id, frozen),
    isFrozen: (id) => frozenState(host, id) === 'FROZEN',
    stats: (id, total) => statsV1((name, file) => read(host, name, id, file), total),
    removeOnce: (id) =>
      hierarchies(host)
        .map((root) => removeFolder(join(root, instance, id)))
        .every(Boolean),
    list: () => list(host),
    removeRoots: () =>
      hierarchies(host)
        .map((root) => removeFolder(join(root, instance)))
        .every(Boolean),
  };
}

type Host = {
  readonly mounts: Readonly<Record<string, string>>;
  readonly instance: string;
  readonly emit: Emit;
};

function create(host: Host, id: string, resources: Resources, rules: readonly DeviceRule[]): CgroupPlace {
  const limits = cgroupWrites('v1', resources);
  const writes = [...limits, ...(allowsEverything(rules) ? [] : deviceWrites(rules))];
  const wanted = new Set([...ALWAYS, ...writes.map((each) => each.controller)]);
  const folders = [...wanted].flatMap((name) => make(host, name, id) ?? []);
  try {
    writeAll(writes, (name) => folderOf(host, name, id), host.emit);
  } catch (error) {
    for (const folder of folders) removeFolder(folder);
    throw error;
  }
  return placeOf(host, id, folders);
}

const launcher = (host: Host): CgroupPlace =>
  placeOf(
    host,
    LAUNCHER_LEAF,
    LAUNCHER.flatMap((name) => make(host, name, LAUNCHER_LEAF) ?? []),
  );

function placeOf(host: Host, id: string, folders: readonly string[]): CgroupPlace {
  const memory = folderOf(host, 'memory', id);
  return {
    tasksFiles: [...new Set(folders)].map((folder) => join(folder, 'tasks')),
    ...(memory === undefined ? {} : { oomFile: join(memory, 'memory.oom_control') }),
  };
}

const folderOf = (host: Host, controller: string, id: string): string | undefined => {
  const root = host.mounts[controller];
  return root === undefined ? undefined : join(root, host.instance, id);
};

const primaryFolder = (host: Host, id: string): string => {
  const found = PRIMARY.find((name) => host.mounts[name] !== undefined);
  return (found === undefined ? undefined : folderOf(host, found, id)) ?? '/nonexistent';
};

const hierarchies = (host: Host): readonly string[] => [...new Set(Object.values(host.mounts))];

/** The folder, made; undefined: there is no such controller. */
function make(host: Host, controller: string, id: string): string | undefined {
  const root = host.mounts[controller];
  const folder = folderOf(host, controller, id);
  if (root === undefined || folder === undefined) return undefined;
  try {
    makeFolder(folder);
  } catch {
    makeFolder(join(root, host.instance));
    makeFolder(folder);
  }
  if (controller === 'cpuset') [join(root, host.instance), folder].forEach(inheritCpuset);
  return folder;
}

/** A fresh v1 cpuset is empty, and takes no process before it has processors and memory nodes. */
function inheritCpuset(folder: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (readText(join(folder, file)).trim() !== '') continue;
    writeText(join(folder, file), readText(join(folder, '..', file)).trim());
  }
}

/** Frozen processes take no signal until thawed. One round without freezing is enough for most; then against forks. */
function killOnce(host: Host, id: string, round: number): void {
  if (round > 0) setFrozen(host, id, true);
  killAll(processesOf(primaryFolder(host, id)));
  setFrozen(host, id, false);
}

function setFrozen(host: Host, id: string, frozen: boolean): void {
  const folder = folderOf(host, 'freezer', id);
  if (folder !== undefined) writeText(join(folder, 'freezer.state'), frozen ? 'FROZEN' : 'THAWED');
}

const frozenState = (host: Host, id: string): string => read(host, 'freezer', id, 'freezer.state').trim();

const read = (host: Host, controller: string, id: string, file: string): string => {
  const folder = folderOf(host, controller, id);
  return folder === undefined ? '' : readText(join(folder, file));
};

function list(host: Host): readonly string[] {
  const names = hierarchies(host).flatMap((root) => subfolders(join(root, host.instance)));
  return [...new Set(names)].filter((name) => name !== LAUNCHER_LEAF).sort();
}
