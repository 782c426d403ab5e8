import { describe, expect, test } from 'vitest';
import { contextFilter, readIgnore } from '../../src/build/plan/context-filter.ts';
import { alignHistory } from '../../src/plan/history.ts';
import { readMode } from '../../src/build/plan/mode.ts';
import { readOwner } from '../../src/build/plan/owner.ts';
import { globRegex } from '../../src/build/plan/pattern.ts';
import { expandPorts } from '../../src/build/plan/ports.ts';

describe('patterns are those of Go’s filepath.Match', () => {
  test.each([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'ab/c', false],
    ['a?c', 'a/c', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['[a-ζ]*', 'α', true],
    ['[\\]a]', ']', true],
    ['[\\-]', '-', true],
    ['[x\\-]', '-', true],
    ['arr[[]0].txt', 'arr[0].txt', true],
    ['a(b)+.txt', 'a(b)+.txt', true],
  ])('%s and %s', (pattern, name, matches) => {
    expect(globRegex(pattern)?.test(name)).toBe(matches);
  });
  test.each(['[]a]', '[-]', '[x-]', '[a-b-c]', '[', '[^', '[^bc', 'a[', 'a\\', '[z-a]'])(
    '%s is malformed',
    (pattern) => {
      expect(globRegex(pattern)).toBeUndefined();
    },
  );
});

describe('--chmod', () => {
  test.each([
    ['755', 0o644, false, 0o755],
    ['0413', 0o644, false, 0o413],
    ['4755', 0o644, false, 0o4755],
    ['u=rwX,go=rX', 0o600, true, 0o755],
    ['u=rwX,go=rX', 0o600, false, 0o644],
    ['u=rwX,go=rX', 0o700, false, 0o755],
    ['+x', 0o644, false, 0o755],
    ['go-rwx', 0o755, false, 0o700],
    ['a=r', 0o4777, false, 0o4444],
    ['u+s,g+s,+t', 0o755, false, 0o7755],
  ])('%s', (text, before, isFolder, after) => {
    expect(readMode(text)?.(before, isFolder)).toBe(after);
  });
  test.each(['', '999', '77777', 'u=q', 'rwx', 'u', 'u=rw,'])('%s is no mode', (text) => {
    expect(readMode(text)).toBeUndefined();
  });
});

describe('--chown', () => {
  const accounts = {
    passwd: 'root:x:0:0::/:/bin/sh\napp:x:100:200::/:/bin/sh\n',
    group: 'root:x:0:\nstaff:x:50:\n',
  };
  test.each([
    ['app', { uid: 100, gid: 200 }],
    ['app:staff', { uid: 100, gid: 50 }],
    ['app:7', { uid: 100, gid: 7 }],
    ['12', { uid: 12, gid: 12 }],
    ['12:', { uid: 12, gid: 12 }],
    [':staff', { uid: 0, gid: 50 }],
    ['nobody', { error: "user nobody is not in the image's /etc/passwd" }],
    ['app:nobody', { error: "group nobody is not in the image's /etc/group" }],
    ['4294967296', { error: "user 4294967296 is not in the image's /etc/passwd" }],
  ])('%s', (text, expected) => {
    expect(readOwner(text, accounts)).toEqual(expected);
  });
});

test.each([
  ['80', ['80/tcp']],
  ['53/UDP', ['53/udp']],
  ['8000-8002', ['8000/tcp', '8001/tcp', '8002/tcp']],
  ['127.0.0.1:80:81', ['81/tcp']],
  ['0', undefined],
  ['70000', undefined],
  ['9-8', undefined],
  ['http', undefined],
  ['80/icmp', undefined],
])('EXPOSE %s', (text, expected) => {
  expect(expandPorts(text)).toEqual(expected);
});

describe('.dockerignore', () => {
  const includes = contextFilter('# comment\n\n*.log\n  build/ \n!keep.log\n**/tmp\n/rooted\n');
  test.each([
    ['a.log', false],
    ['sub/a.log', true],
    ['keep.log', true],
    ['KEEP.LOG', true],
    ['Build/x', true],
    ['build/x', false],
    ['x/y/tmp', false],
    ['rooted', false],
    ['src/main.c', true],
    ['', true],
  ])('%s', (path, expected) => {
    expect(includes(path)).toBe(expected);
  });
  test.each(['[', 'a[', '[z-a]'])('%s is refused', (pattern) => {
    expect(() => readIgnore(`*.log\n${pattern}\n`)).toThrow(`${pattern} is no pattern`);
  });
  test('only patterns with ! make excluded directories worth a walk', () => {
    expect(readIgnore('node_modules\n').reincludes).toBe(false);
    expect(readIgnore('*\n!src\n').reincludes).toBe(true);
  });
});

test('a base image’s history is brought in line with its layers', () => {
  const filled = { created_by: 'COPY' };
  const empty = { created_by: 'CMD', empty_layer: true };
  expect(alignHistory([filled, empty], 1)).toEqual([filled, empty]);
  expect(alignHistory([filled, empty], 2).filter((each) => each.empty_layer !== true)).toHaveLength(2);
  expect(alignHistory([filled, filled], 1)).toHaveLength(1);
  expect(alignHistory([], 0)).toEqual([]);
});
