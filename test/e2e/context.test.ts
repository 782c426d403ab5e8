/** A build context as the client lists it and the daemon keeps it, over changes of files and of what is left out. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { walkContext } from '../../apps/orc/src/context/walk.ts';
import { openContexts } from '../../packages/image/src/context/contexts.ts';
import { openUses } from '../../packages/image/src/store/uses.ts';
import { openThreads, type Threads } from '../../packages/image/src/thread/threads.ts';
import type { Contexts } from '../../packages/image/src/types.ts';

let threads: Threads;
beforeAll(() => {
  threads = openThreads();
});
afterAll(() => threads.close());

const NAMES = ['f', 'sub', 'sub/h', 'sub/in', 'sub/in/x', 'sub/in/y', 'other', 'other/h', 'Dockerfile'];
const RULES =
  '* ** sub sub/in **/x */h other f Dockerfile .dockerignore !sub !sub/h !sub/** !sub/in !sub/in/x !*/h !f !**/y'.split(
    ' ',
  );
const IGNORE_FILES = ['.dockerignore', 'Dockerfile.dockerignore'];

type Change =
  | {
      readonly to: 'file' | 'folder' | 'link' | 'nothing' | 'mode';
      readonly name: string;
      readonly text: string;
    }
  | { readonly to: 'rules'; readonly name: string; readonly rules: readonly string[] };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    to: fc.constantFrom(
      'file' as const,
      'folder' as const,
      'link' as const,
      'nothing' as const,
      'mode' as const,
    ),
    name: fc.constantFrom(...NAMES),
    text: fc.constantFrom('', 'one', 'two'),
  }),
  fc.record({
    to: fc.constant('rules' as const),
    name: fc.constantFrom(...IGNORE_FILES),
    rules: fc.array(fc.constantFrom(...RULES), { maxLength: 4 }),
  }),
);

function apply(folder: string, each: Change): void {
  const path = join(folder, each.name);
  if (each.to === 'rules') {
    rmSync(path, { force: true });
    if (each.rules.length > 0) writeFileSync(path, each.rules.join('\n'));
    return;
  }
  makePlain(folder, dirname(each.name));
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (each.to === 'mode') {
    if (found?.isFile() === true || found?.isDirectory() === true) chmodSync(path, 0o750);
    return;
  }
  if (each.to === 'folder' && found?.isDirectory() === true) return;
  rmSync(path, { recursive: true, force: true });
  if (each.to === 'file') writeFileSync(path, each.text);
  if (each.to === 'folder') mkdirSync(path);
  if (each.to === 'link') symlinkSync('f', path);
}

function makePlain(folder: string, below: string): void {
  if (below !== '.') makePlain(folder, dirname(below));
  const path = join(folder, below);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) rmSync(path);
  mkdirSync(path, { recursive: true });
}

/** As a client sends it and a build takes it; what lies there. */
async function sent(contexts: Contexts, folder: string): Promise<readonly string[]> {
  const files = walkContext(folder, 'Dockerfile');
  const { context, needed } = await contexts.open('key', files);
  const contents = needed.map((index) => readFileSync(join(folder, files[index]?.path as string)));
  if (needed.length > 0) await contexts.fill(context, eachOf(contents));
  const taken = await contexts.take(context);
  try {
    return listed(taken.folder, '');
  } finally {
    await taken.remove();
  }
}

async function* eachOf(contents: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const each of contents) yield each;
}

function listed(base: string, below: string): readonly string[] {
  return readdirSync(join(base, below), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((each) => {
      const path = join(below, each.name);
      const mode = (lstatSync(join(base, path)).mode & 0o7777).toString(8);
      if (each.isDirectory()) return [`${path}/ ${mode}`, ...listed(base, path)];
      if (each.isSymbolicLink()) return [`${path} -> ${readlinkSync(join(base, path))}`];
      return [`${path} ${mode} ${readFileSync(join(base, path), 'utf8')}`];
    });
}

test('after any changes of files and ignore files the daemon has what a first transfer would bring', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 6 }),
      async (rounds) => {
        const root = mkdtempSync(join(tmpdir(), 'orc-context-'));
        const open = (name: string): Contexts =>
          openContexts(join(root, name), { threads, uses: openUses(), clock: Date });
        try {
          const folder = join(root, 'app');
          for (const each of ['sub/in/x', 'sub/h', 'f', 'Dockerfile'])
            apply(folder, { to: 'file', name: each, text: each });
          const kept = open('kept');
          for (const [round, changes] of rounds.entries()) {
            for (const each of changes) apply(folder, each);
            expect(await sent(kept, folder)).toEqual(await sent(open(`fresh-${round}`), folder));
          }
        } finally {
          rmSync(root, { recursive: true });
        }
      },
    ),
    { numRuns: 150 },
  );
});
