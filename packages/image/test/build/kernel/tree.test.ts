/** Our walk through layers against the kernel's: openat2(2) in a root for links, an overlay for layers. */
import { once } from 'node:events';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withFile } from '../../../src/build/host/reading.ts';
import { lookup, type TreeEntry } from '../../../src/build/host/tree.ts';
import { O_FOLDER, O_PATH, openInRoot } from '../../../src/layer/syscalls.ts';
import { type Fixture, openFixture, treeLines } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const name = fc.constantFrom('a', 'b', 'c');
const path = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: name }, fc.constantFrom('..', '.')), { minLength: 1, maxLength })
    .map((parts) => parts.join('/'));
const link = fc.tuple(fc.boolean(), path(4)).map(([absolute, target]) => (absolute ? `/${target}` : target));
const node = fc.oneof(
  fc.constant({ kind: 'file' as const }),
  fc.constant({ kind: 'folder' as const }),
  link.map((target) => ({ kind: 'link' as const, target })),
);
const plan = fc.array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), node), { maxLength: 10 });

type Row = readonly [readonly string[], { readonly kind: string; readonly target?: string }];

/** Whatever of the plan fits; a path through a file or a link is left out. */
function make(root: string, rows: readonly Row[]): void {
  for (const [parts, { kind, target }] of rows) {
    const place = join(root, ...parts);
    try {
      mkdirSync(dirname(place), { recursive: true });
      if (kind === 'folder') mkdirSync(place);
      else if (kind === 'file') writeFileSync(place, '', { flag: 'wx' });
      else symlinkSync(target ?? '', place);
    } catch {
      // It does not fit.
    }
  }
}

/** What the kernel finds, by inode; `undefined` where it finds nothing. */
function kernelFinds(root: string, wanted: string): bigint | undefined {
  const folder = openSync(root, O_FOLDER);
  try {
    const fd = openInRoot(folder, wanted, O_PATH);
    const { ino } = fstatSync(fd, { bigint: true });
    closeSync(fd);
    return ino;
  } catch {
    return undefined;
  } finally {
    closeSync(folder);
  }
}

test('renames elsewhere on the host stop no open that goes through ..', async () => {
  const base = mkdtempSync(join(tmpdir(), 'orc-tree-'));
  make(base, [
    [['root', 'a', 'b'], { kind: 'folder' }],
    [['x'], { kind: 'folder' }],
  ]);
  const text = `const { renameSync: move } = require('node:fs');
    const [x, y] = require('node:worker_threads').workerData;
    for (;;) move(x, y), move(y, x);`;
  const worker = new Worker(text, { eval: true, workerData: [join(base, 'x'), join(base, 'y')] });
  const root = openSync(join(base, 'root'), O_FOLDER);
  try {
    await once(worker, 'online');
    for (let times = 0; times < 20_000; times += 1) closeSync(openInRoot(root, 'a/b/../b/../../a', O_PATH));
  } finally {
    closeSync(root);
    await worker.terminate();
    rmSync(base, { recursive: true, force: true });
  }
});

test('links lead where the kernel says that they lead inside a root', () => {
  const base = mkdtempSync(join(tmpdir(), 'orc-tree-'));
  let count = 0;
  try {
    fc.assert(
      fc.property(plan, fc.array(path(5), { minLength: 1, maxLength: 8 }), (rows, wanted) => {
        const root = join(base, String((count += 1)));
        mkdirSync(root);
        // Outside lies what an escape would find.
        make(base, [
          [['a'], { kind: 'folder' }],
          [['b'], { kind: 'file' }],
        ]);
        make(root, rows);
        for (const each of wanted) {
          const ours = lookup({ folders: [root], layered: false }, each)?.stats.ino;
          expect([each, ours]).toEqual([each, kernelFinds(root, each)]);
        }
      }),
      { numRuns: 300 },
    );
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

test('layers are merged as the kernel merges them', async () => {
  const steps = [
    'mkdir -p /t/d/sub /t/e /t/gone && touch /t/d/1 /t/d/2 /t/d/sub/x /t/file /t/gone/x && ln -s d /t/l',
    'rm -r /t/gone /t/d/1 && rm -r /t/e && touch /t/e',
    'rm -r /t/d && mkdir /t/d && touch /t/d/3',
    'rm /t/e && mkdir /t/e && touch /t/e/in && rm /t/file && ln -s e /t/file',
    'rm /t/d/3 && touch /t/d/1 && mkdir /t/gone',
    'rm -r /t/gone && mv /t/e /t/moved && chmod 700 /t/moved',
  ];
  const runs = steps.map((step) => `RUN ${step}`).join('\n');
  const list =
    'RUN cd /t && find . -mindepth 1 -type d -exec echo "{}/" ";" -o -mindepth 1 -print | sed s,^./,, | sort';
  const { output, top } = await fixture.build(
    `FROM busybox AS s\n${runs}\nFROM s\n${list}\nFROM scratch\nCOPY --from=s /t /\n`,
    { target: '2' },
  );
  const seen = (await fixture.build(`FROM busybox AS s\n${runs}\n${list}\n`)).output;
  expect(output).toBe('');
  expect(treeLines(top).toSorted()).toEqual(seen.trim().split('\n').toSorted());
});

describe('a file that is swapped between the look and the read', () => {
  const swap = (folder: string, replace: (file: string, secret: string) => void): Promise<string> => {
    fixture.write({ [`${folder}/file`]: 'mine' });
    const [root, secret] = [join(fixture.context, folder), join(fixture.folder, 'secret')];
    writeFileSync(secret, 'secret');
    const entry = lookup({ folders: [root], layered: false }, 'file') as TreeEntry;
    rmSync(join(root, 'file'));
    replace(join(root, 'file'), secret);
    return withFile(entry, () => 'read');
  };
  test('for a link', async () => {
    await expect(swap('one', (file, secret) => symlinkSync(secret, file))).rejects.toThrow();
  });
  test('for another file', async () => {
    await expect(swap('two', (file, secret) => renameSync(secret, file))).rejects.toThrow(
      'changed while it was read',
    );
  });
});
