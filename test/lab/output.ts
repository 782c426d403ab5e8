/** What a command prints, for tests in which it must succeed. */
import { expect } from 'vitest';
import type { Instance } from './instance.ts';

/** Its standard output without space around it; fails the test for another exit code or a word on standard error. */
export function outputOf(instance: Instance, args: readonly string[]): string {
  const { code, stdout, stderr } = instance.orc(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout.trim();
}
