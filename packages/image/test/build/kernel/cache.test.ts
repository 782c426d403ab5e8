import { chmodSync, lstatSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fixture, openFixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  fixture.write({ 'src/a': 'aaaa', 'src/b': 'bbbb', other: 'x' });
});
afterAll(() => fixture.close());

const TEXT = 'FROM busybox\nCOPY src /src\nRUN cat /src/a\n';
const steps = async (): Promise<number> => (await fixture.build(TEXT)).cached.length;
const change = async (work: () => void): Promise<number> => {
  await fixture.build(TEXT);
  expect(await steps()).toBe(2);
  work();
  return steps();
};
const path = (name: string): string => join(fixture.context, name);

test('files that no step copies do not count', async () => {
  expect(await change(() => writeFileSync(path('other'), 'changed'))).toBe(2);
});
test('times do not count', async () => {
  expect(await change(() => utimesSync(path('src/a'), 1, 1))).toBe(2);
});
test('bytes count', async () => {
  expect(await change(() => writeFileSync(path('src/a'), 'AAAA'))).toBe(0);
});
test('modes count', async () => {
  expect(await change(() => chmodSync(path('src/a'), 0o700))).toBe(0);
});
test('names count', async () => {
  expect(await change(() => writeFileSync(path('src/c'), 'aaaa'))).toBe(0);
});

test('bytes count even where size and mtime were put back, for ctime was not', async () => {
  const { mtime } = lstatSync(path('src/b'));
  await later(150);
  expect(
    await change(() => {
      writeFileSync(path('src/b'), 'BBBB');
      utimesSync(path('src/b'), mtime, mtime);
    }),
  ).toBe(0);
});

test.each([
  ['ENV', 'FROM busybox\nENV A=1\nRUN echo x\n', 'FROM busybox\nENV A=2\nRUN echo x\n'],
  ['ARG', 'FROM busybox\nARG A=1\nRUN echo x\n', 'FROM busybox\nARG A=2\nRUN echo x\n'],
  ['USER', 'FROM busybox\nUSER 0\nRUN echo x\n', 'FROM busybox\nUSER 1\nRUN echo x\n'],
  [
    'SHELL',
    'FROM busybox\nSHELL ["sh","-c"]\nRUN echo x\n',
    'FROM busybox\nSHELL ["sh","-ec"]\nRUN echo x\n',
  ],
  [
    'HEALTHCHECK',
    'FROM busybox\nHEALTHCHECK NONE\nRUN echo x\n',
    'FROM busybox\nHEALTHCHECK CMD a\nRUN echo x\n',
  ],
  ['ONBUILD', 'FROM busybox\nONBUILD RUN a\nRUN echo x\n', 'FROM busybox\nONBUILD RUN b\nRUN echo x\n'],
  ['--network', 'FROM busybox\nRUN echo x\n', 'FROM busybox\nRUN --network=none echo x\n'],
  ['--chown', 'FROM busybox\nCOPY other /\n', 'FROM busybox\nCOPY --chown=1 other /\n'],
  ['heredoc', 'FROM busybox\nCOPY <<E /f\n1\nE\n', 'FROM busybox\nCOPY <<E /f\n2\nE\n'],
  ['scratch', 'FROM busybox\nCOPY other /\n', 'FROM scratch\nCOPY other /\n'],
])('%s counts: a record cannot be had for another build (CVE-2024-24557)', async (_name, one, two) => {
  await fixture.build(one);
  expect((await fixture.build(one)).cached).toHaveLength(1);
  expect((await fixture.build(two)).cached).toEqual([]);
});

test('a build argument counts where it is declared, a proxy never', async () => {
  const text = 'FROM busybox\nARG X\nRUN echo "$X$http_proxy"\n';
  const { output } = await fixture.build(text, { args: { X: '1', http_proxy: 'p:1' } });
  expect(output).toContain('1p:1');
  expect((await fixture.build(text, { args: { X: '1', http_proxy: 'p:2' } })).cached).toHaveLength(1);
  expect((await fixture.build(text, { args: { X: '2' } })).cached).toEqual([]);
});

test('noCache does all again', async () => {
  await fixture.build(TEXT);
  expect((await fixture.build(TEXT, { noCache: true })).cached).toEqual([]);
});

test('a stage that was built anew but gives the same files changes nothing', async () => {
  const text = (extra: string): string =>
    `FROM busybox AS s\nRUN echo same > /file; echo ${extra} > /log\nFROM busybox\nCOPY --from=s /file /\n`;
  await fixture.build(text('one'));
  const { cached } = await fixture.build(text('two'));
  expect(cached).toEqual([expect.stringContaining('COPY --from=s')]);
});
