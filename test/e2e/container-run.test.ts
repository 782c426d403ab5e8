/** `container run` against a real daemon: what it refuses, how it ends, whose volumes it takes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CommandResult, until } from '../lab/instance.ts';
import { oneInstance, SLOW } from '../lab/one-instance.ts';

const lab = oneInstance();
const { orc, out } = lab;

describe('container run', SLOW, () => {
  test('--cidfile that is there is refused before anything is made; a failure leaves none behind', () => {
    const file = join(lab.instance.folder, 'id');
    writeFileSync(file, 'mine');
    const { code, stderr } = orc('container', 'run', '--name', 'never', '--cidfile', file, 'busybox', 'true');
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: `error: the file ${file} of --cidfile is there already\n  hint: remove it, or name another one\n`,
    });
    expect(out('container', 'ls', '-aq', '--filter', 'name=never')).toBe('');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const other = join(lab.instance.folder, 'other');
    expect(orc('container', 'run', '--cidfile', other, '--network', 'nosuch', 'busybox').code).not.toBe(0);
    expect(existsSync(other)).toBe(false);
    out('container', 'run', '--rm', '--cidfile', other, 'busybox', 'true');
    expect(readFileSync(other, 'utf8')).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    ['--mac-address', 'zz', '"zz" is not a MAC address'],
    ['--mac-address', '01:00:5e:00:00:01', 'the MAC address 01:00:5e:00:00:01 is that of a group'],
    ['--network', 'name=bridge,mac-address=00:00:00:00:00:00', 'the MAC address 00:00:00:00:00:00 is nobody'],
    ['--add-host', 'a:zz', '"zz" is not an address for a'],
    [
      '--sysctl',
      'net.ipv4.ip_unprivileged_port_start=abc',
      'cannot set the sysctl net.ipv4.ip_unprivileged_port',
    ],
    ['--cpuset-cpus', '900-901', 'cannot set cpuset.cpus to "900-901": '],
  ])('%s %s is refused in words', (flag, value, message) => {
    const { code, stderr } = orc(
      'container',
      'run',
      '--rm',
      '--name',
      'wrong',
      flag,
      value,
      'busybox',
      'true',
    );
    expect([code, stderr]).toEqual([125, expect.stringContaining(`error: ${message}`)]);
    expect(stderr).toMatch(/^ {2}hint: .+$/m);
    expect(out('container', 'ls', '-aq', '--filter', 'name=wrong')).toBe('');
  });

  test('a limit of one process has no room for a program beside init', () => {
    const { code, stderr } = orc(
      'container',
      'run',
      '--rm',
      '--pids-limit',
      '1',
      '--init',
      'busybox',
      'true',
    );
    expect([code, stderr]).toEqual([
      125,
      expect.stringContaining('pids_limit (--pids-limit) must be 2 or more'),
    ]);
  });

  test('programs gain privileges as in docker, unless told not to; users may ping', () => {
    const status = 'grep NoNewPrivs /proc/self/status | cut -f2';
    expect(out('container', 'run', '--rm', 'busybox', 'sh', '-c', status)).toBe('0');
    const refused = ['container', 'run', '--rm', '--security-opt', 'no-new-privileges', 'busybox'];
    expect(out(...refused, 'sh', '-c', status)).toBe('1');
    const range = [
      'cat',
      '/proc/sys/net/ipv4/ping_group_range',
      '/proc/sys/net/ipv4/ip_unprivileged_port_start',
    ];
    expect(out('container', 'run', '--rm', '--user', '1000', 'busybox', ...range)).toBe('0\t2147483647\n0');
  });

  test('an image for another platform is not taken for one for the platform asked for', () => {
    const other = process.arch === 'arm64' ? 'linux/amd64' : 'linux/arm64';
    const asked = ['container', 'run', '--rm', '--pull', 'never', '--platform'];
    const { code, stderr } = orc(...asked, other, 'busybox', 'true');
    expect({ code, stderr }).toMatchObject({ code: 125, stderr: expect.stringContaining(`for ${other}`) });
    out(...asked, other === 'linux/arm64' ? 'linux/amd64' : 'linux/arm64', 'busybox', 'true');
  });

  test('when it began is known also of what ended while the daemon was away', async () => {
    const id = out('container', 'run', '-d', '--name', 'away', 'busybox', 'sleep', '1');
    const began = (): number =>
      Date.parse(out('container', 'inspect', '--format', '{{.State.StartedAt}}', id));
    const before = began();
    const pid = out('container', 'inspect', '--format', '{{.State.Pid}}', id);
    await lab.instance.stop('SIGKILL');
    await until(() => !existsSync(`/proc/${pid}`), 'the end of the program');
    await lab.instance.start();
    expect(Math.abs(began() - before)).toBeLessThan(1000);
    out('container', 'rm', id);
  });
});

describe('--volumes-from', SLOW, () => {
  const run = (...args: readonly string[]): CommandResult => orc('container', 'run', '--rm', ...args);

  test('gives paths and volumes of a container, also of one that never ran', () => {
    const folder = join(lab.instance.folder, 'lent');
    mkdirSync(folder);
    writeFileSync(join(folder, 'f'), 'of the host\n');
    const mounts = ['-v', `${folder}:/host:ro`, '-v', 'lent:/named', '-v', '/own', '--tmpfs', '/tmpfs'];
    out('container', 'create', '--name', 'lender', ...mounts, 'busybox');
    const write = 'cat /host/f; echo n > /named/n; echo o > /own/o; ls -d /tmpfs; touch /host/x';
    const { stdout, stderr } = run('--volumes-from', 'lender', 'busybox', 'sh', '-c', write);
    expect(stdout).toBe('of the host\n');
    expect(stderr).toMatch(/\/tmpfs: No such file[\s\S]*\/host\/x: Read-only file system/);
    const read = ['sh', '-c', 'cat /named/n /own/o; touch /own/p'];
    expect(run('--volumes-from', 'lender', 'busybox', ...read)).toMatchObject({ code: 0, stdout: 'n\no\n' });
    const refused = run('--volumes-from', 'lender:ro', 'busybox', ...read);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Read-only file system')]);
    expect(run('-v', 'other:/own', '--volumes-from', 'lender', 'busybox', 'ls', '/own').stdout).toBe('');
  });

  test('adds no object for a volume without a name, which stays as long as anybody has it', () => {
    expect(out('volume', 'ls', '-q').split('\n').sort()).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      'lent',
      'other',
    ]);
    out('container', 'create', '--name', 'borrower', '--volumes-from', 'lender', 'busybox');
    out('container', 'start', '-a', 'lender');
    out('container', 'rm', '-v', 'lender');
    expect(run('--volumes-from', 'borrower', 'busybox', 'cat', '/own/o').stdout).toBe('o\n');
    out('container', 'rm', '-v', 'borrower');
    out('volume', 'rm', 'lent', 'other');
  });

  test('of one that is not there is refused', () => {
    const { code, stderr } = run('--volumes-from', 'nobody', 'busybox');
    expect([code, stderr]).toEqual([125, expect.stringContaining('no such container: nobody')]);
  });

  test.each([
    [125, 'unable to find user', ['-u', 'nosuchuser', 'busybox', 'true']],
    [125, 'there is no image nosuchimage', ['--pull', 'never', 'nosuchimage', 'true']],
    [2, '--memory', ['--memory', 'much', 'busybox', 'true']],
  ])('ends with %i: %s', (expected, words, args) => {
    const { code, stderr } = orc('container', 'run', '--rm', ...args);
    expect([code, stderr]).toEqual([expected, expect.stringContaining(words)]);
    expect(out('container', 'ls', '-aq', '--filter', 'ancestor=nosuchimage')).toBe('');
  });

  test('that ran out of memory says so', () => {
    const script = 'x=a; while :; do x=$x$x; done';
    const { code, stderr } = orc('container', 'run', '--rm', '-m', '16m', 'busybox', 'sh', '-c', script);
    expect([code, stderr]).toEqual([137, 'warning: the container was killed: it ran out of memory\n']);
  });

  test('an image that is not here is pulled by whoever asks, where it can be seen', async () => {
    const made = lab.instance.client.createContainer({ spec: { image: 'localhost:1/nosuchimage' } });
    await expect(made).rejects.toMatchObject({ problem: { code: 'notfound.image' } });
    const { code, stderr } = orc('container', 'run', '--rm', 'localhost:1/nosuchimage', 'true');
    expect([code, stderr]).toEqual([125, expect.stringContaining('localhost:1')]);
  });
});
