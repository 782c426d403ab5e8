/** Which tasks no policy begins again. */
import { describe, expect, test } from 'vitest';
import type { RestartPolicy, TaskObj } from '@orc/model';
import { endedForGood } from '../src/index.ts';

describe('a task has ended for good', () => {
  const exited = (code: number, restarts = 0, generation = 1, reason = 'exit'): TaskObj =>
    ({
      spec: { desired: { state: 'run', generation: 1 } },
      status: { phase: 'exited', generation, restarts, exit: { code, reason } },
    }) as unknown as TaskObj;
  const notBegun = (phase: 'failed' | 'rejected', generation = 1): TaskObj =>
    ({ ...exited(1), status: { phase, generation } }) as unknown as TaskObj;
  const under = (condition: RestartPolicy['condition'], maxAttempts = 0): { template: object } => ({
    template: { restart: { condition, maxAttempts, delay: { kind: 'backoff' } } },
  });
  test.each([
    ['without a policy', exited(1), { template: {} }, true],
    ['no', exited(1), under('no'), true],
    ['always', exited(0), under('always'), false],
    ['on-failure, which succeeded', exited(0), under('on-failure'), true],
    ['on-failure, whose shim was lost', exited(0, 0, 1, 'shim lost'), under('on-failure'), false],
    ['on-failure, attempts left', exited(1, 2), under('on-failure', 3), false],
    ['on-failure, attempts used up', exited(1, 3), under('on-failure', 3), true],
    ['a start that is still to come', exited(1, 0, 0), { template: {} }, false],
    ['rejected', notBegun('rejected'), under('always'), true],
    ['a start that failed, which no policy repeats', notBegun('failed'), under('always'), true],
    ['rejected, and asked for anew', notBegun('rejected', 0), under('always'), false],
  ])('%s', (_, task, service, expected) => expect(endedForGood(task, service)).toBe(expected));
});
