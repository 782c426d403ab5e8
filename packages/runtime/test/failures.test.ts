/** The sentence of a launch that failed, by the operation that did. */
import { PROBLEM_CODES } from '@orc/model';
import { expect, test } from 'vitest';
import { launchFailure } from '../src/plan/failures.ts';
import { type Op, planOf } from '../src/plan/ops.ts';

test.each<[Op, string, string, number]>([
  [{ op: 'cwd', path: '/no' }, 'ENOENT', 'no such directory in the container: /no', 126],
  [{ op: 'cwd', path: '/etc/passwd' }, 'ENOTDIR', 'not a directory in the container: /etc/passwd', 126],
  [{ op: 'exec', argv: ['no'], env: [], path: '' }, 'ENOENT', 'cannot execute "no": ENOENT', 127],
  [{ op: 'exec', argv: ['no'], env: [], path: '' }, 'EACCES', 'cannot execute "no": EACCES', 126],
  [
    { op: 'sysctl-in', key: 'net/ipv4/no', value: '1' },
    'ENOENT',
    'cannot set the sysctl net.ipv4.no to 1: ENOENT',
    1,
  ],
  [
    { op: 'copy-up', path: '/data', folder: '/v', marker: '/m' },
    'EBUSY',
    'another container still fills the volume at /v',
    1,
  ],
  [
    { op: 'sysctl', namespace: '/ns', key: 'net/ipv4/x', value: 'abc', tolerate: [] },
    'EINVAL',
    'cannot set the sysctl net.ipv4.x to abc: EINVAL',
    1,
  ],
  [
    { op: 'init' },
    'EAGAIN',
    'cannot start the program beside init: the limit of processes leaves no room for it',
    1,
  ],
  [{ op: 'init' }, 'EPERM', 'step 0 (init): EPERM', 1],
  [{ op: 'pivot' }, 'EINVAL', 'step 0 (pivot): EINVAL', 1],
])('%o with %s', (op, errno, message, exit) => {
  const { problem } = launchFailure(planOf([op]), { index: 0, name: op.op }, errno);
  expect([problem.message, PROBLEM_CODES[problem.code].exit]).toEqual([message, exit]);
  expect(problem.hint).toBeTruthy();
});

test('an operation that the plan does not have is told by its name', () => {
  const { problem } = launchFailure(planOf([]), { index: 7, name: 'connect' }, 'EPIPE');
  expect(problem.message).toBe('step 7 (connect): EPIPE');
});

test('no failure of a launch tells what a file, such as a secret, holds', () => {
  for (const text of ['x', 'hi', 'hunter2-very-secret']) {
    const content = Buffer.from(text);
    const plan = planOf([{ op: 'file', path: '/0', mode: 0o444, uid: 0, gid: 0, content }]);
    const { message } = launchFailure(plan, { index: 0, name: 'file' }, 'ENOSPC');
    expect(message).toContain(`<${text.length} bytes>`);
    expect(message).not.toContain(`"${text}"`);
  }
});
