/** One daemon for all tests of a file, as whoever types commands sees it. */
import { afterAll, beforeAll } from 'vitest';
import { bootstrapBusybox } from './engine.ts';
import { type CommandResult, type Instance, startInstance } from './instance.ts';
import { outputOf } from './output.ts';

/** For suites whose tests run many commands. */
export const SLOW = { timeout: 120_000 };

export type OneInstance = {
  /** From the first test on. */
  readonly instance: Instance;
  readonly orc: (...args: readonly string[]) => CommandResult;
  /** What it prints; fails the test where it does not succeed. */
  readonly out: (...args: readonly string[]) => string;
};

/** It has busybox, comes before the tests of the file that calls, and goes after them. */
export function oneInstance(): OneInstance {
  let started: Instance | undefined;
  const instance = (): Instance => {
    if (started === undefined) throw new Error('no instance: it starts before the first test');
    return started;
  };
  beforeAll(async () => {
    started = await startInstance();
    await bootstrapBusybox(started);
  });
  afterAll(async () => {
    await started?.purge();
  });
  return {
    get instance() {
      return instance();
    },
    orc: (...args) => instance().orc(args),
    out: (...args) => outputOf(instance(), args),
  };
}
