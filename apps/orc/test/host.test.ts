import { expect, test } from 'vitest';
import { hostOf } from '../src/cli/host.ts';

test('relative folders begin where the command is given: the daemon works elsewhere', () => {
  expect(hostOf({ ORC_ROOT: 'lab/root', ORC_RUN: './run' }, undefined, '/home/u')).toEqual({
    root: '/home/u/lab/root',
    run: '/home/u/run',
    socketPath: '/home/u/run/orc.sock',
    local: true,
  });
  expect(hostOf({}, undefined, '/home/u')).toMatchObject({
    root: '/var/lib/orc',
    run: '/run/orc',
    local: true,
  });
});
