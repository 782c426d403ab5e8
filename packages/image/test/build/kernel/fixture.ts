/** A real store with a busybox image, a context, and what a build said. */
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildSpec, type Digest, type Problem, toProblem } from '@orc/model';
import { openImageStore } from '../../../src/store/open.ts';
import { storePaths } from '../../../src/store/paths.ts';
import type { BuildRequest, ImageStore, Progress } from '../../../src/types.ts';
import { chrootRunner } from './chroot-runner.ts';

export type Fixture = {
  readonly store: ImageStore;
  readonly folder: string;
  readonly context: string;
  /** Files of the context; a name that ends with / is a directory. */
  write(files: Readonly<Record<string, string>>): void;
  build(dockerfile: string, more?: More): Promise<BuildResult>;
  /** As `build`, for one that has to fail. */
  fail(dockerfile: string, more?: More): Promise<Problem>;
  /** What a failed or aborted build must not leave behind. */
  leftovers(): readonly string[];
  close(): Promise<void>;
};
export type More = Partial<BuildSpec> &
  Partial<Pick<BuildRequest, 'run' | 'runMounts' | 'secrets' | 'signal'>>;
export type BuildResult = {
  readonly id: Digest;
  readonly events: readonly Progress[];
  /** Steps that came from the cache. */
  readonly cached: readonly string[];
  readonly output: string;
  /** Folder of the newest layer. */
  readonly top: string;
};

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: () => Promise.reject(new Error('not used')),
  after: () => () => undefined,
};

export async function openFixture(): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'orc-build-'));
  const [root, context] = [join(folder, 'root'), join(folder, 'context')];
  mkdirSync(root);
  mkdirSync(context);
  const store = await openImageStore({
    root,
    clock,
    random: { bytes: (count) => randomBytes(count), number: Math.random },
    emit: () => undefined,
    failpoint: () => undefined,
  });
  await store.bootstrap('busybox', {});
  const paths = storePaths(root);
  const build = (dockerfile: string, more: More = {}): Promise<BuildResult> =>
    run(store, context, dockerfile, more);
  return {
    store,
    folder,
    context,
    write: (files) => writeFiles(context, files),
    build,
    fail: async (dockerfile, more) => {
      const found = await build(dockerfile, more).catch((error: unknown) => toProblem(error));
      if ('code' in found) return found;
      throw new Error(`it was built: ${dockerfile}`);
    },
    leftovers: () =>
      [paths.work, paths.leases]
        .flatMap((each) => readdirSync(each))
        .filter((name) => name.startsWith('build-')),
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, content);
  }
}

async function run(store: ImageStore, context: string, dockerfile: string, more: More): Promise<BuildResult> {
  const { run: runner = chrootRunner, runMounts = true, secrets = {}, signal, ...spec } = more;
  const events: Progress[] = [];
  const id = await store.build({
    spec: { context, ...spec },
    context: { folder: context, remove: () => Promise.resolve() },
    dockerfile,
    dockerfileName: 'Dockerfile',
    tags: ['built:test'],
    run: runner,
    runMounts,
    secrets,
    onProgress: (event) => void events.push(event),
    ...(signal === undefined ? {} : { signal }),
  });
  const resolved = await store.resolve(id);
  return {
    id,
    events,
    cached: events.filter(({ status }) => status === 'CACHED').map((event) => event.id ?? ''),
    output: events.map(({ output }) => output ?? '').join(''),
    top: resolved?.layers.at(-1) ?? '',
  };
}

/** Everything below a folder, a line each: mode, owner, path, and a link's target or a file's bytes. */
export function treeLines(folder: string, prefix = ''): readonly string[] {
  return readdirSync(join(folder, prefix))
    .toSorted()
    .flatMap((name) => {
      const path = join(prefix, name);
      const stats = lstatSync(join(folder, path));
      const own = stats.isDirectory() ? `${path}/` : path;
      return [own, ...(stats.isDirectory() ? treeLines(folder, path) : [])];
    });
}
