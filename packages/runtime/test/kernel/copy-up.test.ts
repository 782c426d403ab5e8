/** What of the image arrives in a fresh volume, and that whoever has the volume already gains nothing by it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STARTS_PER_CPU } from '../../src/limits.ts';
import { getXattr, setXattr } from '../../../image/src/layer/syscalls.ts';
import { ATTACH_OUT, buildProgram, type Fixture, follow, openFixture, runShell } from './fixture.ts';

let fixture: Fixture;
let volumes = 0;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

function emptyVolume(): string {
  volumes += 1;
  const volume = join(fixture.folder, `volumes/${volumes}/data`);
  mkdirSync(volume, { recursive: true });
  return volume;
}

/** A folder of the image, filled. */
function inImage(name: string, fill: (folder: string) => void): string {
  const folder = join(fixture.layer, name);
  mkdirSync(folder, { recursive: true });
  fill(folder);
  return `/${name}`;
}

const copied = async (target: string, volume = emptyVolume()): Promise<string> => {
  const mounts = [{ type: 'bind', source: volume, target, copyUp: true }] as const;
  expect(await runShell(fixture, 'true', {}, { mounts })).toMatchObject({ code: 0, err: '' });
  return volume;
};

test('names of one file stay names of one file, across folders', async () => {
  const target = inImage('hard', (folder) => {
    mkdirSync(join(folder, 'sub/deep'), { recursive: true });
    writeFileSync(join(folder, 'one'), 'same\n');
    linkSync(join(folder, 'one'), join(folder, 'sub/two'));
    linkSync(join(folder, 'one'), join(folder, 'sub/deep/three'));
    symlinkSync('one', join(folder, 'link'));
    linkSync(join(folder, 'link'), join(folder, 'sub/link'));
    writeFileSync(join(folder, 'other'), 'same\n');
  });
  const volume = await copied(target);
  const ino = (name: string): number => lstatSync(join(volume, name)).ino;
  expect(lstatSync(join(volume, 'one')).nlink).toBe(3);
  expect([ino('sub/two'), ino('sub/deep/three')]).toEqual([ino('one'), ino('one')]);
  expect([ino('sub/link'), lstatSync(join(volume, 'link')).nlink]).toEqual([ino('link'), 2]);
  expect(lstatSync(join(volume, 'other')).nlink).toBe(1);
});

test('holes stay holes', async () => {
  const size = 64 * 2 ** 20;
  const target = inImage('sparse', (folder) => {
    const fd = openSync(join(folder, 'file'), 'w');
    writeSync(fd, 'begin');
    writeSync(fd, 'middle', size / 2);
    writeSync(fd, 'end', size - 3);
    closeSync(fd);
    execFileSync('truncate', ['-s', String(size), join(folder, 'hole')]);
  });
  const volume = await copied(target);
  const from = readFileSync(join(fixture.layer, 'sparse/file'));
  expect(readFileSync(join(volume, 'file')).equals(from)).toBe(true);
  expect(statSync(join(volume, 'file')).blocks * 512).toBeLessThan(2 ** 20);
  expect(statSync(join(volume, 'hole'))).toMatchObject({ size, blocks: 0 });
});

test('owner, mode, times and attributes of every kind of file', async () => {
  const value = Buffer.from('kept');
  const target = inImage('kinds', (folder) => {
    const at = (name: string): string => join(folder, name);
    mkdirSync(at('folder'));
    writeFileSync(at('file'), 'x');
    symlinkSync('nowhere', at('link'));
    execFileSync('mkfifo', [at('fifo')]);
    execFileSync('mknod', [at('node'), 'c', '1', '3']);
    for (const name of ['folder', 'file', 'link', 'fifo', 'node']) {
      execFileSync('chown', ['-h', '12:34', at(name)]);
      if (name !== 'link') setXattr(at(name), 'trusted.orc', value);
      lutimesSync(at(name), 1_000_000_000, 1_100_000_000);
    }
    for (const name of ['folder', 'file', 'fifo', 'node']) chmodSync(at(name), 0o6751);
    utimesSync(at('folder'), 1_000_000_000, 1_100_000_000);
    chownSync(folder, 5, 6);
    utimesSync(folder, 1_200_000_000, 1_300_000_000);
  });
  const volume = await copied(target);
  expect(statSync(volume)).toMatchObject({ uid: 5, gid: 6, mtimeMs: 1_300_000_000_000 });
  for (const name of ['folder', 'file', 'link', 'fifo', 'node']) {
    const [from, to] = [join(fixture.layer, 'kinds', name), join(volume, name)].map((each) =>
      lstatSync(each),
    );
    expect([name, to?.uid, to?.gid, to?.mode, to?.rdev, to?.mtimeMs]).toEqual([
      name,
      12,
      34,
      from?.mode,
      from?.rdev,
      1_100_000_000_000,
    ]);
    if (name !== 'link') expect(getXattr(join(volume, name), 'trusted.orc')?.equals(value)).toBe(true);
  }
});

test('a tree deeper than there are descriptors', async () => {
  const depth = 1100;
  const target = inImage('deep', (folder) => {
    execFileSync(
      'sh',
      ['-c', `i=0; while [ $i -lt ${depth} ]; do mkdir d; cd -P d; i=$((i+1)); done; echo x > end`],
      {
        cwd: folder,
      },
    );
  });
  const volume = await copied(target);
  expect(readFileSync(join(volume, 'd/'.repeat(depth), 'end'), 'utf8')).toBe('x\n');
});

