/** One more program in a running container, under the same confinement. */
import type { Op, LaunchPlan } from './ops.ts';
import { planOf } from './ops.ts';
import type { TerminalSize } from '../types.ts';
import { CLONE } from './flags.ts';
import type { Rlimit } from './rlimits.ts';
import { type Identity, type Program, processOps } from './process.ts';

export type ExecFacts = {
  readonly program: Program;
  readonly identity: Identity;
  readonly rlimits: readonly Rlimit[];
  readonly tty: boolean;
  readonly terminal?: TerminalSize;
  readonly stdin: boolean;
  readonly timeoutMs?: number;
  readonly tasksFiles: readonly string[];
  readonly cgroupV2?: string;
};

const UNKNOWN_SIZE: TerminalSize = { columns: 0, rows: 0 };
const FREEZER = '/freezer/';
const TASKS = '/tasks';

/**
 * With a time limit it runs in a child cgroup that is killed whole: of the v2 group, or of the freezer's in v1, whose
 * own `tasks` is then left out.
 */
export function compileExec(facts: ExecFacts): LaunchPlan {
  const limited = facts.timeoutMs !== undefined;
  const freezer = facts.tasksFiles.find((each) => each.includes(FREEZER));
  const killDir = facts.cgroupV2 ?? freezer?.slice(0, -TASKS.length);
  const joined = facts.tasksFiles.filter(
    (each) => !limited || facts.cgroupV2 !== undefined || each !== freezer,
  );
  return planOf([
    { op: 'stdio', tty: facts.tty ? 1 : 0, stdin: facts.stdin ? 1 : 0 },
    ...(limited && killDir !== undefined ? [{ op: 'kill-cgroup', path: killDir } as const] : []),
    ...(facts.timeoutMs === undefined ? [] : [{ op: 'timeout', ms: facts.timeoutMs } as const]),
    { op: 'clone', flags: 0n, cgroup: facts.cgroupV2 ?? '' },
    { op: 'dumpable', on: 0 },
    { op: 'setsid' },
    ...joined.map((path): Op => ({ op: 'write', path, data: Buffer.from('0') })),
    { op: 'enter', flags: CLONE.NEWNS | CLONE.NEWNET | CLONE.NEWIPC | CLONE.NEWUTS | CLONE.NEWCGROUP },
    ...(facts.tty ? [{ op: 'console', ...(facts.terminal ?? UNKNOWN_SIZE), mounted: 0 } as const] : []),
    ...(facts.tty || facts.stdin ? [] : [{ op: 'stdin-null' } as const]),
    ...processOps(facts.program, facts.identity, { rlimits: facts.rlimits, init: false, dieWithShim: false }),
  ]);
}
