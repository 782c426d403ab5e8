import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openContexts as open } from '../../src/context/contexts.ts';
import { openUses } from '../../src/store/uses.ts';
import { openThreads, type Threads } from '../../src/thread/threads.ts';
import type { ContextFile, Contexts } from '../../src/types.ts';

let root: string;
let threads: Threads;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'orc-contexts-'));
  threads = openThreads();
});
afterEach(async () => {
  await threads.close();
  rmSync(root, { recursive: true, force: true });
});

const openContexts = (folder: string): Contexts =>
  open(join(folder, 'contexts'), { threads, uses: openUses(), clock: Date });

const entry = (path: string, type: ContextFile['type'], content = ''): ContextFile => ({
  path,
  type,
  mode: 0o755,
  size: content.length,
  mtimeMs: 0,
  fingerprint: `${type}:${content}`,
});

async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

/** As a client does; where the files lie. */
async function send(files: readonly ContextFile[], text: string): Promise<string> {
  const contexts = openContexts(root);
  const { context, needed } = await contexts.open('key', files);
  if (needed.length > 0) await contexts.fill(context, bytes(text));
  return (await contexts.take(context)).folder;
}

test('what is known is not asked for again, and what is gone goes', async () => {
  const folder = await send([entry('a', 'file', 'one'), entry('b', 'file', 'two')], 'onetwo');
  expect(await send([entry('a', 'file', 'one')], '')).toBe(folder);
  expect(readdirSync(folder)).toEqual(['a']);
});

test('a file stays where the folder above it is left out of the list', async () => {
  const kept = entry('d/a', 'file', 'one');
  await send([entry('d', 'directory'), entry('d/b', 'file', 'two'), kept], 'twoone');
  const folder = await send([kept], '');
  expect(readFileSync(join(folder, 'd/a'), 'utf8')).toBe('one');
  expect(readdirSync(join(folder, 'd'))).toEqual(['a']);
});

test('files that somebody copied into their places come again', async () => {
  const files = [entry('a', 'file', 'one')];
  await send(files, 'one');
  cpSync(join(root, 'contexts'), join(root, 'restored/contexts'), {
    recursive: true,
    preserveTimestamps: true,
  });
  expect(await openContexts(join(root, 'restored')).open('key', files)).toMatchObject({ needed: [0] });
});

test('a folder that only a file of it named goes with that file', async () => {
  await send([entry('d/e/a', 'file', 'one'), entry('b', 'file', 'two')], 'onetwo');
  expect(readdirSync(await send([entry('b', 'file', 'two')], ''))).toEqual(['b']);
});

test.each([
  ['twice', [entry('a', 'file', 'one'), entry('a', 'file', 'two')]],
  ['in a file', [entry('a', 'file', 'one'), entry('a/b', 'file', 'two')]],
  ['in a link', [entry('a/b', 'file', 'two'), entry('a', 'symlink')]],
])('a path that comes %s is refused', async (_, files) => {
  await expect(openContexts(root).open('key', files)).rejects.toMatchObject({
    problem: { code: 'input.invalid', message: 'invalid path in a build context: "a"' },
  });
});

test('what a build has taken stays as it is while another listing of the same context comes', async () => {
  const contexts = openContexts(root);
  const bring = async (files: readonly ContextFile[], text: string): Promise<string> => {
    const { context, needed } = await contexts.open('key', files);
    if (needed.length > 0) await contexts.fill(context, bytes(text));
    return context;
  };
  const first = await contexts.take(
    await bring([entry('a', 'file', 'one'), entry('b', 'file', 'b')], 'oneb'),
  );
  const second = await contexts.take(await bring([entry('a', 'file', 'two')], 'two'));
  expect(['a', 'b'].map((name) => readFileSync(join(first.folder, name), 'utf8'))).toEqual(['one', 'b']);
  expect(readdirSync(second.folder)).toEqual(['a']);
  expect(readFileSync(join(second.folder, 'a'), 'utf8')).toBe('two');
  for (const each of [first, second]) await each.remove();
  const third = await contexts.take(await bring([entry('a', 'file', 'two')], 'two'));
  expect(third.folder).toBe(first.folder);
});

