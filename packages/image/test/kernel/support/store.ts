/** A store in a folder of its own that goes with the test. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageStore, ImageStoreOptions } from '../../../src/index.ts';
import { openImageStore } from '../../../src/index.ts';

export type Message = { readonly level: string; readonly message: string };
export type Fixture = {
  readonly folder: string;
  readonly messages: Message[];
  readonly open: (name?: string, more?: Partial<ImageStoreOptions>) => Promise<ImageStore>;
  readonly cleanUp: () => Promise<void>;
};

export const storeOptions = (root: string, messages: Message[] = []): ImageStoreOptions => ({
  root,
  clock: {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    after: (ms, call) => {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
  },
  random: { bytes: (count) => randomBytes(count), number: () => Math.random() },
  emit: (level, message) => messages.push({ level, message }),
  failpoint: () => undefined,
});

export function newFixture(): Fixture {
  const folder = mkdtempSync(join(tmpdir(), 'orc-image-'));
  const stores: ImageStore[] = [];
  const messages: Message[] = [];
  return {
    folder,
    messages,
    open: async (name = 'root', more = {}) => {
      const store = await openImageStore({ ...storeOptions(join(folder, name), messages), ...more });
      stores.push(store);
      return store;
    },
    cleanUp: async () => {
      await Promise.allSettled(stores.map((store) => store.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function* bytes(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

export async function problemOf(job: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await job;
  } catch (error) {
    const problem = (error as { problem?: { code: string; message: string } }).problem;
    if (problem !== undefined) return problem;
    throw error;
  }
  throw new Error('it did not fail');
}
