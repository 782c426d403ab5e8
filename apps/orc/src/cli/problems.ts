/** What is said, and how the process ends, when a command fails. */
import { OrcError, PROBLEM_CODES, type Problem, formatProblem, toProblem } from '@orc/model';
import type { Io } from './io.ts';

/** Several problems of one input. */
export class Problems extends Error {
  readonly problems: readonly Problem[];
  /** What can be done all the same. */
  readonly advice: string | undefined;
  constructor(problems: readonly Problem[], advice?: string) {
    super(problems.map((each) => each.message).join('; '));
    this.problems = problems;
    this.advice = advice;
  }
}

/** A command that ends with another program's status and has nothing to say. */
export class ExitStatus extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

/** Prints the error and gives the exit code. */
export function report(io: Io, error: unknown): number {
  if (error instanceof ExitStatus) return error.status;
  const given = error instanceof Problems ? error.problems : [problemOfFile(error) ?? toProblem(error)];
  const problems = given.flatMap((each) => [each, ...(each.others ?? [])]);
  for (const problem of problems) io.stderr.write(`${line(problem)}\n`);
  if (error instanceof Problems && error.advice !== undefined) io.stderr.write(`hint: ${error.advice}\n`);
  if (!(error instanceof OrcError || error instanceof Problems) && io.env['ORC_DEBUG'])
    io.stderr.write(`${(error as Error).stack ?? ''}\n`);
  return Math.max(0, ...problems.filter((each) => each.severity !== 'warning').map(exitCode));
}

const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  EACCES: 'may not be opened',
  EPERM: 'may not be changed',
  EEXIST: 'is there already',
  EISDIR: 'is a folder',
  ENOTDIR: 'lies below what is no folder',
  EROFS: 'lies on a file system that is read-only',
  ENAMETOOLONG: 'has too long a name',
  ELOOP: 'is a link that leads in a circle',
};

/** What the kernel says of a file that the user named, in words. */
function problemOfFile(error: unknown): Problem | undefined {
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  const words = FILE_ERRORS[code];
  if (!(error instanceof Error) || words === undefined || path === undefined || syscall === 'connect')
    return undefined;
  const missing = code === 'ENOENT' ? 'input.missing' : 'input.invalid';
  return { code: missing, message: `${path} ${words}`, hint: 'name another file, or see its folder' };
}

export const exitCode = (problem: Problem): number => PROBLEM_CODES[problem.code]?.exit ?? 1;

/** A problem of a file begins with its place, as compilers' do; others say that they are errors. */
const line = (problem: Problem): string =>
  problem.where === undefined && problem.severity !== 'warning'
    ? `error: ${formatProblem(problem)}`
    : formatProblem(problem);
