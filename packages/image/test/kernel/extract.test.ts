/**
 * Archives that try to get out of their folder, and everything a layer may hold. The rows follow the archive part of
 * the hardening notes; around every one of them a marker outside the folder must stay as it was.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { throughProgram } from '../../src/layer/external.ts';
import { getXattr, listXattrs } from '../../src/layer/syscalls.ts';
import { unpackArchive } from '../../src/layer/unpack.ts';
import type { TarEntry } from '../../src/tar/entry.ts';
import { encodeHeader, entryOf, padding, trailer } from '../../src/tar/writer.ts';
import { bytes, problemOf } from './support/store.ts';

let base = '';
let folder = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'orc-extract-'));
  folder = join(base, 'layer');
  mkdirSync(folder);
  mkdirSync(join(base, 'outside'), { mode: 0o750 });
  writeFileSync(join(base, 'outside/passwd'), 'host');
  chmodSync(join(base, 'outside/passwd'), 0o640);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

type Item = Partial<TarEntry> & {
  readonly path: string;
  readonly type: TarEntry['type'];
  readonly data?: string;
};
const dir = (path: string, mode = 0o755): Item => ({ path, type: 'directory', mode });
const file = (path: string, data = 'x', mode = 0o644): Item => ({ path, type: 'file', data, mode });
const symlink = (linkname: string, path: string): Item => ({ path, type: 'symlink', linkname });
const link = (linkname: string, path: string): Item => ({ path, type: 'hardlink', linkname });

function archive(...items: readonly Item[]): Buffer {
  const parts = items.flatMap(({ data = '', ...item }) => {
    const body = Buffer.from(data);
    return [encodeHeader(entryOf({ ...item, size: body.length })), body, padding(body.length)];
  });
  return Buffer.concat([...parts, trailer()]);
}
const unpack = (data: Buffer, whiteouts = true): Promise<unknown> =>
  unpackArchive(bytes(data), folder, { whiteouts });
const at = (path: string): string => join(folder, path);
const text = (path: string): string => readFileSync(at(path), 'utf8');
const isWhiteout = (path: string): boolean => {
  const stat = lstatSync(at(path), { throwIfNoEntry: false });
  return stat?.isCharacterDevice() === true && stat.rdev === 0;
};
const isOpaque = (path: string): boolean => getXattr(at(path), 'trusted.overlay.opaque')?.toString() === 'y';

function expectOutsideUntouched(): void {
  expect(readdirSync(base).sort()).toEqual(['layer', 'outside']);
  expect(readdirSync(join(base, 'outside'))).toEqual(['passwd']);
  expect(readFileSync(join(base, 'outside/passwd'), 'utf8')).toBe('host');
  expect(statSync(join(base, 'outside/passwd'))).toMatchObject({ mode: 0o100640, nlink: 1 });
  expect(existsSync('/orc-breakout')).toBe(false);
}

type Row = readonly [string, readonly Item[], (() => void) | 'refused'];
const up = '../../../../../../../../../../../../..';
const rows: readonly Row[] = [
  [
    'absolute symlink as a folder',
    [dir('etc'), symlink('/etc', 'local'), file('local/f')],
    () => expect(text('etc/f')).toBe('x'),
  ],
  [
    'symlink up and out',
    [dir('etc'), symlink(`${up}/etc`, 'local'), file('local/f')],
    () => expect(text('etc/f')).toBe('x'),
  ],
  [
    'symlink to the folder next door',
    [symlink('../outside', 'out'), file('out/f')],
    () => expect(text('outside/f')).toBe('x'),
  ],
  [
    'several absolute links',
    [dir('etc'), symlink('/etc', 'a'), symlink('/a', 'b'), symlink('/b', 'c'), file('c/f')],
    () => expect(text('etc/f')).toBe('x'),
  ],
  [
    'several relative links',
    [dir('etc'), dir('x'), symlink('../etc', 'x/a'), symlink('x/a', 'b'), file('b/f')],
    () => expect(text('etc/f')).toBe('x'),
  ],
  ['links in a circle', [symlink('b', 'a'), symlink('a', 'b'), file('a/f')], 'refused'],
  ['a file as a folder', [file('a'), file('a/f')], 'refused'],
  [
    'a file through a link to a file outside',
    [symlink('../outside/passwd', 'p'), file('p')],
    () => expect(lstatSync(at('p')).isFile()).toBe(true),
  ],
  [
    'a folder over a link',
    [symlink('/outside', 'd'), dir('d', 0o700), file('d/f')],
    () => expect(lstatSync(at('d')).isDirectory()).toBe(true),
  ],
  [
    'a link over a folder with files',
    [dir('d'), file('d/f'), symlink('../outside', 'd'), file('d/g')],
    () => expect(text('outside/g')).toBe('x'),
  ],
  ['parent of the root', [file(`${up}/orc-breakout`)], 'refused'],
  ['parent inside', [dir('a'), file('a/../f')], () => expect(text('f')).toBe('x')],
  ['absolute name', [file('/orc-breakout')], () => expect(text('orc-breakout')).toBe('x')],
  ['empty name', [file('')], 'refused'],
  ['the root as a file', [file('.')], 'refused'],
  ['the root as a link', [symlink('/outside', './')], 'refused'],
  ['name with a backslash', [file('..\\f')], () => expect(text('..\\f')).toBe('x')],
  ['hard link out', [link(`${up}${'/etc/passwd'}`, 'p')], 'refused'],
  ['absolute hard link', [link('/etc/passwd', 'p')], 'refused'],
  ['hard link down and out', [dir('a'), link('a/../../outside/passwd', 'p')], 'refused'],
  ['hard link through a link', [symlink('../outside', 'o'), link('o/passwd', 'p')], 'refused'],
  [
    'hard link to a link, then a mode',
    [symlink('../outside/passwd', 's'), { ...link('s', 'p'), mode: 0o777 }],
    () => expect(readlinkSync(at('p'))).toBe('../outside/passwd'),
  ],
  [
    'hard link to a link, then its content',
    [symlink('../outside/passwd', 's'), link('s', 'p'), file('p', 'y')],
    () => expect(text('p')).toBe('y'),
  ],
  ['hard link to a folder', [dir('d'), link('d', 'p')], 'refused'],
  ['hard link to nothing', [link('none', 'p')], 'refused'],
  ['hard link to itself', [file('f'), link('f', 'f')], () => expect(text('f')).toBe('x')],
  [
    'hard link inside',
    [dir('d'), file('d/f'), link('d/f', 'g')],
    () => expect(statSync(at('g')).ino).toBe(statSync(at('d/f')).ino),
  ],
  ['whiteout of the root', [file('.wh.')], 'refused'],
  ['whiteout of the parent', [dir('d'), file('d/.wh...')], 'refused'],
  ['whiteout of the folder itself', [dir('d'), file('d/.wh..')], 'refused'],
  [
    'whiteout through a link',
    [symlink('../outside', 'o'), file('o/.wh.passwd')],
    () => expect(isWhiteout('outside/passwd')).toBe(true),
  ],
  ['whiteout of a name', [file('d/.wh.f')], () => expect(isWhiteout('d/f')).toBe(true)],
  [
    'whiteout of a file of this layer, before and after',
    [file('.wh.f'), file('f'), file('g'), file('.wh.g')],
    () => expect([text('f'), text('g')]).toEqual(['x', 'x']),
  ],
  [
    'whiteout, then a folder of that name',
    [file('.wh.d'), dir('d'), file('d/f')],
    () => expect([isOpaque('d'), text('d/f')]).toEqual([true, 'x']),
  ],
  [
    'a folder, then a whiteout of it',
    [dir('d'), file('d/f'), file('.wh.d')],
    () => expect([isOpaque('d'), text('d/f')]).toEqual([true, 'x']),
  ],
  [
    'opaque before its files',
    [dir('d'), file('d/.wh..wh..opq'), file('d/f')],
    () => expect([isOpaque('d'), text('d/f')]).toEqual([true, 'x']),
  ],
  [
    'opaque after its files',
    [dir('d'), file('d/f'), file('d/.wh..wh..opq')],
    () => expect([isOpaque('d'), text('d/f')]).toEqual([true, 'x']),
  ],
  [
    'other aufs files',
    [file('.wh..wh.plnk'), file('.wh..wh.aufs')],
    () => expect(readdirSync(folder)).toEqual([]),
  ],
  [
    'the same name three times',
    [file('f', '1'), dir('f'), file('f/g'), file('f', '3')],
    () => expect(text('f')).toBe('3'),
  ],
  [
    'a dangling link as a folder',
    [symlink('/run/x', 'var'), file('var/f')],
    () => expect(text('run/x/f')).toBe('x'),
  ],
  ['a name of 256 bytes', [file('n'.repeat(256))], 'refused'],
  ['a path of 5,000 bytes', [file(`${'d/'.repeat(2500)}f`)], 'refused'],
  ['1,000 folders deep', [file(`${'d/'.repeat(1000)}f`)], 'refused'],
  ['300 folders deep', [file(`${'d/'.repeat(300)}f`)], () => expect(text(`${'d/'.repeat(300)}f`)).toBe('x')],
  ['an owner beyond 32 bits', [{ ...file('f'), uid: 2 ** 32 }], 'refused'],
  [
    'names that differ in normalisation',
    [file('\u00e9', '1'), file('e\u0301', '2')],
    () => expect([text('\u00e9'), text('e\u0301')]).toEqual(['1', '2']),
  ],
];

describe('nothing gets out', () => {
  test.each(rows)('%s', async (_name, items, expected) => {
    if (expected === 'refused')
      expect((await problemOf(unpack(archive(...items)))).code).toBe('image.invalid');
    else {
      await unpack(archive(...items));
      expected();
    }
    expectOutsideUntouched();
  });

  test('the marker would notice: a writer that trusts names does reach it', () => {
    writeFileSync(join(folder, '../outside/passwd'), 'changed');
    expect(() => expectOutsideUntouched()).toThrow();
  });

  test('NUL in a pax path', async () => {
    const header = encodeHeader(entryOf({ path: `${'n'.repeat(120)}`, type: 'file' }));
    const at120 = header.indexOf('n'.repeat(120));
    header[at120 + 60] = 0;
    expect((await problemOf(unpack(Buffer.concat([header, trailer()])))).code).toBe('image.invalid');
  });
});

describe('what a layer may hold', () => {
  test('owners, modes, setuid, times, devices, fifos and attributes arrive', async () => {
    const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
    const attributes = new Map([
      ['security.capability', capability],
      ['user.note', Buffer.from([0, 255, 10, 61])],
      ['trusted.overlay.opaque', Buffer.from('y')],
      ['trusted.overlay.redirect', Buffer.from('/etc')],
      ['security.selinux', Buffer.from('x')],
    ]);
    await unpack(
      archive(
        { ...dir('./', 0o711) },
        { ...dir('d', 0o1777), xattrs: attributes },
        { ...file('d/su', 'program', 0o4755), uid: 7, gid: 3_000_000, mtimeSec: 1_000_000_000, mtimeNsec: 5 },
        { ...file('ping', 'program', 0o755), xattrs: attributes },
        { path: 'null', type: 'char', mode: 0o666, major: 1, minor: 3 },
        { path: 'disk', type: 'block', mode: 0o660, major: 259, minor: 300 },
        { path: 'pipe', type: 'fifo', mode: 0o600 },
      ),
    );
    expect(statSync(folder).mode & 0o7777).toBe(0o711);
    expect(statSync(at('d/su'))).toMatchObject({ mode: 0o104755, uid: 7, gid: 3_000_000 });
    expect(statSync(at('d/su'), { bigint: true }).mtimeNs).toBe(1_000_000_000_000_000_005n);
    expect(statSync(at('d')).mode & 0o7777).toBe(0o1777);
    expect(listXattrs(at('ping')).toSorted()).toEqual(['security.capability', 'user.note']);
    expect(getXattr(at('ping'), 'user.note')).toEqual(Buffer.from([0, 255, 10, 61]));
    expect(isOpaque('d')).toBe(false);
    expect(lstatSync(at('null'))).toMatchObject({ mode: 0o020666, rdev: 0x103 });
    expect(lstatSync(at('disk')).isBlockDevice()).toBe(true);
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
  });

  test('names that are not UTF-8 keep their bytes', async () => {
    await unpack(archive(file('caf\udce9')));
    expect(readdirSync(folder, { encoding: 'buffer' })).toEqual([Buffer.from('caf\xe9', 'latin1')]);
  });

  test('outside of layers, whiteouts are files and 0:0 devices are refused', async () => {
    await unpack(archive(file('.wh.f', 'text')), false);
    expect(text('.wh.f')).toBe('text');
    const device = archive({ path: 'f', type: 'char', major: 0, minor: 0 });
    expect((await problemOf(unpack(device, false))).code).toBe('image.invalid');
  });
});

const through = (program: string, data: Buffer): Buffer => spawnSync(program, ['-c'], { input: data }).stdout;

/** RFC 8878, 3.1.2. */
const SKIPPABLE = Buffer.from('502a4d180300000061626300'.slice(0, 22), 'hex');

