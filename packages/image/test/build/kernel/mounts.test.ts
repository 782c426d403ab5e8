import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fixture, openFixture, treeLines } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  fixture.write({ 'src/main': 'main', 'src/hidden': 'h', '.dockerignore': '**/hidden\n' });
});
afterAll(() => fixture.close());

const build = async (
  lines: string,
): Promise<{ readonly output: string; readonly lines: readonly string[] }> => {
  const { output, top } = await fixture.build(`FROM busybox\n${lines}\n`);
  return { output, lines: treeLines(top) };
};

test('a cache outlives the step and is no part of the layer', async () => {
  const first = await build('RUN --mount=type=cache,target=/var/c/deep echo one > /var/c/deep/f');
  expect(first.lines).toEqual(['proc/', 'var/']);
  const second = await build('RUN --mount=type=cache,id=/var/c/deep,target=/other cat /other/f');
  expect(second.output).toBe('one\n');
});

test('a cache has its owner and mode', async () => {
  const { output } = await build(
    'RUN --mount=type=cache,target=/c,uid=7,gid=8,mode=751 stat -c "%u %g %a" /c',
  );
  expect(output).toBe('7 8 751\n');
});

test('steps that lock a cache come one after the other', async () => {
  const step =
    'RUN --mount=type=cache,id=l,target=/l,sharing=locked test ! -e /l/in && touch /l/in && sleep 0.2 && rm /l/in';
  const text = `FROM busybox AS a\n${step} # a\nFROM busybox AS b\n${step} # b\nFROM scratch\n`;
  await fixture.build(`${text}COPY --from=a /etc /a\nCOPY --from=b /etc /b\n`);
});

test('a bind shows the context as it is sent, and what is written there is lost', async () => {
  const { output, lines } = await build(
    'WORKDIR /w\nRUN --mount=target=.,rw ls src && echo changed > src/main',
  );
  expect(output).toBe('main\n');
  expect(lines).not.toContain('w/src/');
  expect(readFileSync(join(fixture.context, 'src/main'), 'utf8')).toBe('main');
});

test('a bind is read-only unless it says rw', async () => {
  const problem = await fixture.fail('FROM busybox\nRUN --mount=target=/m touch /m/x\n');
  expect(problem.message).toContain('Read-only file system');
});

test('a bind of a file, of a stage, of an image', async () => {
  const text = [
    'FROM busybox AS s',
    'RUN echo staged > /staged',
    'FROM busybox',
    'RUN --mount=source=src/main,target=/f --mount=from=s,target=/s --mount=from=busybox,source=/etc,target=/e \\',
    '  cat /f /s/staged && test -f /e/passwd',
  ].join('\n');
  const { output, top } = await fixture.build(text);
  expect(output).toBe('mainstaged\n');
  expect(treeLines(top)).toEqual(['proc/']);
});

test('what a bind shows counts for the cache', async () => {
  const text = 'FROM busybox\nRUN --mount=target=/m cat /m/src/main\n';
  await fixture.build(text);
  expect((await fixture.build(text)).cached).toHaveLength(1);
  fixture.write({ 'src/main': 'other' });
  expect((await fixture.build(text)).cached).toEqual([]);
});

test('a tmpfs is empty and gone', async () => {
  const { lines } = await build(
    'RUN --mount=type=tmpfs,target=/t,size=1m touch /t/x && mount | grep -q " /t "',
  );
  expect(lines).toEqual(['proc/']);
});

test('a secret that is not required is not there', async () => {
  const { output } = await build('RUN --mount=type=secret,id=token ls /run/secrets 2>/dev/null; echo $?');
  expect(output).toBe('1\n');
});

test('links in place of the mount’s directory lead the clean-up nowhere (CVE-2024-23652)', async () => {
  const outside = join(fixture.folder, 'outside');
  mkdirSync(join(outside, 'empty'), { recursive: true });
  writeFileSync(join(outside, 'none'), '');
  await build(`RUN --mount=type=tmpfs,target=/m/empty umount /m/empty && rm -r /m && ln -s ${outside} /m`);
  await build(`RUN --mount=source=src/main,target=/n/none umount /n/none && rm -r /n && ln -s ${outside} /n`);
  expect(lstatSync(join(outside, 'empty')).isDirectory()).toBe(true);
  expect(existsSync(join(outside, 'none'))).toBe(true);
});

test('a link where a mount shall be leads to a place in the image', async () => {
  const outside = join(fixture.folder, 'outside');
  mkdirSync(outside, { recursive: true });
  const text = `FROM busybox AS base\nRUN ln -s ${outside} /link\nFROM base\nRUN --mount=type=tmpfs,target=/link/made true\n`;
  await fixture.fail(text).catch(() => undefined);
  expect(existsSync(join(outside, 'made'))).toBe(false);
});

