/** Writes decided values, and says which one the kernel refused and why. */
import { join } from 'node:path';
import { type Emit, fail } from '@orc/model';
import type { CgroupWrite } from '../plan/cgroups.ts';
import { errnoOf, writeTexts } from './cgroup-files.ts';

/** `folder` gives the cgroup of a controller; undefined: that controller is not there. */
export function writeAll(
  writes: readonly CgroupWrite[],
  folder: (controller: string) => string | undefined,
  emit: Emit,
): void {
  for (const run of runsOf(writes)) {
    const [each] = run;
    const path = folder(each.controller);
    if (path === undefined) throw missing(each.controller);
    if (!writeRun(path, run)) {
      if (each.optional !== true) throw missing(each.controller, each.file);
      emit('warn', 'the kernel has no such limit', { file: each.file, value: each.value });
    }
  }
}

type Run = readonly [CgroupWrite, ...CgroupWrite[]];

/** What goes into one file in a row, as device rules do, opens it once. */
function runsOf(writes: readonly CgroupWrite[]): readonly Run[] {
  const runs: [CgroupWrite, ...CgroupWrite[]][] = [];
  for (const each of writes) {
    const last = runs.at(-1);
    const same = last?.[0].controller === each.controller && last[0].file === each.file;
    if (same && each.instead === undefined && last[0].instead === undefined) last.push(each);
    else runs.push([each]);
  }
  return runs;
}

function writeRun(folder: string, run: Run): boolean {
  const [{ file, instead }] = run;
  const values = run.map((each) => each.value);
  if (attempt(folder, file, values)) return true;
  return instead !== undefined && attempt(folder, instead.file, [instead.value]);
}

function attempt(folder: string, file: string, values: readonly string[]): boolean {
  let current = '';
  try {
    return writeTexts(join(folder, file), values, (value) => {
      current = value;
    });
  } catch (error) {
    throw refused(file, current, errnoOf(error));
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

/** What a value of these means shows at the start: the host has it, or has it not. */
const FILE_HINTS: Readonly<Record<string, string>> = {
  'cpuset.cpus': 'cpuset (--cpuset-cpus) names processors that this host has: see "nproc"',
  'cpuset.mems': 'cpuset-mems names memory nodes that this host has: mostly there is 0 alone',
};

const refused = (file: string, value: string, errno: string): Error =>
  fail('start.failed', `cannot set ${file} to ${JSON.stringify(value)}: ${errno}`, {
    hint: FILE_HINTS[file] ?? HINTS[errno] ?? 'see the errno',
  });
