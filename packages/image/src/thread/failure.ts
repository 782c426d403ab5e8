/** Errors as plain data, and back. */
import { OrcError } from '@orc/model';
import type { Failure } from './protocol.ts';

export function failureOf(error: unknown): Failure {
  if (error instanceof OrcError) return { problem: error.problem, message: error.message };
  const { message, code, stack } = error as NodeJS.ErrnoException;
  return {
    message: message ?? String(error),
    ...(typeof code === 'string' ? { code } : {}),
    ...(stack === undefined ? {} : { stack }),
  };
}

export function errorOf({ problem, message, code, stack }: Failure): Error {
  if (problem !== undefined) return new OrcError(problem);
  return Object.assign(new Error(message), code === undefined ? {} : { code }, { stack });
}
