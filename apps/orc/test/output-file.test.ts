/** What `-o` leaves: the whole result, or what was there before. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
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

/** `orc image save` of an archive that consists of the chunks; one that is an error ends it. */
async function save(
  file: string,
  chunks: readonly (string | Error)[],
  options: RunOptions = {},
): Promise<Run> {
  await using terminal = await openTerminal();
  async function* saveImages(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      if (chunk instanceof Error) throw chunk;
      yield Buffer.from(chunk);
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
