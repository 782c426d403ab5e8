import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
  chownSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLauncher } from '../../src/host/launcher.ts';
import { clock, type Fixture, NATIVE, openFixture, runShell, shell } from './fixture.ts';

const PROGRAM = join(NATIVE, 'build/orc-launch');
let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => {
  await fixture?.close();
});

function makeFolder(name: string): string {
  const folder = join(fixture.folder, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

test('limits are seen at /sys/fs/cgroup, and cannot be written', async () => {
  const line =
    'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; echo 1 > /sys/fs/cgroup/memory/tasks || echo 1 > /sys/fs/cgroup/x';
  const { code, out } = await runShell(fixture, line, { resources: { memoryBytes: 32 * 2 ** 20 } });
  expect(out).toBe(`${32 * 2 ** 20}\n`);
  expect(code).not.toBe(0);
});

test('binds: read-write, read-only, a single file, missing targets made', async () => {
  const data = makeFolder('bind');
  writeFileSync(join(data, 'in'), 'from the host\n');
  const { out, code } = await runShell(
    fixture,
    'cat /a/b/c/in /one; echo back > /a/b/c/out; echo no > /ro/out || echo refused',
    {},
    {
      mounts: [
        { type: 'bind', source: data, target: '/ro', readOnly: true },
        { type: 'bind', source: data, target: '/a/b/c' },
        { type: 'bind', source: join(data, 'in'), target: '/one' },
      ],
    },
  );
  expect({ out, code }).toEqual({ out: 'from the host\nfrom the host\nrefused\n', code: 0 });
  expect(readFileSync(join(data, 'out'), 'utf8')).toBe('back\n');
});

test('what the host mounts while the launcher runs can be mounted, and is let go of with it', async () => {
  const late = makeFolder('late');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'late', late]);
  try {
    writeFileSync(join(late, 'in'), 'late\n');
    const mounts = [{ type: 'bind', source: late, target: '/late' }] as const;
    expect((await runShell(fixture, 'cat /late/in', {}, { mounts })).out).toBe('late\n');
  } finally {
    execFileSync('umount', [late]);
  }
});

test('containers begin with the few mounts that a start needs, not with all of the host’s', async () => {
  const { launcherPid } = await fixture.runtime.info();
  const seen = mountPoints(inBare(launcherPid));
  const above = [fixture.folder];
  while (above[0] !== '/') above.unshift(dirname(above[0] as string));
  for (const each of seen) expect([...above, '/proc', '/dev', '/dev/null']).toContain(each);
  expect(seen.length).toBeLessThan(mountPoints(['cat', '/proc/self/mountinfo']).length);
});

test('a null device that is a mount of its own, as in containers, is there too', async () => {
  const program = join(fixture.folder, 'with-null');
  const line = 'mount --bind /dev/null /dev/null && exec "$0" "$@"';
  writeFileSync(program, `#!/bin/sh\nexec unshare --mount sh -c '${line}' ${PROGRAM} "$@"\n`, {
    mode: 0o755,
  });
  const [run, root] = [join(fixture.folder, 'null-run'), fixture.folder];
  const launcher = await openLauncher({ clock, program, run, root, cgroupFiles: () => [] });
  try {
    expect(mountPoints(inBare(launcher.pid))).toContain('/dev/null');
  } finally {
    await launcher.shutdown();
  }
});

test.each(['root', 'root/containers'])(
  'a daemon that finds another folder at its %s takes another launcher',
  async (at) => {
    const other = await openFixture();
    const folder = join(other.folder, at);
    mkdirSync(folder, { recursive: true });
    const { launcherPid } = await other.runtime.info();
    expect((await (await other.reopen()).info()).launcherPid).toBe(launcherPid);
    execFileSync('mount', ['-t', 'tmpfs', 'moved', folder]);
    try {
      const later = await other.reopen();
      expect((await later.info()).launcherPid).not.toBe(launcherPid);
      const running = await later.start(other.request(shell('exit 7')));
      expect((await running.exited).code).toBe(7);
      await later.shutdown();
    } finally {
      execFileSync('umount', ['--lazy', folder]);
      await other.close();
    }
  },
);

/** A command line that tells of the mounts that a launcher's containers begin with. */
function inBare(pid: number): readonly string[] {
  const fds = `/proc/${pid}/fd`;
  const bare = readdirSync(fds).filter((fd) => readlinkSync(join(fds, fd)).startsWith('mnt:'));
  expect(bare.length).toBe(1);
  return ['nsenter', `--mount=${fds}/${bare[0]}`, 'cat', '/proc/self/mountinfo'];
}

const mountPoints = ([program = '', ...args]: readonly string[]): readonly string[] =>
  execFileSync(program, args, { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');

test('a fresh volume gets what the image has, once', async () => {
  const inside = join(fixture.layer, 'data/deep');
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(inside, 'file'), 'image\n');
  chownSync(join(inside, 'file'), 1000, 1001);
  chmodSync(join(fixture.layer, 'data'), 0o1770);
  const volume = makeFolder('volumes/v/data');
  const mounts = [{ type: 'bind', source: volume, target: '/data', copyUp: true }] as const;
  expect((await runShell(fixture, 'cat /data/deep/file; rm /data/deep/file', {}, { mounts })).out).toBe(
    'image\n',
  );
  expect(statSync(volume).mode & 0o7777).toBe(0o1770);
  expect((await runShell(fixture, 'ls /data/deep', {}, { mounts })).out).toBe('');
  expect(existsSync(`${volume}.copied`)).toBe(true);
});

test('what somebody put into a volume stays, also when its copy is still to come', async () => {
  const inside = join(fixture.layer, 'filled');
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(inside, 'image'), 'image\n');
  const volume = makeFolder('volumes/kept/data');
  writeFileSync(join(volume, 'own'), 'own\n');
  const mounts = [{ type: 'bind', source: volume, target: '/filled', copyUp: true }] as const;
  expect((await runShell(fixture, 'ls /filled; rm /filled/own', {}, { mounts })).out).toBe('own\n');
  expect((await runShell(fixture, 'ls /filled', {}, { mounts })).out).toBe('');
});

