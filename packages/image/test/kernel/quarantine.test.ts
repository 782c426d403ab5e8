/** What is put aside stays, however much is damaged at once and however often. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeHeader, entryOf, trailer } from '../../src/tar/writer.ts';
import { bytes, type Fixture, newFixture, storeOptions } from './support/store.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = newFixture();
});
afterEach(() => fixture.cleanUp());

const at = (path: string): string => join(fixture.folder, 'root', path);
const aside = (): readonly string[] =>
  readdirSync(at('images/quarantine')).map((name) => readFileSync(at(`images/quarantine/${name}`), 'utf8'));
/** Everything happens at one instant. */
const clock = { ...storeOptions('').clock, now: () => 1_763_720_000_000 };

test('several rows of one instant are put aside each by itself', async () => {
  const store = await fixture.open('root', { clock });
  for (const name of ['one', 'two', 'three']) {
    const folder = encodeHeader(entryOf({ path: name, type: 'directory' }));
    await store.import(bytes(Buffer.concat([folder, trailer()])), { reference: name });
  }
  await store.close();
  for (const name of readdirSync(at('images/blobs/sha256'))) rmSync(at(`images/blobs/sha256/${name}`));
  expect(await (await fixture.open('root', { clock })).list()).toEqual([]);
  const rows = aside().map((text) => JSON.parse(text) as { annotations: Record<string, string> });
  const names = rows.map(({ annotations }) => annotations['org.opencontainers.image.ref.name']);
  expect(names.toSorted()).toEqual(['one:latest', 'three:latest', 'two:latest']);
});

test('a second damaged table does not replace the first', async () => {
  await (await fixture.open('root', { clock })).close();
  for (const text of ['{"first', '{"second']) {
    writeFileSync(at('images/index.json'), text);
    await (await fixture.open('root', { clock })).close();
  }
  expect(aside().toSorted()).toEqual(['{"first', '{"second']);
});
