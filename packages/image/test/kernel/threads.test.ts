/** Jobs of threads: what they say when the input breaks, when the caller gives up, and when the thread goes. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeHeader, entryOf, padding, trailer } from '../../src/tar/writer.ts';
import { openThreads, type Threads } from '../../src/thread/threads.ts';

let folder: string;
let threads: Threads;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orc-threads-'));
  threads = openThreads();
});
afterEach(async () => {
  await threads.close();
  rmSync(folder, { recursive: true, force: true });
});

const aside = (): string => join(folder, 'aside');
const args = (): { aside: string; plain: false; withDiffId: false } => ({
  aside: aside(),
  plain: false,
  withDiffId: false,
});

const tar = (text: string): Buffer =>
  Buffer.concat([
    encodeHeader(entryOf({ path: 'a', type: 'file', size: text.length })),
    Buffer.from(text),
    padding(text.length),
    trailer(),
  ]);

async function* bytes(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

test('a blob is written, hashed and unpacked from the same bytes', async () => {
  const data = tar('x'.repeat(3_000_000));
  const pieces = Array.from({ length: 100 }, (_, at) => data.subarray(at * 40_000, (at + 1) * 40_000));
  const out = mkdtempSync(join(folder, 'out-'));
  const made = await threads.run('ingest', { ...args(), folder: out }, { input: bytes(...pieces) });
  expect(made.digest).toBe(`sha256:${createHash('sha256').update(data).digest('hex')}`);
  expect(readFileSync(aside()).equals(data)).toBe(true);
  expect(readFileSync(join(out, 'a'), 'utf8')).toHaveLength(3_000_000);
});

test('a damaged layer is told beside its digest, so that the digest is looked at first', async () => {
  const data = Buffer.concat([tar('x').subarray(0, 512), Buffer.alloc(2_000_000, 7)]);
  const out = mkdtempSync(join(folder, 'out-'));
  const made = await threads.run('ingest', { ...args(), folder: out }, { input: bytes(data) });
  expect(made).toMatchObject({ size: data.length, failure: { problem: { code: 'image.invalid' } } });
});

test.each([true, false])(
  'what the source throws is what the caller hears (unpacking: %s)',
  async (unpacks) => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield tar('x').subarray(0, 600);
      throw new Error('the wire was cut');
    }
    const more = unpacks ? { folder: mkdtempSync(join(folder, 'out-')) } : {};
    const run = threads.run('ingest', { ...args(), ...more }, { input: broken() });
    await expect(run).rejects.toThrow('the wire was cut');
    expect(existsSync(aside())).toBe(false);
  },
);

test('an abort ends a job that waits for input, and one that works', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield Buffer.alloc(100_000);
      await sleep(5);
    }
  }
  const abort = new AbortController();
  const run = threads.run('ingest', args(), { input: endless(), signal: abort.signal });
  setTimeout(() => abort.abort(new Error('enough')), 100);
  await expect(run).rejects.toThrow('enough');
  expect(readdirSync(folder)).toEqual([]);
});

test('a source that is faster than the disk is held back', async () => {
  let given = 0;
  let taken = 0;
  let most = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < 64; at += 1) {
      given += 1_000_000;
      most = Math.max(most, given - taken);
      yield Buffer.alloc(1_000_000);
    }
  }
  const onBytes = (count: number): void => void (taken = count);
  const { size } = await threads.run('ingest', args(), { input: source(), onBytes });
  expect(size).toBe(64_000_000);
  expect(most).toBeLessThan(20_000_000);
});

test('closing fails what is under way', async () => {
  async function* never(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(10);
    await new Promise(() => undefined);
  }
  const run = threads.run('ingest', args(), { input: never() });
  const failed = expect(run).rejects.toMatchObject({ problem: { code: 'canceled' } });
  await sleep(200);
  await threads.close();
  await failed;
});