test('a copy that was cut off begins anew; without files in the image nothing is settled', async () => {
  const inside = join(fixture.layer, 'cut');
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(inside, 'whole'), 'whole\n');
  const volume = makeFolder('volumes/cut/data');
  const at = (target: string) => ({
    mounts: [{ type: 'bind', source: volume, target, copyUp: true }] as const,
  });
  await runShell(fixture, 'true', {}, at('/nothing-there'));
  expect(existsSync(`${volume}.copied`)).toBe(false);
  writeFileSync(join(volume, 'torn'), '');
  writeFileSync(`${volume}.copied.begun`, '');
  expect((await runShell(fixture, 'ls /cut', {}, at('/cut'))).out).toBe('whole\n');
  expect(readdirSync(join(volume, '..')).sort()).toEqual(['data', 'data.copied']);
});

test('a part of a volume, never more than the volume', async () => {
  const volume = makeFolder('volumes/part/data');
  mkdirSync(join(volume, 'in/deep'), { recursive: true });
  writeFileSync(join(volume, 'in/deep/file'), 'part\n');
  symlinkSync('/in', join(volume, 'link'));
  symlinkSync('../../../../../../etc', join(volume, 'out'));
  const run = (subpath: string): Promise<string> =>
    runShell(
      fixture,
      'ls /part /part/deep',
      {},
      {
        mounts: [{ type: 'bind', source: volume, target: '/part', subpath }],
      },
    ).then(
      ({ out }) => out,
      (error: Error) => error.message,
    );
  expect(await run('in')).toContain('file');
  expect(await run('link')).toContain('file');
  expect(await run('out')).toMatch(/cannot open out .* ENOENT/);
  expect(await run('absent')).toMatch(/cannot open absent .* ENOENT/);
});

test('tmpfs with options, and nothing of it on disk', async () => {
  const { out } = await runShell(
    fixture,
    'grep " /scratch " /proc/mounts; stat -c %a /scratch; touch /scratch/x',
    {},
    { mounts: [{ type: 'tmpfs', target: '/scratch', options: ['size=1m', 'mode=1711', 'exec'] }] },
  );
  expect(out).toMatch(/tmpfs rw,nosuid,nodev,relatime,size=1024k,mode=1711/);
});

test('secrets are files of a tmpfs with owner and mode, read-only, and not on disk', async () => {
  const request = {
    mounts: [
      {
        type: 'file',
        target: '/run/secrets/key',
        content: Buffer.from('hush'),
        uid: 1000,
        gid: 1001,
        mode: 0o400,
        secret: true,
      },
    ],
  } as const;
  const line = 'cat /run/secrets/key; stat -c " %u:%g %a" /run/secrets/key; echo x > /run/secrets/key';
  const { out, code } = await runShell(fixture, line, { user: 'app' }, request);
  expect(out).toBe('hush 1000:1001 400\n');
  expect(code).not.toBe(0);
  const containers = join(fixture.folder, 'root/containers');
  for (const each of readdirSync(containers)) {
    for (const file of readdirSync(join(containers, each), { recursive: true, withFileTypes: true })) {
      if (file.isFile())
        expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toContain('hush');
    }
  }
});

test('the texts of /etc are given, and may be written to', async () => {
  const { out } = await runShell(
    fixture,
    'cat /etc/resolv.conf /etc/hosts; hostname; echo x >> /etc/hosts && echo ok',
  );
  expect(out).toMatch(/^nameserver 127.0.0.1\n127.0.0.1 localhost\n[0-9a-f]{12}\nok\n$/);
});

test('a read-only root takes writes only where something is mounted', async () => {
  const { out, code } = await runShell(fixture, 'touch /dev/shm/x && echo shm; touch /x', {
    readOnlyRoot: true,
  });
  expect(out).toBe('shm\n');
  expect(code).not.toBe(0);
});

test('what is written stays in the upper folder, without mount points', async () => {
  const request = fixture.request(shell('echo x > /written'));
  await (await fixture.runtime.start(request)).exited;
  expect(readdirSync(join(request.folder, 'upper'))).toEqual(['written']);
});

test('mounts over /proc, and climbing ones, are refused', async () => {
  for (const target of ['/proc', '/proc/sys', '/sys', '/', '/a/../..', 'relative']) {
    const request = fixture.request({}, { mounts: [{ type: 'tmpfs', target, options: [] }] });
    await expect(fixture.runtime.start(request)).rejects.toMatchObject({
      problem: { code: 'input.invalid' },
    });
  }
});

test('rshared: what the container mounts below is seen on the host', async () => {
  const data = makeFolder('shared');
  const { execFileSync } = await import('node:child_process');
  execFileSync('mount', ['-t', 'tmpfs', 'orc-test', data]);
  try {
    execFileSync('mount', ['--make-shared', data]);
    mkdirSync(join(data, 'sub'));
    const running = await fixture.runtime.start(
      fixture.request(
        { ...shell('mount -t tmpfs inner /m/sub && touch /m/sub/seen && sleep 100'), privileged: true },
        { mounts: [{ type: 'bind', source: data, target: '/m', propagation: 'rshared' }] },
      ),
    );
    await expect.poll(() => existsSync(join(data, 'sub/seen'))).toBe(true);
    await running.kill();
    await running.exited;
  } finally {
    execFileSync('umount', ['-R', data]);
  }
});