/** Says `up` when it has the lock, and holds it until its input ends. */
const LOCKER = `
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char byte;
  int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
  if (fd < 0) fd = open(argv[1], O_RDONLY | O_CREAT, 0600);
  if (fd < 0 || flock(fd, LOCK_EX)) return 1;
  puts("up");
  fflush(stdout);
  while (read(0, &byte, 1) == 1) continue;
  return 0;
}
`;

test('whoever locks a volume from inside delays nobody', async () => {
  const target = inImage('locked', (folder) => writeFileSync(join(folder, 'file'), 'image\n'));
  const volume = emptyVolume();
  const mounts = [{ type: 'bind', source: volume, target: '/vol' }] as const;
  buildProgram(fixture, 'locker', LOCKER);
  const request = fixture.request({ command: ['locker', '/vol'], openStdin: true }, { mounts });
  const running = await fixture.runtime.start({ ...request, attach: { ...ATTACH_OUT, stdin: true } });
  const seen = follow(running.attachment);
  await expect.poll(() => seen.text).toContain('up');
  await copied(target, volume);
  expect(readFileSync(join(volume, 'file'), 'utf8')).toBe('image\n');
  await copied(target, volume);
  running.attachment?.closeStdin();
  expect(await running.exited).toMatchObject({ code: 0 });
});

test('volumes that take long are waited for in no turn of a start, and then filled', async () => {
  const target = inImage('slow', (folder) => writeFileSync(join(folder, 'file'), 'image\n'));
  const volume = emptyVolume();
  const holder = spawn(buildProgram(fixture, 'locker', LOCKER), [`${volume}.copied.lock`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const waiting = Array.from({ length: STARTS_PER_CPU * availableParallelism() }, () =>
    copied(target, volume),
  );
  try {
    expect(await runShell(fixture, 'echo first')).toMatchObject({ code: 0, out: 'first\n' });
    expect(readdirSync(volume)).toEqual([]);
  } finally {
    holder.stdin.end();
    await Promise.all(waiting);
  }
  expect(readFileSync(join(volume, 'file'), 'utf8')).toBe('image\n');
  expect(readdirSync(join(volume, '..')).sort()).toEqual(['data', 'data.copied']);
});

test('a volume within a volume gets what the image has', async () => {
  const target = inImage('outer', (folder) => {
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'inner/file'), 'image\n');
  });
  const [outer, inner] = [emptyVolume(), emptyVolume()];
  writeFileSync(join(outer, 'own'), '');
  const mounts = [
    { type: 'bind', source: outer, target, copyUp: true },
    { type: 'bind', source: inner, target: `${target}/inner`, copyUp: true },
  ] as const;
  const { out } = await runShell(fixture, `ls ${target} ${target}/inner`, {}, { mounts });
  expect(out).toBe('/outer:\ninner\nown\n\n/outer/inner:\nfile\n');
});

const DEEP = Array.from({ length: 40 }, (_, at) => at).join('/');
const ROUNDS = 60;

/** Swaps the node that is being copied for a link, as soon as there is one, in a fresh volume each time. */
const RACER = `
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct stat st;
  if (argc < 3 || chdir("/vol")) return 1;
  for (puts("up"), fflush(stdout);;) {
    while (stat(".", &st) || st.st_nlink < 3) continue;
    if (symlink(argv[1], "link")) continue;
    for (int i = 0; i < 200000 && stat(".", &st) == 0 && st.st_nlink > 2; i++)
      if (renameat2(AT_FDCWD, "link", AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0) puts("swapped"), fflush(stdout);
    unlink("link");
  }
}
`;

function emptyAgain(volume: string): void {
  for (const name of readdirSync(volume)) rmSync(join(volume, name), { recursive: true, force: true });
  rmSync(`${volume}.copied`, { force: true });
  rmSync(`${volume}.copied.begun`, { force: true });
}

test('CVE-2021-30465 for copies: a node swapped for a link to the host changes nothing there', async () => {
  buildProgram(fixture, 'racer', RACER);
  const target = inImage('race', (folder) => {
    mkdirSync(join(folder, DEEP), { recursive: true });
    execFileSync('mkfifo', ['-m', '0666', join(folder, DEEP, 'f')]);
  });
  const host = join(fixture.folder, 'marker');
  writeFileSync(host, 'host\n', { mode: 0o600 });
  const before = statSync(host);
  const volume = emptyVolume();
  const racer = fixture.request(
    { command: ['racer', host, `${DEEP}/f`] },
    { mounts: [{ type: 'bind', source: volume, target: '/vol' }] },
  );
  const running = await fixture.runtime.start({
    ...racer,
    attach: { stdin: false, stdout: true, stderr: true },
  });
  const seen = follow(running.attachment);
  await expect.poll(() => seen.text).toContain('up');
  const mounts = [{ type: 'bind', source: volume, target, copyUp: true }] as const;
  for (let round = 0; round < ROUNDS; round += 1) {
    emptyAgain(volume);
    await runShell(fixture, 'true', {}, { mounts }).catch(() => undefined);
    const { mode, uid, gid, mtimeMs } = statSync(host);
    expect({ round, mode, uid, gid, mtimeMs }).toEqual({
      round,
      mode: before.mode,
      uid: before.uid,
      gid: before.gid,
      mtimeMs: before.mtimeMs,
    });
  }
  await running.kill();
  await running.exited;
  expect(seen.text).toContain('swapped');
}, 120_000);
