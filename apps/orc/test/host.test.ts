import { expect, test } from 'vitest';
import { hostOf } from '../src/cli/host.ts';
import { mustBeOurs } from '../src/verbs/system-install.ts';

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

test('the service of another instance is not written over', () => {
  const unit = '[Service]\nType=exec\nEnvironment=ORC_ROOT=/srv/other ORC_RUN=/run/other\n';
  expect(() => mustBeOurs(unit, '/var/lib/orc')).toThrow('the instance under /srv/other');
  mustBeOurs(unit, '/srv/other');
  mustBeOurs(undefined, '/var/lib/orc');
});
