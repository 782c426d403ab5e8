/** GNU tar as the oracle, both ways. */
import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  linkSync,
  openSync,
  writeSync,
  closeSync,
  readFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packFolder } from '../../src/layer/pack.ts';
import { getXattr, listXattrs, setXattr } from '../../src/layer/syscalls.ts';
import { unpackArchive } from '../../src/layer/unpack.ts';
import { collect } from './support/store.ts';

let base = '';
const run = (command: string): string =>
  execFileSync('sh', ['-ec', command], { cwd: base, encoding: 'utf8' });

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'orc-gnutar-'));
  mkdirSync(join(base, 'tree/sub/deeper'), { recursive: true });
  mkdirSync(join(base, 'out'));
  const tree = join(base, 'tree');
  writeFileSync(join(tree, 'plain'), 'text');
  writeFileSync(join(tree, 'sub', 'ä'.repeat(60)), 'long');
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/latin-`), Buffer.from([0xe9])]), 'bytes');
  const long = join(tree, ...Array.from({ length: 4 }, () => 'folder'.repeat(12)));
  mkdirSync(long, { recursive: true });
  writeFileSync(join(long, 'f'.repeat(90)), 'deep');
  symlinkSync('t'.repeat(150), join(tree, 'link'));
  linkSync(join(tree, 'plain'), join(tree, 'sub/hard'));
  run(
    'mkfifo tree/pipe; mknod tree/null c 1 3; mknod tree/disk b 259 300; chown 12:34 tree/plain; chown 3000000:4000000 tree/sub; chmod 4711 tree/plain; chmod 1777 tree/sub',
  );
  setXattr(join(tree, 'plain'), 'user.bytes', Buffer.from([0, 10, 255, 61]));
  for (const [name, offsets] of [
    ['holes', [0, 1 << 20, 5 << 20]],
    ['many', Array.from({ length: 60 }, (_, at) => at * 65_536)],
  ] as const) {
    const file = openSync(join(tree, name), 'w');
    for (const offset of offsets) writeSync(file, Buffer.alloc(4096, 1 + (offset % 251)), 0, 4096, offset);
    closeSync(file);
    truncateSync(join(tree, name), 8 << 20);
  }
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Everything but the sizes of folders, which depend on their history. */
const listing = (folder: string, time: string): string =>
  run(
    `cd ${folder}; find . ! -name . -printf '%P %y %m %U %G ${time} %n %l ' -printf '%s\\n' | sed '/ d /s/ [0-9]*$//' | LC_ALL=C sort; find . -type f | LC_ALL=C sort | xargs -d '\\n' sha256sum`,
  ) + attributesBelow(folder);

const attributesBelow = (folder: string): string =>
  run(`cd ${folder}; find . | LC_ALL=C sort`)
    .split('\n')
    .flatMap((path) => listXattrs(join(base, folder, path)).map((name) => [path, name]))
    .map(
      ([path = '', name = '']) =>
        `${path} ${name} ${getXattr(join(base, folder, path), name)?.toString('hex')}\n`,
    )
    .join('');

const FORMATS = [
  '--format=gnu',
  '--format=gnu --sparse',
  '--format=posix',
  '--format=posix --xattrs',
  '--format=posix --sparse --sparse-version=0.0',
  '--format=posix --sparse --sparse-version=0.1',
  '--format=posix --sparse --sparse-version=1.0',
  '--format=oldgnu --sparse',
];

test.each(FORMATS)('reads tar %s as GNU tar does', async (format) => {
  run(`tar ${format} --numeric-owner -C tree -cf a.tar .`);
  await unpackArchive(createReadStream(join(base, 'a.tar')), join(base, 'out'), { whiteouts: true });
  run('mkdir theirs; tar --xattrs --numeric-owner -C theirs -xpf a.tar');
  const time = format.includes('gnu') ? '%Ts' : '%T@';
  expect(listing('out', time)).toBe(listing('theirs', time));
  if (format.includes('sparse')) expect(statSync(join(base, 'out/holes')).blocks * 512).toBeLessThan(1 << 20);
});

test('GNU tar reads what orc packs, and packing that again gives the same bytes', async () => {
  const packed = await collect(packFolder(join(base, 'tree'), { bytes: 0 }, { withRoot: true }));
  writeFileSync(join(base, 'ours.tar'), packed);
  run("tar --xattrs --xattrs-include='*' --numeric-owner -C out -xpf ours.tar");
  expect(listing('out', '%Ts')).toBe(listing('tree', '%Ts'));
  expect(
    (await collect(packFolder(join(base, 'out'), { bytes: 0 }, { withRoot: true }))).equals(packed),
  ).toBe(true);
  expect(readFileSync(join(base, 'out/plain'), 'utf8')).toBe('text');
});

test('an overlay’s upper folder becomes a layer with whiteouts, and comes back as it was', async () => {
  run(
    'mkdir -p up/gone.d up/opaque; mknod -m 0 up/gone c 0 0; mknod -m 0 up/gone.d/x c 0 0; touch up/opaque/f',
  );
  setXattr(join(base, 'up/opaque'), 'trusted.overlay.opaque', Buffer.from('y'));
  const packed = await collect(packFolder(join(base, 'up'), { bytes: 0 }));
  writeFileSync(join(base, 'up.tar'), packed);
  expect(run('tar tf up.tar').split('\n')).toEqual([
    '.wh.gone',
    'gone.d/',
    'gone.d/.wh.x',
    'opaque/',
    'opaque/.wh..wh..opq',
    'opaque/f',
    '',
  ]);
  await unpackArchive(createReadStream(join(base, 'up.tar')), join(base, 'out'), { whiteouts: true });
  const all = (folder: string): string =>
    run(`cd ${folder}; chmod 755 .; find . -printf '%P %y %m\\n' | LC_ALL=C sort`) + attributesBelow(folder);
  expect(all('out')).toBe(all('up'));
  expect(all('up')).toContain('trusted.overlay.opaque 79');
});
