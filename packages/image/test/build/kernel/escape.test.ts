/** Nothing that a context, an archive or an image says leads out of it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fixture, openFixture, treeLines } from './fixture.ts';

let fixture: Fixture;
let outside: string;
beforeAll(async () => {
  fixture = await openFixture();
  outside = join(fixture.folder, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'marker'), 'untouched');
  fixture.write({ 'dir/file': 'evil', file: 'evil', '.dockerignore': 'secret\nhidden/*\n!hidden/shown\n' });
  fixture.write({ secret: 's', 'hidden/secret': 's', 'hidden/shown': 'ok', 'hidden/sub/secret': 's' });
  symlinkSync(outside, join(fixture.context, 'absolute'));
  symlinkSync('../outside', join(fixture.context, 'relative'));
  symlinkSync('secret', join(fixture.context, 'to-secret'));
});
afterAll(async () => {
  expect(readFileSync(join(outside, 'marker'), 'utf8')).toBe('untouched');
  await fixture.close();
});

describe('the context', () => {
  test('the exploit is one: the host would follow these links', () => {
    expect(realpathSync(join(fixture.context, 'absolute'))).toBe(realpathSync(outside));
    expect(realpathSync(join(fixture.context, 'relative'))).toBe(realpathSync(outside));
  });
  test.each([
    'absolute/marker',
    'relative/marker',
    'absolute',
    'rel*/marker',
    '../outside/marker',
    './dir/../../outside/marker',
  ])('COPY %s reads nothing outside', async (source) => {
    expect(await fixture.fail(`FROM scratch\nCOPY ${source} /got\n`)).toMatchObject({
      message: expect.stringContaining('is not found'),
    });
  });
  test.each(['secret', './dir/../secret', 's*t', 'to-secret', 'hidden/secret', 'hidden/sub'])(
    '.dockerignore hides %s by every name',
    async (source) => {
      expect(await fixture.fail(`FROM scratch\nCOPY ${source} /got\n`)).toMatchObject({
        message: expect.stringContaining('is not found'),
      });
    },
  );
  test('and from directories, but for what it brings back', async () => {
    const { top } = await fixture.build('FROM scratch\nCOPY . /\n');
    const lines = treeLines(top);
    expect(lines).toContain('hidden/shown');
    expect(lines.filter((line) => line.endsWith('secret') && line !== 'to-secret')).toEqual([]);
  });
});

describe('links in the image lead to places in the image', () => {
  const links = (target: string): string => `FROM busybox AS base\nRUN ln -s ${target} /evil\nFROM base\n`;

  test.each(['/', '/../../../../..', '../../../../../..'])('COPY to a link to %s', async (target) => {
    const { top } = await fixture.build(`${links(target)}COPY file /evil/landed\n`);
    expect(treeLines(top)).toEqual(['landed']);
  });
  test('COPY over a link to a host path writes into the image', async () => {
    const { top } = await fixture.build(`${links(outside)}COPY file /evil/new/marker\n`);
    expect(readFileSync(join(top, outside, 'new/marker'), 'utf8')).toBe('evil');
    expect(existsSync(join(outside, 'new'))).toBe(false);
  });
  test('COPY onto a link replaces the link', async () => {
    const { top } = await fixture.build(`${links(join(outside, 'marker'))}COPY file /evil\n`);
    expect(treeLines(top)).toEqual(['evil']);
  });
  test('a directory of the context goes through links of the image, inside', async () => {
    const { top } = await fixture.build(
      `FROM busybox AS base\nRUN mkdir /real && ln -s /real /dir\nFROM base\nCOPY . /\n`,
    );
    expect(treeLines(top)).toContain('real/file');
  });
  test('WORKDIR through a link', async () => {
    const { top } = await fixture.build(`${links(outside)}WORKDIR /evil/made\n`);
    expect(existsSync(join(top, outside, 'made'))).toBe(true);
    expect(existsSync(join(outside, 'made'))).toBe(false);
  });
  test('COPY --from reads through links of the stage, inside', async () => {
    const make = `ln -s ${outside} /evil && mkdir -p ${outside} && echo inner > ${outside}/marker`;
    const text = `FROM busybox AS base\nRUN ${make}\n`;
    const { top } = await fixture.build(`${text}FROM scratch\nCOPY --from=base /evil/marker /got\n`);
    expect(readFileSync(join(top, 'got'), 'utf8')).toBe('inner\n');
  });
  test('two links in a circle are no directory', async () => {
    const text = 'FROM busybox AS base\nRUN ln -s b /a && ln -s a /b\nFROM base\nCOPY file /a/x\n';
    expect(await fixture.fail(text)).toMatchObject({ message: '/a is no directory in the image' });
  });
});

/** Members in the order given, by GNU tar's own means to write hostile names. */
function archive(name: string, script: string): void {
  const work = join(fixture.folder, `pack-${name}`);
  mkdirSync(work);
  execFileSync('sh', ['-ec', script, 'sh', join(fixture.context, name), outside], { cwd: work });
}

describe('archives', () => {
  test('a link first, then a file through it', async () => {
    archive(
      'link.tar',
      'ln -s "$2" d; tar -cf "$1" d; rm d; mkdir d; echo evil > d/marker; tar -rf "$1" d/marker',
    );
    const { top } = await fixture.build('FROM scratch\nADD link.tar /x/\n');
    expect(readFileSync(join(top, outside, 'marker'), 'utf8')).toBe('evil\n');
  });
  test('`..` and absolute names', async () => {
    archive(
      'dots.tar',
      'echo evil > m; tar -cPf "$1" --transform "s,m,../../../m," m; ' +
        'tar -rPf "$1" --transform "s,m,/abs/m," m',
    );
    const { top } = await fixture.build('FROM scratch\nADD dots.tar /x/\n');
    expect(treeLines(top)).toEqual(['x/', 'x/abs/', 'x/abs/m', 'x/m']);
  });
  test('a hard link to the host, or to a lower layer, is refused', async () => {
    archive(
      'hard.tar',
      'echo m > m; ln m n; tar -cPf "$1" --transform "s,^m$,$2/marker," m n; ' +
        'tar --delete -Pf "$1" "$2/marker"',
    );
    expect(await fixture.fail('FROM scratch\nADD hard.tar /x/\n')).toMatchObject({
      message: expect.stringContaining('hard link'),
    });
  });
});

test('a link in place of the script is removed, its target is not (CVE-2024-23652)', async () => {
  const exploit = `rm /.orc-run-EOF; ln -s ${join(outside, 'marker')} /.orc-run-EOF`;
  const text = `FROM busybox\nRUN <<EOF\n#!/bin/sh\n${exploit}\nEOF\n`;
  const { top } = await fixture.build(text);
  expect(existsSync(join(top, '.orc-run-EOF'))).toBe(false);
});

test('values of build arguments are in no config, history or layer of the image', async () => {
  const text = 'FROM busybox\nARG TOKEN\nRUN test ${#TOKEN} = 12\nCMD ["sh"]\n';
  const { id } = await fixture.build(text, { args: { TOKEN: 's3cr3t-value' } });
  const chunks: Uint8Array[] = [];
  for await (const chunk of fixture.store.save([id])) chunks.push(chunk);
  expect(Buffer.concat(chunks).includes('s3cr3t-value')).toBe(false);
});
