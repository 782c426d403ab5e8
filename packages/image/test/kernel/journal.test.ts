/** Leases on a disk that fails: nothing is acknowledged that may not be there. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@orc/model';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startStore } from '../../src/store/startup.ts';
import { type Fixture, newFixture, problemOf, storeOptions } from './support/store.ts';

let fixture: Fixture;
let handle: FileHandle;
beforeEach(async () => {
  fixture = newFixture();
  handle = Object.getPrototypeOf(await opened()) as FileHandle;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await fixture.cleanUp();
});

async function opened(): Promise<FileHandle> {
  const file = await open(import.meta.filename);
  await file.close();
  return file;
}

const root = (): string => join(fixture.folder, 'root');
const lease = { images: [`sha256:${'a'.repeat(64)}` as Digest], layers: [] };
const failing = (code: string): Error => Object.assign(new Error(`${code}: once`), { code });

test.each(['EIO', 'ENOSPC'])(
  'hardening 1.5 #25: after one sync that ends with %s nothing is promised, until a new process looks',
  async (code) => {
    const { store, close } = await startStore(storeOptions(root()));
    await store.leases.put('before', lease);
    vi.spyOn(handle, 'datasync').mockRejectedValueOnce(failing(code));
    const [first, second] = await Promise.all([
      problemOf(store.leases.put('first', lease)),
      problemOf(store.leases.put('second', lease)),
    ]);
    expect([first.code, second.code]).toEqual(['disk.damaged', 'disk.damaged']);
    expect(first.message).toMatch(new RegExp(`leases/journal could not be made durable: .*${code}`));
    expect((await problemOf(store.leases.put('third', lease))).message).toBe(first.message);
    await close();
    const again = await startStore(storeOptions(root()));
    expect(again.store.leases.all().has('before')).toBe(true);
    await again.store.leases.put('after', lease);
    await again.close();
  },
);

test('a write that did not fit is refused, and the next one that fits is taken', async () => {
  const { store, close } = await startStore(storeOptions(root()));
  vi.spyOn(handle, 'write').mockRejectedValueOnce(failing('ENOSPC'));
  await expect(store.leases.put('first', lease)).rejects.toMatchObject({ code: 'ENOSPC' });
  await store.leases.put('second', lease);
  await close();
  const again = await startStore(storeOptions(root()));
  expect([...again.store.leases.all().keys()]).toEqual(['second']);
  await again.close();
});
