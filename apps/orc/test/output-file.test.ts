/** What `-o` leaves: the whole result, or what was there before. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '@orc/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FIXTURES, type Run, type RunOptions, openTerminal } from './cli.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-output-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const kept = (): readonly string[] => readdirSync(folder).sort();
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** `orc image save` of an archive that consists of the chunks; one that is an error ends it, one that is a function is called. */
async function save(
  file: string,
  chunks: readonly (string | Error | (() => void))[],
  options: RunOptions = {},
): Promise<Run> {
  await using terminal = await openTerminal();
  async function* saveImages(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      if (chunk instanceof Error) throw chunk;
      if (typeof chunk === 'function') chunk();
      else yield Buffer.from(chunk);
    }
  }
  Object.assign(terminal.memory, { saveImages });
  return await terminal.run(['image', 'save', '-o', file, 'busybox'], { cwd: folder, ...options });
}

const gone = fail('notfound.image', 'there is no image nosuch');

test.each([
  ['before the first byte', [gone]],
  ['in the middle', ['half', gone]],
])('a save that fails %s leaves the file as it was, and none where none was', async (_, chunks) => {
  writeFileSync(join(folder, 'old.tar'), 'precious');
  expect((await save('old.tar', chunks)).code).not.toBe(0);
  expect((await save('new.tar', chunks)).code).not.toBe(0);
  expect([kept(), text('old.tar')]).toEqual([['old.tar'], 'precious']);
});

test('one that succeeds replaces what was there, with its mode, and what a link leads to', async () => {
  writeFileSync(join(folder, 'old.tar'), 'a longer text than the new one');
  chmodSync(join(folder, 'old.tar'), 0o604);
  symlinkSync('old.tar', join(folder, 'link'));
  expect(await save('link', ['new ', 'one'])).toMatchObject({ code: 0, stderr: '' });
  expect([kept(), text('old.tar')]).toEqual([['link', 'old.tar'], 'new one']);
  expect(statSync(join(folder, 'old.tar')).mode & 0o777).toBe(0o604);
});

test('while it is written nobody reads it who could not read the one before', async () => {
  writeFileSync(join(folder, 'old.tar'), 'secret', { mode: 0o600 });
  const modes: number[] = [];
  const look = (): void => {
    for (const name of kept()) modes.push(statSync(join(folder, name)).mode & 0o7777);
  };
  expect((await save('old.tar', [look, 'still ', look, 'secret', look])).code).toBe(0);
  expect(modes).toEqual(Array.from({ length: 6 }, () => 0o600));
  expect([text('old.tar'), statSync(join(folder, 'old.tar')).mode & 0o7777]).toEqual(['still secret', 0o600]);
});

test('a file of another user stays his', async () => {
  const file = join(folder, 'old.tar');
  writeFileSync(file, 'his');
  chownSync(file, 1234, 4321);
  chmodSync(file, 0o2646);
  expect((await save('old.tar', ['new'])).code).toBe(0);
  const { uid, gid, mode } = statSync(file);
  expect([text('old.tar'), uid, gid, mode & 0o7777]).toEqual(['new', 1234, 4321, 0o2646]);
});

test('a link whose file is not there yet stays one, also through other links', async () => {
  mkdirSync(join(folder, 'real/deep'), { recursive: true });
  symlinkSync('real/deep', join(folder, 'short'));
  // Seen from real/deep: the folder beside it is real.
  symlinkSync('short/../new.tar', join(folder, 'second'));
  symlinkSync(join(folder, 'second'), join(folder, 'first'));
  expect(await save('first', ['new'])).toMatchObject({ code: 0, stderr: '' });
  expect(kept()).toEqual(['first', 'real', 'second', 'short']);
  expect([text('real/new.tar'), readlinkSync(join(folder, 'second'))]).toEqual(['new', 'short/../new.tar']);
});

test('links that lead nowhere are refused, and stay', async () => {
  symlinkSync('two', join(folder, 'one'));
  symlinkSync('one', join(folder, 'two'));
  symlinkSync('none/x', join(folder, 'astray'));
  expect((await save('one', ['new'])).code).not.toBe(0);
  expect((await save('astray', ['new'])).code).not.toBe(0);
  expect(kept()).toEqual(['astray', 'one', 'two']);
});

test('what is no plain file is written to as it is', async () => {
  expect((await save('/dev/null', ['new'])).code).toBe(0);
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
});

test.each([
  ['sub', 'sub is a folder'],
  ['none/x.tar', 'none/x.tar is not there'],
])('%s is named in the refusal', async (file, message) => {
  mkdirSync(join(folder, 'sub'));
  const { code, stderr } = await save(file, ['new']);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(kept()).toEqual(['sub']);
});

test('config -o of files with problems leaves what was there', async () => {
  await using terminal = await openTerminal();
  writeFileSync(join(folder, 'old.yaml'), 'precious');
  const config = (files: string): Promise<Run> =>
    terminal.run(['-f', join(FIXTURES, files, 'compose.yaml'), 'config', '-o', 'old.yaml'], { cwd: folder });
  expect((await config('broken')).code).toBe(2);
  expect([kept(), text('old.yaml')]).toEqual([['old.yaml'], 'precious']);
  expect((await config('shop')).code).toBe(0);
  expect([kept(), text('old.yaml')]).toEqual([['old.yaml'], expect.stringMatching(/^name: shop\n/)]);
});
