import { expect, test } from 'vitest';
import { environmentOf, hostOf } from '../src/cli/host.ts';
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

test('another root has another run folder; ORC_HOST moves the daemon, --host names another', () => {
  const [one, two] = [hostOf({ ORC_ROOT: '/srv/a' }), hostOf({ ORC_ROOT: '/srv/b' })];
  expect(one.run).toMatch(/^\/run\/orc-[0-9a-f]{6}$/);
  expect(one.socketPath).toBe(`${one.run}/orc.sock`);
  expect(two.run).not.toBe(one.run);
  const moved = hostOf({ ORC_HOST: 'unix:///srv/orc.sock' });
  expect(moved).toMatchObject({ socketPath: '/srv/orc.sock', local: true });
  expect(environmentOf(moved)).toEqual({
    ORC_ROOT: '/var/lib/orc',
    ORC_RUN: '/run/orc',
    ORC_HOST: 'unix:///srv/orc.sock',
  });
  expect(hostOf({}, 'unix:///srv/orc.sock').local).toBe(false);
  expect(() => hostOf({ ORC_HOST: 'tcp://localhost:2375' })).toThrow('is not a unix socket');
});

test('the service of another instance is not written over', () => {
  const unit = '[Service]\nType=exec\nEnvironment=ORC_ROOT=/srv/other ORC_RUN=/run/other\n';
  expect(() => mustBeOurs(unit, '/var/lib/orc')).toThrow('the instance under /srv/other');
  mustBeOurs(unit, '/srv/other');
  mustBeOurs(undefined, '/var/lib/orc');
});