describe('streams', () => {
  const plain = archive(dir('d'), file('d/f', 'y'.repeat(3000)));
  const half = plain.length >> 1;
  const cases: readonly (readonly [string, Buffer])[] = [
    ['plain', plain],
    ['gzip', gzipSync(plain)],
    [
      'gzip of several members',
      Buffer.concat([gzipSync(plain.subarray(0, half)), gzipSync(plain.subarray(half))]),
    ],
    ['zstd', zstdCompressSync(plain)],
    [
      'zstd of several frames',
      Buffer.concat([zstdCompressSync(plain.subarray(0, half)), zstdCompressSync(plain.subarray(half))]),
    ],
    [
      'zstd with a skippable frame between',
      Buffer.concat([
        zstdCompressSync(plain.subarray(0, half)),
        SKIPPABLE,
        zstdCompressSync(plain.subarray(half)),
      ]),
    ],
    ['xz', through('xz', plain)],
    ['bzip2', through('bzip2', plain)],
    [
      'xz of several streams',
      Buffer.concat([through('xz', plain.subarray(0, half)), through('xz', plain.subarray(half))]),
    ],
    ['without the final blocks', plain.subarray(0, plain.length - 1024)],
    ['with bytes after the end', Buffer.concat([plain, Buffer.alloc(700, 7)])],
  ];
  test.each(cases)('%s', async (_name, data) => {
    await unpack(data);
    expect(text('d/f')).toBe('y'.repeat(3000));
  });

  test.each(cases)('%s, one byte at a time', async (_name, data) => {
    const single = Array.from(data, (byte) => Uint8Array.of(byte));
    await unpackArchive(bytes(...single), folder, { whiteouts: true });
    expect(text('d/f')).toBe('y'.repeat(3000));
  });

  test.each([
    ['a cut tar', plain.subarray(0, 1700)],
    ['a cut gzip', gzipSync(plain).subarray(0, 60)],
    ['gzip with garbage behind it', Buffer.concat([gzipSync(plain), Buffer.alloc(300, 7)])],
    ['a cut zstd', zstdCompressSync(plain).subarray(0, 40)],
    ['a cut xz', through('xz', plain).subarray(0, 80)],
    ['a cut bzip2', through('bzip2', plain).subarray(0, 80)],
    ['a wrong checksum', Buffer.concat([Buffer.from('X'), plain.subarray(1)])],
    ['noise', Buffer.alloc(2048, 0xaa)],
  ])('%s is refused', async (_name, data) => {
    expect((await problemOf(unpack(data))).code).toBe('image.invalid');
  });

  test('without the program the package is named', async () => {
    const run = async (): Promise<void> => {
      for await (const _ of throughProgram('xz', bytes(through('xz', plain)), ['/nonexistent']));
    };
    expect(await problemOf(run())).toMatchObject({
      code: 'input.unsupported',
      hint: expect.stringContaining('xz-utils'),
    });
  });

  test('what the source throws comes out, and no program stays', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield through('xz', plain).subarray(0, 30);
      throw new Error('the wire was cut');
    }
    await expect(unpackArchive(broken(), folder, { whiteouts: true })).rejects.toThrow('the wire was cut');
  });

  test('a bomb ends early, within little memory', async () => {
    const zeros = gzipSync(Buffer.alloc(64 << 20), { level: 9 });
    const head = encodeHeader(entryOf({ path: 'bomb', type: 'file', size: 64 * 2 ** 30 }));
    async function* bomb(): AsyncGenerator<Uint8Array> {
      yield gzipSync(head);
      for (let at = 0; at < 1024; at += 1) yield zeros;
    }
    const before = process.memoryUsage().rss;
    const problem = await problemOf(unpackArchive(bomb(), folder, { whiteouts: true }));
    expect(problem.message).toContain('fold');
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
    expect(statSync(at('bomb')).size).toBeLessThan(2 * 2 ** 30);
  });
});
