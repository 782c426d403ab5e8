/** What `image build` takes besides a folder: how standard input is told apart, and what `--secret` says. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isArchive, readGiven } from '../src/context/stdin.ts';
import { secretsFrom } from '../src/spec/secrets.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-input-'));
  writeFileSync(join(folder, 'token'), 'from a file');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function* chunks(data: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

describe('standard input', () => {
  const FORMATS = ['-H v7', '-H ustar', '-H gnu', '-H posix', '-z', '-j', '-J', '--zstd'];
  test.each(FORMATS)('tar %s is an archive, passed on as it came', async (flags) => {
    const made = spawnSync('tar', ['-C', folder, ...flags.split(' '), '-c', 'token']).stdout;
    const given = await readGiven(chunks(made, 100));
    if (given.kind !== 'archive') throw new Error('it was taken for a Dockerfile');
    const parts: Uint8Array[] = [];
    for await (const part of given.chunks) parts.push(part);
    expect(Buffer.concat(parts).equals(made)).toBe(true);
  });

  test.each(['', 'FROM scratch\n', `# ${'x'.repeat(5000)}\nFROM scratch\n`])(
    '%.20s is a Dockerfile',
    async (text) => {
      expect(await readGiven(chunks(Buffer.from(text), 7))).toEqual({ kind: 'dockerfile', text });
    },
  );

  test('an empty archive is one, a changed header is none', () => {
    expect(isArchive(Buffer.alloc(1024))).toBe(true);
    const header = spawnSync('tar', ['-C', folder, '-c', 'token']).stdout.subarray(0, 512);
    expect(isArchive(header)).toBe(true);
    header.write('x', 300);
    expect(isArchive(header)).toBe(false);
  });

  test('a Dockerfile without an end is not read to it', async () => {
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(65_536, 'y\n');
    };
    await expect(readGiven(endless())).rejects.toThrow('has over 4194304 bytes');
  });
});

describe('--secret', () => {
  const env = { TOKEN: 'from outside', token: 'of that name' };
  const read = (...words: readonly string[]): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(secretsFrom(words, { cwd: folder, env })).map(([id, text]) => [
        id,
        Buffer.from(text, 'base64').toString(),
      ]),
    );

  test.each([
    ['id=t,src=token', 'from a file'],
    ['id=t,source=./token', 'from a file'],
    ['type=file,id=t,src=token', 'from a file'],
    ['id=t,env=TOKEN', 'from outside'],
    ['type=env,id=t,src=TOKEN', 'from outside'],
  ])('%s', (word, content) => expect(read(word)).toEqual({ t: content }));

  test('an id alone is a variable, or else a file of that name', () => {
    expect(read('id=token')).toEqual({ token: 'of that name' });
    expect(secretsFrom(['id=token'], { cwd: folder, env: {} })).toEqual({ token: btoa('from a file') });
  });

  test.each([
    ['src=token', 'has no id'],
    ['id=', 'has no id'],
    ['token', 'has the unknown part token'],
    ['id=t,mode=400', 'has the unknown part mode=400'],
    ['id=t,type=ssh', 'has the unknown type ssh'],
    ['id=t,src=nosuch', 'is not there'],
    ['id=t,src=.', 'is not there'],
    ['id=t,env=NOSUCH', 'the variable NOSUCH of the secret t is not set'],
  ])('%s: %s', (word, message) => expect(() => read(word)).toThrow(message));

  test('as large as docker takes, and no larger', () => {
    writeFileSync(join(folder, 'large'), Buffer.alloc(500 * 1024));
    expect(read('id=l,src=large')['l']).toHaveLength(500 * 1024);
    writeFileSync(join(folder, 'large'), Buffer.alloc(500 * 1024 + 1));
    expect(() => read('id=l,src=large')).toThrow('has over 512000 bytes');
  });
});