test('a transfer whose files another one has removed meanwhile is refused, whenever it goes on', async () => {
  const contexts = openContexts(root);
  const files = [entry('a', 'file', 'one'), entry('b', 'file', 'two')];
  await send(files.slice(0, 1), 'one');
  const whole = await contexts.open('key', files);
  expect(whole.needed).toEqual([1]);
  const other = await contexts.open('key', files.slice(1));
  await contexts.fill(other.context, bytes('two'));
  const inUse = { problem: { code: 'conflict.inuse', retry: true } };
  await expect(contexts.fill(whole.context, bytes('two'))).rejects.toMatchObject(inUse);
  await expect(contexts.take(whole.context)).rejects.toMatchObject(inUse);
});

test('two transfers of one context at once: the second leaves alone what a build may read by then', async () => {
  const contexts = openContexts(root);
  const files = [entry('d', 'directory'), entry('d/a', 'file', 'one'), entry('b', 'file', 'two')];
  const [first, second] = await Promise.all([contexts.open('key', files), contexts.open('key', files)]);
  expect(second.needed).toEqual([1, 2]);
  await contexts.fill(first.context, bytes('onetwo'));
  const { folder } = await contexts.take(first.context);
  const before = ['d', 'd/a', 'b'].map((path) => statSync(join(folder, path), { bigint: true }).ctimeNs);
  await contexts.fill(second.context, bytes('onetwo'));
  expect(['d', 'd/a', 'b'].map((path) => statSync(join(folder, path), { bigint: true }).ctimeNs)).toEqual(
    before,
  );
});

test.each([
  ['a file', entry('x', 'file', 'new'), 'x'],
  ['a folder', entry('x/host', 'file', 'new'), 'x/host'],
  ['a folder that is listed', entry('x', 'directory'), ''],
])('a link that a transfer cut off left in the place of %s is not followed', async (_, file, path) => {
  const outside = join(root, 'outside');
  mkdirSync(outside, { mode: 0o700 });
  const folder = await send([entry('y', 'file', 'y')], 'y');
  symlinkSync(path === 'x' ? join(outside, 'host') : outside, join(folder, 'x'));
  unlinkSync(join(folder, '../context.json'));
  await send([file], 'new');
  expect(readdirSync(outside)).toEqual([]);
  expect(statSync(outside).mode & 0o777).toBe(0o700);
  if (path !== '') expect(readFileSync(join(folder, path), 'utf8')).toBe('new');
});

test('two that send the same context at once both have it whole', async () => {
  const contexts = openContexts(root);
  const files = [
    entry('a', 'file', 'one'),
    entry('d', 'directory'),
    entry('d/l', 'symlink'),
    entry('d/b', 'file', 'two'),
  ];
  const named = files.map((file) => (file.type === 'symlink' ? { ...file, linkname: '../a' } : file));
  const opened = await Promise.all([contexts.open('key', named), contexts.open('key', named)]);
  await Promise.all(opened.map(({ context }) => contexts.fill(context, bytes('onetwo'))));
  for (const { context } of opened) {
    const { folder } = await contexts.take(context);
    expect(['a', 'd/b', 'd/l'].map((path) => readFileSync(join(folder, path), 'utf8'))).toEqual([
      'one',
      'two',
      'one',
    ]);
  }
});

test('one that comes as an archive is there for one build, and goes with it', async () => {
  const contexts = openContexts(root);
  writeFileSync(join(root, 'one'), '');
  const made = spawnSync('tar', ['-C', root, '-z', '-c', 'one']).stdout;
  const whole = async function* (): AsyncIterable<Uint8Array> {
    yield made;
  };
  const { context } = await contexts.unpack(whole());
  const { folder, remove } = await contexts.take(context);
  expect(readdirSync(folder)).toEqual(['one']);
  await expect(contexts.take(context)).rejects.toThrow('no such build context');
  await remove();
  expect(readdirSync(join(root, 'contexts'))).toEqual([]);
});

test('a damaged archive, or one that leads out of its folder, leaves nothing', async () => {
  const contexts = openContexts(root);
  mkdirSync(join(root, 'below'));
  writeFileSync(join(root, 'up'), '');
  const outside = spawnSync('tar', ['-P', '-C', join(root, 'below'), '-c', '../up']).stdout;
  for (const archive of [outside, Buffer.alloc(700, 'x')]) {
    const whole = async function* (): AsyncIterable<Uint8Array> {
      yield archive;
    };
    await expect(contexts.unpack(whole())).rejects.toMatchObject({ problem: { code: 'image.invalid' } });
  }
  expect(readdirSync(join(root, 'contexts'))).toEqual([]);
});
