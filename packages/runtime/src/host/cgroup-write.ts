/** Writes decided values, and says which one the kernel refused and why. */
import { join } from 'node:path';
import { type Emit, fail } from '@orc/model';
import type { CgroupWrite } from '../plan/cgroups.ts';
import { errnoOf, writeText } from './cgroup-files.ts';

/** `folder` gives the cgroup of a controller; undefined: that controller is not there. */
export function writeAll(
  writes: readonly CgroupWrite[],
  folder: (controller: string) => string | undefined,
  emit: Emit,
): void {
  for (const each of writes) {
    const path = folder(each.controller);
    if (path === undefined) throw missing(each.controller);
    if (!writeOne(path, each)) {
      if (each.optional !== true) throw missing(each.controller, each.file);
      emit('warn', 'the kernel has no such limit', { file: each.file, value: each.value });
    }
  }
}

function writeOne(folder: string, each: CgroupWrite): boolean {
  if (attempt(folder, each.file, each.value)) return true;
  return each.instead !== undefined && attempt(folder, each.instead.file, each.instead.value);
}

function attempt(folder: string, file: string, value: string): boolean {
  try {
    return writeText(join(folder, file), value);
  } catch (error) {
    throw refused(file, value, errnoOf(error));
  }
}

export const missing = (controller: string, file?: string): Error =>
  fail('kernel.missing', `the kernel has no ${file ?? `cgroup controller ${controller}`}`, {
    hint: `enable the ${controller} controller of this kernel, or leave its limits out`,
  });

const HINTS: Readonly<Record<string, string>> = {
  EINVAL: 'the kernel does not take this value',
  ERANGE: 'the kernel does not take this value',
  EACCES: 'it lies outside of what the host has or allows',
  EBUSY: 'more than that is in use already',
};

const refused = (file: string, value: string, errno: string): Error =>
  fail('start.failed', `cannot set ${file} to ${JSON.stringify(value)}: ${errno}`, {
    hint: HINTS[errno] ?? 'see the errno',
  });
