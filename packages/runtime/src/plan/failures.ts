/** What an operation of a launch that failed means to whoever asked for it. */
import { fail, type OrcError, type ProblemCode } from '@orc/model';
import { SHOWN_CHARS_MAX } from '../limits.ts';
import { explainOp } from './explain.ts';
import type { LaunchPlan, Op, OpName } from './ops.ts';

export type FailedOp = { readonly index: number; readonly name: string };

/** `errno`: its name. What docker's users know: 127 for a program that is not there, 126 for what cannot be run. */
export function launchFailure(plan: LaunchPlan, failed: FailedOp, errno: string): OrcError {
  if (failed.name === 'fork') return noRoom(errno);
  const op = plan.ops[failed.index];
  const told = op === undefined ? undefined : tell(op, errno);
  if (told !== undefined) return fail(told.code ?? 'start.failed', told.message, { hint: told.hint });
  const what = op === undefined ? failed.name : explainOp(op).slice(0, SHOWN_CHARS_MAX);
  return fail('start.failed', `step ${failed.index} (${what}): ${errno}`, {
    hint: 'this is the step of the launch that the kernel refused',
  });
}

/** The launcher's answer to a request that it has no process for. */
const noRoom = (errno: string): OrcError =>
  fail('start.failed', `the launcher cannot make a process: ${errno}`, {
    hint: 'there is no room for more processes: see pids.max of its cgroup, and the memory of the host',
    retry: true,
  });

type Told = { readonly code?: ProblemCode; readonly message: string; readonly hint: string };
type OpOf<N extends OpName> = Extract<Op, { readonly op: N }>;
type Tellers = { readonly [N in OpName]?: (op: OpOf<N>, errno: string) => Told | undefined };

const tell = (op: Op, errno: string): Told | undefined =>
  (TELLERS[op.op] as ((op: Op, errno: string) => Told | undefined) | undefined)?.(op, errno);

const EXEC_CODES: Readonly<Record<string, ProblemCode>> = {
  ENOENT: 'start.notfound',
  EACCES: 'start.notexecutable',
  ENOEXEC: 'start.notexecutable',
  ENOTDIR: 'start.notfound',
  EISDIR: 'start.notexecutable',
};

const FOLDER_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'no such directory in the container',
  ENOTDIR: 'not a directory in the container',
  EACCES: 'the user may not enter the directory',
};

const RUNS = 'the container that is joined must be running';
const PLACE = 'what is mounted, and the folders above it, must be there and of the same kind';

const sysctlTold = (key: string, value: string, errno: string): Told => ({
  message: `cannot set the sysctl ${key.replaceAll('/', '.')} to ${value}: ${errno}`,
  hint: 'the kernel must know it, take this value, and have it per namespace',
});

const TELLERS: Tellers = {
  exec: ({ argv }, errno) => {
    const code = EXEC_CODES[errno] ?? 'start.failed';
    const hint =
      code === 'start.notfound'
        ? 'no such file in the image, or not in its PATH; or its interpreter is missing'
        : 'the file must be executable and made for this machine';
    return { code, message: `cannot execute ${JSON.stringify(argv[0])}: ${errno}`, hint };
  },
  cwd: ({ path }, errno) => ({
    code: 'start.notexecutable',
    message: `${FOLDER_FAULTS[errno] ?? `cannot change to the directory (${errno})`}: ${path}`,
    hint: 'name a directory that is there as the working directory',
  }),
  write: ({ path, data }, errno) =>
    path.endsWith('oom_score_adj') && errno === 'EACCES'
      ? {
          code: 'kernel.missing',
          message: `cannot lower oom_score_adj to ${Buffer.from(data)}`,
          hint: 'the daemon lacks CAP_SYS_RESOURCE: use a score that is not below its own',
        }
      : undefined,
  mkdir: ({ path }, errno) => ({
    message: `cannot make the directory ${path} in the container: ${errno}`,
    hint: 'a file may be in its place, or a mount there be read-only',
  }),
  bind: ({ source, target }, errno) => ({
    message: `cannot mount ${source} at ${target}: ${errno}`,
    hint: PLACE,
  }),
  mount: ({ type, target }, errno) => ({
    message: `cannot mount a ${type} at ${target}: ${errno}`,
    hint: 'look at its options, and at what the image has in its place',
  }),
  capture: ({ source }, errno) => ({ message: `cannot open ${source} to mount it: ${errno}`, hint: PLACE }),
  'capture-in': ({ folder, path }, errno) => ({
    message: `cannot open ${path} in ${folder} to mount it: ${errno}`,
    hint: PLACE,
  }),
  'copy-up': ({ path, folder }, errno) =>
    errno === 'EBUSY'
      ? {
          message: `another container still fills the volume at ${folder}`,
          hint: 'start it again once that one runs',
        }
      : {
          message: `cannot copy the image's ${path} into the volume at ${folder}: ${errno}`,
          hint: 'see the room and the rights of the file system that the volume is on',
        },
  sysctl: ({ key, value }, errno) => sysctlTold(key, value, errno),
  'sysctl-in': ({ key, value }, errno) => sysctlTold(key, value, errno),
  init: (_, errno) =>
    errno === 'EAGAIN'
      ? {
          message: 'cannot start the program beside init: the limit of processes leaves no room for it',
          hint: 'pids_limit (--pids-limit) must be 2 or more with init',
        }
      : undefined,
  rlimit: ({ soft, hard }, errno) => ({
    message: `cannot set a ulimit to ${soft}:${hard}: ${errno}`,
    hint: "a hard limit cannot be above the daemon's own without CAP_SYS_RESOURCE",
  }),
  hostname: ({ name }, errno) => ({
    message: `cannot set the host name ${name}: ${errno}`,
    hint: 'it has 64 characters at most',
  }),
  setns: ({ path }, errno) => ({ message: `cannot join the namespace ${path}: ${errno}`, hint: RUNS }),
  join: ({ pid, namespace }, errno) => ({
    message: `cannot join the ${namespace} namespace of process ${pid}: ${errno}`,
    hint: RUNS,
  }),
  'capture-joined': ({ pid, path }, errno) => ({
    message: `cannot take ${path} of process ${pid}: ${errno}`,
    hint: RUNS,
  }),
};
