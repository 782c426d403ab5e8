/**
 * What went wrong, as data. Wrong input is a `Problem[]` beside the value (all of them, never a throw); the
 * world saying no is a thrown `OrcError` around one `Problem`; a bug is an assertion (`assert.ts`).
 */
import { LIMITS } from './limits.ts';

/** One row per code: the HTTP status and the exit code of the command line that it becomes. */
export const PROBLEM_CODES = {
  'usage.invalid': { http: 400, exit: 2 },
  'input.invalid': { http: 400, exit: 2 },
  'input.missing': { http: 400, exit: 2 },
  'input.unsupported': { http: 400, exit: 2 },
  'input.toolarge': { http: 413, exit: 2 },
  'compose.file': { http: 400, exit: 2 },
  'compose.syntax': { http: 400, exit: 2 },
  'compose.schema': { http: 400, exit: 2 },
  'compose.unsupported': { http: 400, exit: 2 },
  'compose.interpolation': { http: 400, exit: 2 },
  'compose.reference': { http: 400, exit: 2 },
  'dockerfile.syntax': { http: 400, exit: 2 },
  'notfound.container': { http: 404, exit: 1 },
  'notfound.image': { http: 404, exit: 1 },
  'notfound.network': { http: 404, exit: 1 },
  'notfound.volume': { http: 404, exit: 1 },
  'notfound.project': { http: 404, exit: 1 },
  'notfound.service': { http: 404, exit: 2 },
  'notfound.exec': { http: 404, exit: 1 },
  'notfound.route': { http: 404, exit: 1 },
  'notfound.object': { http: 404, exit: 1 },
  'id.ambiguous': { http: 400, exit: 1 },
  'conflict.name': { http: 409, exit: 1 },
  'conflict.port': { http: 409, exit: 1 },
  'conflict.state': { http: 409, exit: 1 },
  'conflict.inuse': { http: 409, exit: 1 },
  'conflict.version': { http: 409, exit: 1 },
  'image.pull': { http: 502, exit: 1 },
  'image.auth': { http: 401, exit: 1 },
  'image.invalid': { http: 422, exit: 1 },
  'image.platform': { http: 422, exit: 1 },
  'build.failed': { http: 422, exit: 1 },
  'start.failed': { http: 500, exit: 1 },
  'start.notfound': { http: 500, exit: 127 },
  'start.notexecutable': { http: 500, exit: 126 },
  'dependency.failed': { http: 409, exit: 1 },
  'network.exhausted': { http: 409, exit: 1 },
  'network.failed': { http: 500, exit: 1 },
  'kernel.missing': { http: 501, exit: 1 },
  'program.missing': { http: 501, exit: 1 },
  'permission.root': { http: 403, exit: 1 },
  'disk.full': { http: 507, exit: 1 },
  'disk.damaged': { http: 500, exit: 1 },
  'daemon.unreachable': { http: 503, exit: 1 },
  'daemon.stopping': { http: 503, exit: 1 },
  timeout: { http: 504, exit: 1 },
  canceled: { http: 499, exit: 130 },
  internal: { http: 500, exit: 1 },
} as const satisfies Record<string, { readonly http: number; readonly exit: number }>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** A place in a text: 1-based line and column; `excerpt` is that line without its newline. */
export type Where = {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly excerpt?: string;
};

export type Problem = {
  readonly code: ProblemCode;
  /** One sentence with the operand in it; no secrets. */
  readonly message: string;
  readonly where?: Where;
  /** What to do or type instead. */
  readonly hint?: string;
  /** Whether the same request may succeed later without a change. */
  readonly retry?: boolean;
  readonly severity?: 'error' | 'warning';
  readonly cause?: Problem;
  /** Further problems of the same input: each is said with its own hint. */
  readonly others?: readonly Problem[];
};

/** The world said no. The only error class that crosses a room's border. */
export class OrcError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem, options?: { cause?: unknown }) {
    super(problem.message, options);
    this.name = 'OrcError';
    this.problem = problem;
  }
}

export const fail = (
  code: ProblemCode,
  message: string,
  more: Omit<Problem, 'code' | 'message'> = {},
): OrcError => new OrcError({ code, message, ...more });

/** Any thrown value as a Problem; what is not an `OrcError` becomes `internal` or the code of a known errno. */
export function toProblem(error: unknown): Problem {
  if (error instanceof OrcError) return error.problem;
  const errno = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  if (errno === 'ENOSPC') {
    return {
      code: 'disk.full',
      message: `no space left on device: ${spaceFor(error)}`,
      hint: 'free some space and try again',
      retry: true,
    };
  }
  return { code: 'internal', message };
}

/** What did not fit: Node repeats the errno's text, and names a path only where the system call had one. */
function spaceFor(error: unknown): string {
  const { message, path } = error as NodeJS.ErrnoException;
  const what = message.replace(/^ENOSPC: no space left on device,? ?/, '');
  return path === undefined || what.includes(path) ? what : `${what} '${path}'`.trimStart();
}

const located = (where: Where): string =>
  [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');

function caret({ excerpt, column }: Where): string[] {
  if (excerpt === undefined) return [];
  const { text, before } = cut(excerpt, column ?? 1);
  return [`  ${text}`, ...(column === undefined ? [] : [`  ${' '.repeat(before)}^`])];
}

/** `before`: characters of what is shown that stand before the column. */
function cut(line: string, column: number): { readonly text: string; readonly before: number } {
  if (line.length <= LIMITS.excerptColumnsMax) return { text: line, before: column - 1 };
  const wanted = Math.min(column - 1 - LIMITS.excerptBeforeMax, line.length - LIMITS.excerptColumnsMax);
  const start = Math.max(0, wanted);
  const end = start + LIMITS.excerptColumnsMax;
  const [left, right] = [start === 0 ? '' : '…', end >= line.length ? '' : '…'];
  return { text: `${left}${line.slice(start, end)}${right}`, before: column - 1 - start + left.length };
}

/** `file:line:column: message`, the line with a caret, then the hint. Plain text, no colours, no final newline. */
export function formatProblem(problem: Problem): string {
  const label = problem.severity === 'warning' ? 'warning: ' : '';
  const head = problem.where === undefined ? '' : `${located(problem.where)}: `;
  return [
    `${head}${label}${problem.message}`,
    ...(problem.where === undefined ? [] : caret(problem.where)),
    ...(problem.hint === undefined ? [] : [`  hint: ${problem.hint}`]),
  ].join('\n');
}
