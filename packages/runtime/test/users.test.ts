import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lookupUser } from '../src/plan/users.ts';

const PASSWD = [
  'root:x:0:0:root:/root:/bin/sh',
  'redis:x:999:1000:redis:/data:/bin/sh',
  'nohome:x:5:60::',
  '7:x:1234:1234:a name of digits:/seven:/bin/sh',
  '+::::::',
  'broken:x:abc:0::/:',
  'huge:x:4294967296:0::/:',
  'short',
  '',
].join('\n');
const GROUP = [
  'root:x:0:root',
  'wheel:x:10:root,redis2',
  'redis:x:1000:',
  'docker:x:998:redis,other',
  'audio:x:63:redis',
  'bad:x::redis',
].join('\n');

describe('lookupUser', () => {
  test.each([
    ['', 0, 0, [0, 10], '/root'],
    ['root', 0, 0, [0, 10], '/root'],
    ['0', 0, 0, [0, 10], '/root'],
    ['0:0', 0, 0, [0], '/root'],
    ['redis', 999, 1000, [1000, 63, 998], '/data'],
    ['999', 999, 1000, [1000, 63, 998], '/data'],
    ['redis:audio', 999, 63, [63], '/data'],
    ['redis:5000', 999, 5000, [5000], '/data'],
    ['4321', 4321, 0, [0], '/'],
    ['4321:4322', 4321, 4322, [4322], '/'],
    ['1000:', 1000, 0, [0], '/'],
    ['redis:', 999, 1000, [1000, 63, 998], '/data'],
    ['nohome', 5, 60, [60], '/'],
    ['7', 1234, 1234, [1234], '/seven'],
    ['2147483647', 2147483647, 0, [0], '/'],
    ['007', 7, 0, [0], '/'],
  ])('%j is %i:%i', (user, uid, gid, groups, home) => {
    expect(lookupUser(user, PASSWD, GROUP, [])).toEqual({ uid, gid, groups, home });
  });

  test.each([
    ['nobody-here', 'unable to find user "nobody-here"'],
    ['0x1', 'unable to find user "0x1"'],
    ['-1', 'user id -1 is out of range'],
    ['+1', 'user id +1 is out of range'],
    ['2147483648', 'user id 2147483648 is out of range'],
    ['4294967295', 'out of range'],
    ['4294967296', 'out of range'],
    ['99999999999999999999', 'out of range'],
    [' ', 'unable to find user'],
    ['0 ', 'unable to find user'],
    ['1e3', 'unable to find user'],
    ['٣', 'unable to find user'],
    [':', 'no user before the colon'],
    [':1000', 'no user before the colon'],
    ['broken', 'unable to find user'],
    ['huge', 'unable to find user'],
    ['short', 'unable to find user'],
    ['+', 'unable to find user'],
    ['redis:nogroup', 'unable to find group "nogroup"'],
    ['redis:-1', 'group id -1 is out of range'],
    ['1:2:3', 'unable to find group "2:3"'],
  ])('%j is refused', (user, message) => {
    expect(lookupUser(user, PASSWD, GROUP, [])).toMatchObject({
      code: 'input.invalid',
      message: expect.stringContaining(message),
    });
  });

  test('added groups join those of /etc/group, numbers need not exist', () => {
    expect(lookupUser('redis', PASSWD, GROUP, ['root', '4000', 'audio'])).toMatchObject({
      groups: [1000, 0, 63, 998, 4000],
    });
    expect(lookupUser('redis:redis', PASSWD, GROUP, ['audio', 'redis'])).toMatchObject({
      groups: [1000, 63],
    });
    expect(lookupUser('redis', PASSWD, GROUP, ['nope'])).toMatchObject({ code: 'input.invalid' });
  });

  test('without files: root by default, numbers, no names', () => {
    for (const root of ['', '0', 'root'])
      expect(lookupUser(root, '', '', [])).toEqual({ uid: 0, gid: 0, groups: [0], home: '/' });
    expect(lookupUser('redis', '', '', [])).toMatchObject({ code: 'input.invalid' });
  });

  test('nothing becomes root but root’s own spellings', () => {
    fc.assert(
      fc.property(fc.string(), (user) => {
        const found = lookupUser(user, PASSWD, GROUP, []);
        if ('uid' in found && found.uid === 0) expect(user).toMatch(/^(|root|0+)(:|$)/);
      }),
    );
  });
});
