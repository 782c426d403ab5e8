import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fixture, openFixture, treeLines } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  fixture.write({
    'a.go': 'a',
    'f1.go': 'f1',
    'sub/dir1/dir2/foo': 'foo',
    'sub/dir1/x': 'x',
    'empty/': '',
    'tree/keep.txt': 'k',
    'tree/skip.log': 's',
    'tree/deep/skip.log': 's',
  });
  symlinkSync('dir1', join(fixture.context, 'sub/link'));
  symlinkSync('nowhere', join(fixture.context, 'sub/dir1/dangling'));
});
afterAll(() => fixture.close());

const copied = async (lines: string, base = 'scratch'): Promise<readonly string[]> =>
  treeLines((await fixture.build(`FROM ${base}\n${lines}\n`)).top);

describe('where files go', () => {
  test.each([
    ['COPY a.go /d', ['d']],
    ['COPY a.go /d/', ['d/', 'd/a.go']],
    ['COPY *.go /d/', ['d/', 'd/a.go', 'd/f1.go']],
    ['COPY f*.go /d', ['d']],
    ['COPY *.go /d', ['d/', 'd/a.go', 'd/f1.go']],
    ['COPY sub/*/dir2/foo /d/', ['d/', 'd/foo']],
    ['COPY sub/dir1/dir2 /d', ['d/', 'd/foo']],
    ['COPY sub/dir1/dir2/. /d', ['d/', 'd/foo']],
    ['COPY sub/link/dir2 /d', ['d/', 'd/foo']],
    ['COPY sub/dir1 /d', ['d/', 'd/dangling', 'd/dir2/', 'd/dir2/foo', 'd/x']],
    ['COPY ../../a.go ./b/../c/', ['c/', 'c/a.go']],
    ['COPY /a.go .', ['a.go']],
    ['COPY ["a.go", "f1.go", "/d d/"]', ['d d/', 'd d/a.go', 'd d/f1.go']],
    ['COPY --parents sub/dir1/x /d/', ['d/', 'd/sub/', 'd/sub/dir1/', 'd/sub/dir1/x']],
    ['COPY --parents sub/./dir1/x /d/', ['d/', 'd/dir1/', 'd/dir1/x']],
    ['COPY --exclude=*.log --exclude=**/*.log tree /d', ['d/', 'd/deep/', 'd/keep.txt']],
    ['COPY empty /d', ['d/']],
    ['WORKDIR /w\nCOPY a.go b', ['w/', 'w/b']],
  ])('%s', async (line, expected) => {
    expect(await copied(line)).toEqual(expected);
  });

  test('an existing directory is copied into, and keeps its owner and mode', async () => {
    const text =
      'FROM busybox AS base\nRUN mkdir -m 700 /d && chown 5:6 /d\n' +
      'FROM base\nCOPY a.go /d\nRUN stat -c "%a %u:%g" /d && ls /d\n';
    expect((await fixture.build(text)).output).toContain('700 5:6\na.go\n');
  });
});

describe('what files are', () => {
  test('root owns what comes from the context; mode, setuid and mtime stay', async () => {
    const path = join(fixture.context, 'owned');
    fixture.write({ owned: 'o' });
    execFileSync('chown', ['12:34', path]);
    chmodSync(path, 0o4711);
    utimesSync(path, 1_000, 1_234.5);
    const stats = lstatSync(join((await fixture.build('FROM scratch\nCOPY owned /\n')).top, 'owned'));
    expect([stats.uid, stats.gid, stats.mode & 0o7777, stats.mtimeMs]).toEqual([0, 0, 0o4711, 1_234_500]);
  });

  test('--chown and --chmod hold for all, also for what is made on the way', async () => {
    const { top } = await fixture.build(
      'FROM busybox\nCOPY --chown=daemon:100 --chmod=u=rwX,go= sub/dir1/dir2 /new/d\n',
    );
    for (const [name, mode] of [
      ['new', 0o755],
      ['new/d', 0o755],
      ['new/d/foo', 0o600],
    ] as const) {
      const stats = lstatSync(join(top, name));
      expect([name, stats.uid, stats.gid, stats.mode & 0o777]).toEqual([name, 1, 100, mode]);
    }
  });

  test('hard links within a copy stay links', async () => {
    mkdirSync(join(fixture.context, 'links'));
    fixture.write({ 'links/one': '1' });
    linkSync(join(fixture.context, 'links/one'), join(fixture.context, 'links/two'));
    const { top } = await fixture.build('FROM scratch\nCOPY links /\n');
    expect(lstatSync(join(top, 'one')).ino).toBe(lstatSync(join(top, 'two')).ino);
  });

  test('a stage’s files keep their owners, and its deleted ones are gone', async () => {
    const stage = [
      'FROM busybox AS s',
      'RUN mkdir -p /d/old /e && touch /d/gone /d/old/x /d/stays && chown 9:9 /d/stays && mkfifo /d/pipe',
      'RUN rm /d/gone && rm -r /d/old && mkdir /d/old && ln -s stays /d/link',
      'FROM scratch',
      'COPY --from=s /d /d',
    ].join('\n');
    const { top } = await fixture.build(stage);
    expect(treeLines(top)).toEqual(['d/', 'd/link', 'd/old/', 'd/pipe', 'd/stays']);
    expect(lstatSync(join(top, 'd/stays')).uid).toBe(9);
    expect(lstatSync(join(top, 'd/pipe')).isFIFO()).toBe(true);
  });

  test('WORKDIR belongs to the stage’s user', async () => {
    const { output } = await fixture.build(
      'FROM busybox\nUSER daemon\nWORKDIR /x/y\nUSER 0\nRUN stat -c %U /x/y\n',
    );
    expect(output).toBe('daemon\n');
  });
});

describe('ADD', () => {
  const pack = (name: string, ...args: readonly string[]): void => {
    execFileSync('tar', [
      '-C',
      join(fixture.context, 'tree'),
      ...args,
      '-f',
      join(fixture.context, name),
      '.',
    ]);
  };
  test.each([
    ['plain.tar', ['-c']],
    ['packed.tgz', ['-cz']],
    ['packed.tar.zst', ['-c', '--zstd']],
    ['packed.tar.xz', ['-cJ']],
    ['packed.by-content', ['-cj']],
  ])('unpacks %s', async (name, args) => {
    pack(name, ...args);
    expect(await copied(`ADD ${name} /d`)).toEqual([
      'd/',
      'd/deep/',
      'd/deep/skip.log',
      'd/keep.txt',
      'd/skip.log',
    ]);
    expect(await copied(`COPY ${name} /d/`)).toEqual(['d/', `d/${name}`]);
    expect(await copied(`ADD --unpack=false ${name} /d/`)).toEqual(['d/', `d/${name}`]);
  });
  test('copies what is no archive', async () => {
    expect(await copied('ADD a.go tree /d/')).toEqual([
      'd/',
      'd/a.go',
      'd/deep/',
      'd/deep/skip.log',
      'd/keep.txt',
      'd/skip.log',
    ]);
  });
  test('refuses a damaged one at its line', async () => {
    pack('packed.tar.xz', '-cJ');
    const whole = readFileSync(join(fixture.context, 'packed.tar.xz'));
    writeFileSync(join(fixture.context, 'packed.tar.xz'), whole.fill(7, 40, 60));
    expect(await fixture.fail('FROM scratch\nADD packed.tar.xz /\n')).toMatchObject({
      code: 'image.invalid',
      message: expect.stringContaining('damaged xz stream'),
      where: { line: 2 },
    });
  });
});
