/** kill -9 of a process that works on the store, at random instants, on one folder, again and again. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toProblem } from '@orc/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startStore } from '../../src/store/startup.ts';
import { encodeHeader, entryOf, padding, trailer } from '../../src/tar/writer.ts';
import { bytes, type Fixture, newFixture, problemOf, storeOptions } from './support/store.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = newFixture();
});
afterEach(() => fixture.cleanUp());

const KILLS = 8;
const CHILD = join(import.meta.dirname, 'support/crash-child.ts');

/** Of a process that is killed: more of them than it removes. */
const IMAGES = 3;

/** The lines that it said before it was killed, `ms` after it had a few images. */
function runAndKill(root: string, first: number, ms: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, root, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    let timer: NodeJS.Timeout | undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if ((output.match(/^image /gm)?.length ?? 0) >= IMAGES)
        timer ??= setTimeout(() => child.kill('SIGKILL'), ms);
    });
    child.once('error', reject);
    child.once('close', () =>
      resolve(
        output
          .slice(0, output.lastIndexOf('\n') + 1)
          .split('\n')
          .slice(0, -1),
      ),
    );
  });
}

test('what was acknowledged is there, and nothing half', { timeout: 180_000 }, async () => {
  const root = join(fixture.folder, 'root');
  const images = new Map<number, string>();
  const leases = new Set<number>();
  const perhapsGone = new Set<number>();
  let next = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    for (const line of await runAndKill(root, next, Math.random() * 250)) {
      const [what, number, id = ''] = line.split(' ');
      const round = Number(number);
      next = Math.max(next, round + 2);
      if (what === 'image') images.set(round, id);
      if (what === 'lease') leases.add(round);
      if (what === 'going') perhapsGone.add(round);
      if (what === 'gone') images.delete(round);
      if (what === 'gone') leases.delete(round);
    }
    const { store, close } = await startStore(storeOptions(root, fixture.messages));
    for (const [round, id] of images) {
      const motd = `content ${round} `.repeat(5000);
      const found = store.catalog.names.get(`docker.io/library/app:${round}`);
      if (perhapsGone.has(round) && found === undefined) continue;
      expect(found).toBe(id);
      const diffId = store.catalog.images.get(found as never)?.document.rootfs.diff_ids[0];
      expect(readFileSync(join(store.layers.folder(diffId as never), 'etc/motd'), 'utf8')).toBe(motd);
    }
    for (const round of leases)
      if (!perhapsGone.has(round)) expect(store.leases.all().has(`holder-${round}`)).toBe(true);
    await close();
  }
  expect(images.size).toBeGreaterThan(KILLS);
  expect(fixture.messages).toEqual([]);
  const store = await fixture.open();
  await store.collect(new Set());
  const layers = readdirSync(join(root, 'layers')).filter((name) => /^[0-9a-f]{64}$/.test(name));
  expect(layers).toHaveLength((await store.list()).length);
  expect([...readdirSync(join(root, 'images/ingest')), ...readdirSync(join(root, 'layers/new'))]).toEqual([]);
});

test('a full disk refuses the image that does not fit, keeps the others, and recovers', async () => {
  const root = join(fixture.folder, 'root');
  mkdirSync(root);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', root]);
  try {
    const archive = (size: number): Buffer => {
      const header = encodeHeader(entryOf({ path: 'file', type: 'file', size }));
      return Buffer.concat([header, Buffer.alloc(size, 1), padding(size), trailer()]);
    };
    const store = await fixture.open();
    const small = await store.import(bytes(archive(1000)), { reference: 'small' });
    const refused = await store
      .import(bytes(archive(3_000_000)), { reference: 'large' })
      .catch((error: unknown) => error);
    const { code, message } = toProblem(refused);
    expect(code).toBe('disk.full');
    expect(message).toMatch(/^no space left (on device: \w+ '|while unpacking )[^,]+$/);
    expect((await store.list()).map((row) => row.id)).toEqual([small]);
    expect([...readdirSync(join(root, 'images/ingest')), ...readdirSync(join(root, 'layers/new'))]).toEqual(
      [],
    );
    await store.close();
    const again = await fixture.open();
    await again.collect(new Set());
    await again.import(bytes(archive(1_000_000)), { reference: 'medium' });
    expect((await again.resolve('small'))?.id).toBe(small);
    expect((await problemOf(again.tag('none', 'x'))).code).toBe('notfound.image');
    await again.close();
  } finally {
    execFileSync('umount', [root]);
  }
});
