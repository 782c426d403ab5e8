/** Errors as plain data, and back. */
import { defined, OrcError } from '@orc/model';
import type { Failure } from './protocol.ts';

export function failureOf(error: unknown): Failure {
  if (error instanceof OrcError) return { problem: error.problem, message: error.message };
  const { message, code, path, stack } = error as NodeJS.ErrnoException;
  return {
    message: message ?? String(error),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof path === 'string' ? { path } : {}),
    ...(stack === undefined ? {} : { stack }),
  };
}

export function errorOf({ problem, message, code, path, stack }: Failure): Error {
  if (problem !== undefined) return new OrcError(problem);
  return Object.assign(new Error(message), defined({ code, path }), { stack });
}
