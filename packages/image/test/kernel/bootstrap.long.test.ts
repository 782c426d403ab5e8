/** debootstrap from this host's mirror: minutes rather than seconds, and the network. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Progress } from '../../src/index.ts';
import { type Fixture, newFixture, problemOf } from './support/store.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = newFixture();
});
afterEach(() => fixture.cleanUp());

const mounts = (): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(fixture.folder));
const processes = (): string => {
  const found = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && commandOf(name).includes(fixture.folder),
  );
  return found.map(commandOf).join('\n');
};
const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

test('debian:bookworm is an image in which apt works, and the second time takes less', {
  timeout: 300_000,
}, async () => {
  const store = await fixture.open();
  const progress: Progress[] = [];
  const image = await store.bootstrap('debian:bookworm', { onProgress: (each) => void progress.push(each) });
  expect(progress.some((each) => /^(Retrieving|Unpacking|Configuring) /.test(each.status))).toBe(true);
  expect(image.config).toMatchObject({ Cmd: ['bash'] });
  const folder = image.layers[0] as string;
  expect(readFileSync(join(folder, 'etc/os-release'), 'utf8')).toContain('bookworm');
  expect(readdirSync(join(folder, 'var/lib/apt/lists'))).toEqual(['partial']);
  expect(existsSync(join(folder, 'etc/resolv.conf'))).toBe(false);
  // A tmpfs as the upper directory: the layer itself stays as it is.
  const script = `mount -t tmpfs none /mnt && mkdir /mnt/up /mnt/work /mnt/root
    mount -t overlay none -o lowerdir=${folder},upperdir=/mnt/up,workdir=/mnt/work /mnt/root
    mount --rbind /dev /mnt/root/dev && cp -L /etc/resolv.conf /etc/hosts /mnt/root/etc
    chroot /mnt/root sh -c 'apt-get update -qq && apt-get install -s -qq hello'`;
  expect(execFileSync('unshare', ['-m', 'sh', '-ec', script], { encoding: 'utf8' })).toContain('Inst hello');
  expect(mounts()).toEqual([]);
  const began = performance.now();
  await store.bootstrap('debian:bookworm', {});
  expect(performance.now() - began).toBeLessThan(60_000);
  expect((await store.list()).flatMap((row) => row.tags)).toEqual(['debian:bookworm']);
});

test('a bootstrap that is canceled leaves no process, no mount and no folder', {
  timeout: 120_000,
}, async () => {
  const store = await fixture.open();
  const control = new AbortController();
  const onProgress = (each: Progress): void => {
    if (each.status.startsWith('Retrieving')) setTimeout(() => control.abort(), 1500);
  };
  const problem = await problemOf(store.bootstrap('debian:bookworm', { signal: control.signal, onProgress }));
  expect(problem.code).toBe('canceled');
  await expect.poll(processes).toBe('');
  expect(mounts()).toEqual([]);
  expect(readdirSync(join(fixture.folder, 'root/layers/new'))).toEqual([]);
});

test.each([
  ['debian:nosuch', 'input.invalid'],
  ['debian:../x', 'input.invalid'],
  ['alpine', 'input.unsupported'],
  ['localhost:5000/debian:bookworm', 'input.unsupported'],
])('%s is %s', async (reference, code) => {
  const store = await fixture.open();
  expect((await problemOf(Promise.resolve().then(() => store.bootstrap(reference, {})))).code).toBe(code);
});
