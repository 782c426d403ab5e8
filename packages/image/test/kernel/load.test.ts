/** docker-archives whose single layers are compressed, each in its own way. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { toProblem } from '@orc/model';
import { encodeHeader, entryOf, padding, trailer } from '../../src/tar/writer.ts';
import { bytes, newFixture } from './support/store.ts';

const fixture = newFixture();
afterEach(fixture.cleanUp);

const digestOf = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const through = (program: string, data: Buffer): Buffer => execFileSync(program, ['-c'], { input: data });
const file = (path: string, content: string | Buffer): Buffer => {
  const data = Buffer.from(content);
  const header = encodeHeader(entryOf({ path, type: 'file', size: data.length }));
  return Buffer.concat([header, data, padding(data.length)]);
};
const layer = (name: string): Buffer => Buffer.concat([file(name, `in ${name}`.repeat(500)), trailer()]);

const PACKED: readonly (readonly [string, (data: Buffer) => Buffer])[] = [
  ['none', (data) => data],
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
  ['xz', (data) => through('xz', data)],
  ['bzip2', (data) => through('bzip2', data)],
];

function archive(layers: readonly Buffer[], packed: readonly Buffer[]): readonly Buffer[] {
  const config = JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
  });
  const paths = packed.map((_, index) => `${index}/layer.tar`);
  const manifest = JSON.stringify([{ Config: 'c.json', RepoTags: ['packed:1'], Layers: paths }]);
  const members = packed.map((data, index) => file(paths[index] as string, data));
  return [...members, file('c.json', config), file('manifest.json', manifest), trailer()];
}

test('layers of every compression load, and are saved again as any reader takes them', async () => {
  const layers = PACKED.map(([name]) => layer(name));
  const packed = PACKED.map(([, pack], index) => pack(layers[index] as Buffer));
  const store = await fixture.open();
  expect(await store.load(bytes(...archive(layers, packed)))).toEqual(['packed:1']);
  const resolved = await store.resolve('packed:1');
  const read = PACKED.map(([name], index) => readFileSync(join(resolved?.layers[index] ?? '', name), 'utf8'));
  expect(read).toEqual(PACKED.map(([name]) => `in ${name}`.repeat(500)));
  const saved: Uint8Array[] = [];
  for await (const chunk of store.save(['packed:1'])) saved.push(chunk);
  const other = await fixture.open('other');
  expect(await other.load(bytes(...saved))).toEqual(['packed:1']);
  expect((await other.resolve('packed:1'))?.id).toBe(resolved?.id);
  // The compressed ones that are no part of the image are gone.
  const blobs = execFileSync('ls', [join(fixture.folder, 'root/images/blobs/sha256')], { encoding: 'utf8' });
  for (const index of [3, 4]) expect(blobs).not.toContain(digestOf(packed[index] as Buffer).slice(7));
  expect(blobs.trim().split('\n')).toHaveLength(PACKED.length + 2);
});

test.each(['xz', 'bzip2'])(
  'a damaged layer of %s, or another than the config says, leaves nothing',
  async (program) => {
    const [plain, other] = [layer('a'), layer('b')];
    const whole = through(program, plain);
    const store = await fixture.open();
    for (const packed of [whole.subarray(0, whole.length / 2), through(program, other)]) {
      const problem = await store.load(bytes(...archive([plain], [packed]))).catch(toProblem);
      expect(problem).toMatchObject({ code: 'image.invalid' });
      const left = ['images/blobs/sha256', 'images/ingest', 'layers/new'].map((folder) =>
        execFileSync('ls', [join(fixture.folder, 'root', folder)], { encoding: 'utf8' }),
      );
      expect(left).toEqual(['', '', '']);
    }
  },
);

test('a store that is closed twice closes nothing of others', async () => {
  const store = await fixture.open('twice');
  await store.close();
  const numbers = Array.from({ length: 32 }, () => openSync('/dev/null', 'r'));
  await store.close();
  for (const fd of numbers) closeSync(fd);
});