test('who cannot mount says so at its place', async () => {
  const problem = await fixture.fail('FROM busybox\nRUN --mount=type=tmpfs,target=/t true\n', {
    runMounts: false,
  });
  expect(problem).toMatchObject({ code: 'input.unsupported', where: { line: 2 } });
});

describe('secrets', () => {
  const VALUE = `hush-${'x'.repeat(20)}`;
  const secrets = { token: Buffer.from(`${VALUE}\n`) };

  test('are files of their owner, and variables where that is said', async () => {
    const text = [
      'FROM busybox',
      'RUN --mount=type=secret,id=token stat -c "%u %g %a" /run/secrets/token && wc -c < /run/secrets/token',
      'RUN --mount=type=secret,id=token,target=/k,mode=440,uid=3,gid=4 stat -c "%u %g %a" /k && grep -c hush /k',
      'RUN --mount=type=secret,id=token,env=T echo "${#T}"; ls -d /run 2>&1 || true',
    ].join('\n');
    const { output } = await fixture.build(text, { secrets });
    expect(output).toBe('0 0 400\n26\n3 4 440\n1\n26\nls: /run: No such file or directory\n');
  });

  test('are in no layer, no config, no history and no record, also when the step fails', async () => {
    const steps = ['id=token grep -q hush /run/secrets/token', 'id=token,env=T test -n "$T"'];
    const lines = steps.map((step) => `RUN --mount=type=secret,${step}\n`).join('');
    const { id, top } = await fixture.build(`FROM busybox\n${lines}`, { secrets });
    expect(treeLines(top)).toEqual([]);
    const failing = 'FROM busybox\nRUN --mount=type=secret,id=token,env=T test -e /run/secrets/nothing\n';
    expect(JSON.stringify(await fixture.fail(failing, { secrets }))).not.toContain(VALUE);
    expect(JSON.stringify([await fixture.store.inspect(id), await fixture.store.history(id)])).not.toContain(
      VALUE,
    );
    const found = spawnSync('grep', ['-rlaF', VALUE, fixture.folder], { encoding: 'utf8' });
    expect([found.status, found.stdout]).toEqual([1, '']);
  });

  test('of another content give the same step out of the cache, also when they are not given', async () => {
    const text = 'FROM busybox\nRUN --mount=type=secret,id=token,required cat /run/secrets/token | wc -c\n';
    const first = await fixture.build(text, { secrets });
    const other = await fixture.build(text, { secrets: { token: Buffer.from('other') } });
    expect([other.id, other.cached]).toEqual([first.id, (await fixture.build(text)).cached]);
    expect(other.cached).toHaveLength(1);
  });

  test('that are required and were not given are named at their place', async () => {
    const text = 'FROM busybox\nRUN --mount=type=secret,id=gone,required cat /run/secrets/gone\n';
    expect(await fixture.fail(text, { secrets })).toMatchObject({
      code: 'input.missing',
      message: 'the build was not given the secret gone, which the step needs',
      where: { line: 2 },
    });
  });

  test('with a zero byte are no variables', async () => {
    const text = 'FROM busybox\nRUN --mount=type=secret,id=token,env=T true\n';
    const problem = await fixture.fail(text, { secrets: { token: Buffer.from('a\0b') }, noCache: true });
    expect(problem).toMatchObject({ code: 'input.invalid', where: { line: 2 } });
  });
});

describe('a cache whose content changes under a step (CVE-2024-23651)', () => {
  test('has no source within it: there is no path that a link could turn elsewhere', async () => {
    const mount = 'RUN --mount=type=cache,id=race,source=sub,target=/c ls /c';
    expect(await fixture.fail(`FROM busybox\n${mount}\n`)).toMatchObject({
      message: expect.stringContaining('source'),
      where: { line: 2 },
    });
  });

  test('shows no file of the host, whatever another step puts into it meanwhile', async () => {
    const outside = join(fixture.folder, 'outside');
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, 'marker'), 'of the host');
    const mount = 'RUN --mount=type=cache,id=race,target=/c';
    const flip = `rm -rf /c/sub; mkdir /c/sub; rm -rf /c/sub; ln -s ${outside} /c/sub`;
    const text = [
      'FROM busybox AS flips',
      `${mount} for i in $(seq 300); do ${flip}; done; touch /flipped`,
      'FROM busybox AS reads',
      `${mount} for i in $(seq 300); do cat /c/sub/marker /c/../c/sub/marker; done 2>/dev/null; touch /read`,
      `${mount},readonly=true ls -d /c/sub; cat /c/sub/marker || true`,
      'FROM scratch',
      'COPY --from=flips /flipped /',
      'COPY --from=reads /read /',
    ].join('\n');
    const { output } = await fixture.build(text);
    expect(output).toContain('/c/sub');
    expect(output).not.toContain('of the host');
    expect(readFileSync(join(outside, 'marker'), 'utf8')).toBe('of the host');
  });
});
