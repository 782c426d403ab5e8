/** Small synchronous calls on cgroup folders: each costs microseconds, a thread pool's round trip more. */
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** The instance's cgroup that holds launcher and shims, beside the containers'. */
export const LAUNCHER_LEAF = 'launcher';

export const errnoOf = (error: unknown): string => (error as { code?: string } | null)?.code ?? '';

/** '' for a file that is not there, or whose cgroup just went. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENODEV', 'EOPNOTSUPP', 'ESRCH'].includes(errnoOf(error))) return '';
    throw error;
  }
}

/** False where there is no such file; other errors are thrown. Never creates: cgroupfs has the files or has not. */
export function writeText(path: string, value: string): boolean {
  return writeTexts(path, [value], () => undefined);
}

/** Each value with a write of its own, as cgroupfs wants them; `next` is told which one comes. */
export function writeTexts(path: string, values: readonly string[], next: (value: string) => void): boolean {
  const fd = openIfThere(path);
  if (fd === undefined) return false;
  try {
    for (const value of values) {
      next(value);
      writeSync(fd, value);
    }
    return true;
  } finally {
    closeSync(fd);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** True when it was made, false when it was there. */
export function makeFolder(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

export function subfolders(path: string): readonly string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((each) => each.isDirectory()).map((each) => each.name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Children first. False while a process, or a dying one, still is in it. */
export function removeFolder(path: string): boolean {
  if (removeEmpty(path)) return true;
  const children = subfolders(path).map((name) => removeFolder(join(path, name)));
  return children.length > 0 && !children.includes(false) && removeEmpty(path);
}

function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    if (errnoOf(error) === 'EBUSY' || errnoOf(error) === 'ENOTEMPTY') return false;
    throw error;
  }
}

/** Pids of the cgroup and those below it. */
export function processesOf(path: string): readonly number[] {
  const own = readText(join(path, 'cgroup.procs'))
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  return [...own, ...subfolders(path).flatMap((name) => processesOf(join(path, name)))];
}

/** SIGKILL; one that is gone already is no error. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids.filter((each) => each > 0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (errnoOf(error) !== 'ESRCH') throw error;
    }
  }
}
