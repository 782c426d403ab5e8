/** Builds from contexts that clients send: what is linked, what is known without a look, and what is not believed. */
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { storePaths } from '../../../src/store/paths.ts';
import type { BuildRequest, ContextFile, ImageStore } from '../../../src/types.ts';
import { bytes, newFixture } from '../../kernel/support/store.ts';

const fixture = newFixture();
afterEach(fixture.cleanUp);

const LARGE = 'l'.repeat(300 * 1024);
let version = 0;

function listed(contents: Readonly<Record<string, string>>): readonly ContextFile[] {
  version += 1;
  return Object.entries(contents).map(([path, content]) => ({
    path,
    type: 'file',
    mode: 0o640,
    size: content.length,
    mtimeMs: 1_600_000_000_000,
    fingerprint: `${content.length}-${content.slice(0, 20)}-${version}`,
  }));
}

async function sent(store: ImageStore, contents: Readonly<Record<string, string>>): Promise<string> {
  const files = listed(contents);
  const { context, needed } = await store.contexts.open('key', files);
  const wanted = needed.map((at) => Buffer.from(contents[(files[at] as ContextFile).path] as string));
  if (wanted.length > 0) await store.contexts.fill(context, bytes(...wanted));
  return context;
}

type Result = { readonly top: string; readonly cached: boolean };

async function build(
  store: ImageStore,
  context: string,
  lines: string,
  more: Partial<BuildRequest> = {},
): Promise<Result> {
  const statuses: string[] = [];
  const request: BuildRequest = {
    spec: { context: '.' },
    context: more.context ?? (await store.contexts.take(context)),
    dockerfile: `FROM scratch\n${lines}\n`,
    dockerfileName: 'Dockerfile',
    tags: ['app'],
    run: () => Promise.reject(new Error('nothing is run here')),
    onProgress: ({ status }) => void statuses.push(status),
    ...more,
  };
  const id = await store.build(request);
  const [top = ''] = (await store.resolve(id))?.layers ?? [];
  return { top, cached: statuses.some((status) => status.includes('CACHED')) };
}

test('a large file is linked, a small one and one of another owner are not; all are as they were sent', async () => {
  const store = await fixture.open();
  const context = await sent(store, { large: LARGE, small: 'small' });
  const { top } = await build(store, context, 'COPY large small /\nCOPY --chown=1:1 large /');
  const folder = storePaths(join(fixture.folder, 'root')).layers;
  const layers = readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const names = (name: string): readonly number[] =>
    layers
      .map((layer) => lstatSync(join(folder, layer, name), { throwIfNoEntry: false }))
      .flatMap((stats) => (stats === undefined ? [] : [stats.nlink]))
      .sort();
  expect(names('large')).toEqual([1, 2]);
  expect(names('small')).toEqual([1]);
  const stats = lstatSync(join(top, 'small'));
  expect([stats.mode & 0o7777, stats.uid, stats.mtimeMs]).toEqual([0o640, 0, 1_600_000_000_000]);
  expect(readFileSync(join(top, 'large'), 'utf8') === LARGE).toBe(true);
});

test('one file under two names of a layer is two files', async () => {
  const store = await fixture.open();
  const context = await sent(store, { 'd/large': LARGE });
  const { top } = await build(store, context, 'COPY --parents d/large d/./large /x/');
  expect(lstatSync(join(top, 'x/large')).ino).not.toBe(lstatSync(join(top, 'x/d/large')).ino);
});

test('the same files sent again are known; other bytes are not', async () => {
  const store = await fixture.open();
  const lines = 'COPY . /';
  expect(await build(store, await sent(store, { a: 'one', b: LARGE }), lines)).toMatchObject({
    cached: false,
  });
  expect(await build(store, await sent(store, { a: 'one', b: LARGE }), lines)).toMatchObject({
    cached: true,
  });
  const changed = await build(store, await sent(store, { a: 'two', b: LARGE }), lines);
  expect(changed.cached).toBe(false);
  expect(readFileSync(join(changed.top, 'a'), 'utf8')).toBe('two');
});

test('another context under the same name does not change one that a build has taken', async () => {
  const store = await fixture.open();
  const first = await sent(store, { a: 'one' });
  const taken = await store.contexts.take(first);
  await sent(store, { a: 'two' });
  const { top } = await build(store, first, 'COPY . /', { context: taken });
  expect(readFileSync(join(top, 'a'), 'utf8')).toBe('one');
  const again = await build(store, await sent(store, { a: 'one' }), 'COPY . /');
  expect(again.cached).toBe(true);
  expect(readFileSync(join(again.top, 'a'), 'utf8')).toBe('one');
});

test.each([
  ['lost', 'COPY . /', (file: string) => rmSync(file)],
  ['lost', 'COPY d* /', (file: string) => rmSync(join(file, '..'), { recursive: true })],
  ['changed', 'COPY d/a /', (file: string) => replace(file)],
  ['added', 'COPY d /', (file: string) => writeFileSync(`${file}2`, 'x')],
])(
  'a file that was %s where contexts lie ends the build, and %s is not remembered',
  async (_, line, damage) => {
    const store = await fixture.open();
    const files = { 'd/a': 'one', b: 'two' };
    const taken = await store.contexts.take(await sent(store, files));
    damage(join(taken.folder, 'd/a'));
    await expect(build(store, '', line, { context: taken })).rejects.toMatchObject({
      problem: { code: 'build.failed', message: expect.stringContaining('is not as it was sent any more') },
    });
    await taken.remove();
    const whole = await build(store, await sent(store, files), line);
    expect(whole.cached).toBe(false);
    expect(readdirSync(whole.top, { recursive: true }).sort()).toEqual(
      line === 'COPY . /' ? ['b', 'd', 'd/a'] : ['a'],
    );
  },
);

function replace(file: string): void {
  rmSync(file);
  writeFileSync(file, 'other');
}

test('what .dockerignore says counts, also where the same files were sent', async () => {
  const store = await fixture.open();
  const files = { a: 'a', '.dockerignore': 'b', 'X.dockerignore': 'a\nX.dockerignore' };
  await build(store, await sent(store, files), 'COPY . /');
  const other = await build(store, await sent(store, files), 'COPY . /', {
    spec: { context: '.', dockerfile: 'X' },
  });
  expect(other.cached).toBe(false);
  expect(readdirSync(other.top)).toEqual(['.dockerignore']);
});
