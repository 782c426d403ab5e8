/** Real files in a folder of each test's own; `/dev/full` stands for a disk that is full. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  asideOf,
  makePrivateFolder,
  readJson,
  removeTree,
  replaceFile,
  syncFolder,
  syncFolderSync,
  tryLock,
  writeAll,
  writeDurable,
  writeDurableSync,
} from '../../src/index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-disk-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe.each([
  ['writeDurable', writeDurable],
  ['writeDurableSync', writeDurableSync],
  ['replaceFile', replaceFile],
] as const)('%s', (_, write) => {
  test('takes the place of what was there, for its owner only', async () => {
    const file = join(folder, 'state.json');
    writeFileSync(file, 'the one before', { mode: 0o644 });
    await write(file, 'new');
    expect([readFileSync(file, 'utf8'), modeOf(file), readdirSync(folder)]).toEqual([
      'new',
      0o600,
      ['state.json'],
    ]);
  });

  test('leaves nothing of a write that was cut off', async () => {
    const file = join(folder, 'state.json');
    writeFileSync(asideOf(file), 'longer than what comes after it');
    await write(file, Buffer.from('new'));
    expect([readFileSync(file, 'utf8'), existsSync(asideOf(file))]).toEqual(['new', false]);
  });

  test('leaves the one before on a full disk', async () => {
    const file = join(folder, 'state.json');
    writeFileSync(file, 'the one before');
    symlinkSync('/dev/full', asideOf(file));
    await expect((async () => write(file, 'new'))()).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(readFileSync(file, 'utf8')).toBe('the one before');
  });
});

test.each([
  ['writeDurable', writeDurable, '/dev/full', 'ENOSPC'],
  ['writeDurableSync', writeDurableSync, '/dev/full', 'ENOSPC'],
  ['replaceFile', replaceFile, '/dev/full', 'ENOSPC'],
  // It takes what is written, and cannot be synced.
  ['writeDurable', writeDurable, '/dev/null', 'EINVAL'],
  ['writeDurableSync', writeDurableSync, '/dev/null', 'EINVAL'],
] as const)('%s names the path in the error of an open file', async (_, write, device, code) => {
  const file = join(folder, 'state.json');
  symlinkSync(device, asideOf(file));
  await expect((async () => write(file, 'new'))()).rejects.toMatchObject({ code, path: asideOf(file) });
});

test.each([
  ['syncFolder', syncFolder],
  ['syncFolderSync', syncFolderSync],
] as const)('%s names the path of a folder that cannot be synced', async (_, sync) => {
  await expect((async () => sync('/proc'))()).rejects.toMatchObject({ code: 'EINVAL', path: '/proc' });
});

test('writeAll writes at its place, and names the path of a full disk', async () => {
  const file = join(folder, 'log');
  writeFileSync(file, '0123456789');
  const handle = await open(file, 'r+');
  await writeAll(handle, file, Buffer.from('abc'), 4);
  await handle.close();
  expect(readFileSync(file, 'utf8')).toBe('0123abc789');
  const full = await open('/dev/full', 'w');
  await expect(writeAll(full, '/dev/full', Buffer.from('abc'), 0)).rejects.toMatchObject({
    code: 'ENOSPC',
    path: '/dev/full',
  });
  await full.close();
});

describe('readJson', () => {
  test('gives what is there, and undefined for nothing', async () => {
    const file = join(folder, 'state.json');
    expect(await readJson(file, 100)).toBeUndefined();
    replaceFile(file, '{"a":[1]}');
    expect(await readJson(file, 9)).toEqual({ a: [1] });
  });

  test.each([
    ['too large', '[1,2,3,4,5,6,7]', 'larger than 9 bytes'],
    ['too large in bytes', '["€€€"]', 'larger than 9 bytes'],
    ['cut off', '{"a":[1', 'is not JSON'],
  ])('says that a file is %s', async (_, text, message) => {
    const file = join(folder, 'state.json');
    replaceFile(file, text);
    await expect(readJson(file, 9)).rejects.toMatchObject({
      problem: { code: 'disk.damaged', message: expect.stringContaining(message) },
    });
  });
});

test('readJson does not read what is too large, and names the path of what it cannot read', async () => {
  const file = join(folder, 'state.json');
  writeFileSync(file, '');
  // More than Node would read at once.
  truncateSync(file, 3 * 2 ** 30);
  await expect(readJson(file, 9)).rejects.toMatchObject({ problem: { code: 'disk.damaged' } });
  await expect(readJson(folder, 2 ** 20)).rejects.toMatchObject({ code: 'EISDIR', path: folder });
});

test('tryLock gives a file to one at a time, until its descriptor is closed', () => {
  const file = join(folder, 'lock');
  const [first, second] = [openSync(file, 'a'), openSync(file, 'a')];
  expect([tryLock(first), tryLock(second)]).toEqual([true, false]);
  closeSync(first);
  expect(tryLock(second)).toBe(true);
  closeSync(second);
});

test('makePrivateFolder makes those above it, for their owner only', () => {
  makePrivateFolder(join(folder, 'a/b'));
  expect([modeOf(join(folder, 'a')), modeOf(join(folder, 'a/b'))]).toEqual([0o700, 0o700]);
});

test('removeTree removes what is deeper than a path can name, and takes nothing for removed', async () => {
  const tree = join(folder, 'tree');
  const deep = 'i=0; while [ $i -lt 30 ]; do mkdir $1 && cd -P $1 || exit 1; i=$((i+1)); done; echo x > file';
  execFileSync('mkdir', [tree]);
  execFileSync('sh', ['-c', deep, 'sh', 'd'.repeat(200)], { cwd: tree });
  await removeTree(tree);
  expect(existsSync(tree)).toBe(false);
  await removeTree(tree);
});
