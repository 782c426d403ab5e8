/** The sources of `RUN --mount`, made ready, and what they leave in the layer taken out again. */
import {
  chmodSync,
  closeSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { join, posix } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { tryLock } from '@orc/disk';
import { openFolder as openHostFolder } from '../../layer/syscalls.ts';
import type { RunMount } from '../../types.ts';
import { LOCK_RETRY_MS } from '../limits.ts';
import type { CopyWork } from '../plan/evaluate.ts';
import type { RunMountSpec, SecretSpec } from '../plan/run-mounts.ts';
import { copyFiles, type CopyPlan } from './copy.ts';
import { type Destination, finishDestination, freeName, openFolder } from './destination.ts';
import { secretOf } from './secrets.ts';
import { type Scan, type Selection, select } from './selection.ts';
import type { Session } from './session.ts';
import { lookup } from './tree.ts';

/** A bind with the files that it shows. */
export type BindSource = { readonly scan: Scan; readonly fromContext: boolean };
export type ReadyMounts = {
  readonly mounts: readonly RunMount[];
  /** After the program: empty targets that were made for the mounts go. */
  readonly close: () => void;
};

export async function openMounts(
  session: Session,
  specs: readonly RunMountSpec[],
  sourceOf: (spec: RunMountSpec & { kind: 'bind' }) => BindSource,
  places: { readonly destination: Destination; readonly scratch: string },
): Promise<ReadyMounts> {
  const { destination, scratch } = places;
  const mounts: RunMount[] = [];
  const stubs: string[] = [];
  const held: (() => void)[] = [];
  const close = (): void => {
    for (const path of stubs.toReversed()) removeStub(destination.upper, path);
    for (const release of held) release();
  };
  try {
    for (const [index, spec] of specs.entries()) {
      const mount = await ready(session, spec, sourceOf, join(scratch, `mount-${index}`), held);
      if (mount === undefined) continue;
      mounts.push(mount);
      stubs.push(...makeStub(destination, mount));
    }
  } catch (error) {
    close();
    throw error;
  }
  finishDestination(destination);
  return { mounts, close };
}

async function ready(
  session: Session,
  spec: RunMountSpec,
  sourceOf: (spec: RunMountSpec & { kind: 'bind' }) => BindSource,
  folder: string,
  held: (() => void)[],
): Promise<RunMount | undefined> {
  if (spec.kind === 'secret') return secretFile(session, spec);
  if (spec.kind === 'tmpfs') {
    const options = spec.sizeBytes === undefined ? [] : [`size=${spec.sizeBytes}`];
    return { type: 'tmpfs', target: spec.target, options };
  }
  const source =
    spec.kind === 'cache'
      ? await cacheFolder(session, spec, held)
      : await materialise(session, spec, sourceOf(spec), folder);
  return { type: 'bind', source, target: spec.target, readOnly: spec.readOnly };
}

/** `undefined`: it is only a variable, or was not given. */
function secretFile(session: Session, spec: SecretSpec): RunMount | undefined {
  const content = secretOf(session, spec);
  if (content === undefined || spec.target === undefined) return undefined;
  const { target, uid, gid, mode } = spec;
  return { type: 'file', target, content, uid, gid, mode, secret: true };
}

async function cacheFolder(
  session: Session,
  spec: RunMountSpec & { kind: 'cache' },
  held: (() => void)[],
): Promise<string> {
  const { folder, fresh, release } = await session.internals.cacheMount(spec.id);
  held.push(release);
  if (fresh) {
    lchownSync(folder, spec.uid, spec.gid);
    chmodSync(folder, spec.mode);
  }
  if (!spec.locked) return folder;
  const fd = await lock(folder, session.signal);
  held.push(() => closeSync(fd));
  return folder;
}

/** Held by whoever has the descriptor open; a crash lets go of it. */
async function lock(folder: string, signal: AbortSignal): Promise<number> {
  const fd = openHostFolder(folder);
  try {
    while (!tryLock(fd)) await later(LOCK_RETRY_MS, undefined, { signal });
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A copy: what the program writes there is gone with the step, and nobody's folder is in a container. */
async function materialise(
  session: Session,
  spec: RunMountSpec & { kind: 'bind' },
  source: BindSource,
  folder: string,
): Promise<string> {
  mkdirSync(folder);
  const selection = await selectionOf(spec, source);
  const plan: CopyPlan = {
    work: workOf(spec),
    selection,
    layers: [],
    made: { uid: 0, gid: 0, mtimeNs: 0n },
    fromContext: source.fromContext,
    linkable: false,
  };
  await copyFiles(plan, folder, session.pause);
  return selection.folder ? folder : join(folder, selection.rows[0]?.target ?? '');
}

export const selectionOf = (
  spec: RunMountSpec & { kind: 'bind' },
  { scan }: BindSource,
): Promise<Selection> => select(workOf(spec), scan);

const workOf = ({ source }: RunMountSpec & { kind: 'bind' }): CopyWork => ({
  kind: 'copy',
  add: false,
  sources: [source],
  files: [],
  destination: '/',
  intoFolder: true,
  parents: false,
  exclude: [],
  unpack: false,
});

/** The mount's target, in the image; returns what had to be made for it, outermost first. */
function makeStub(destination: Destination, mount: RunMount): readonly string[] {
  if (lookup(destination.tree, mount.target) !== undefined) return [];
  const before = destination.created.length;
  const isFile = mount.type === 'file' || (mount.type === 'bind' && !lstatSync(mount.source).isDirectory());
  if (!isFile) {
    openFolder(destination, mount.target);
    return destination.created.slice(before);
  }
  const folder = openFolder(destination, posix.dirname(mount.target));
  const path = freeName(destination, folder, posix.basename(mount.target));
  closeSync(openSync(path, 'wx', 0o644));
  return [...destination.created.slice(before), path];
}

/**
 * Only an empty directory or an empty file goes, and only where no link is on the way: the program may have put one
 * there (CVE-2024-23652).
 */
function removeStub(upper: string, path: string): void {
  const parts = path.slice(upper.length + 1).split('/');
  for (let length = 1; length < parts.length; length += 1) {
    const above = lstatSync(join(upper, ...parts.slice(0, length)), { throwIfNoEntry: false });
    if (above?.isDirectory() !== true) return;
  }
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === true && stats.size === 0) unlinkSync(path);
  if (stats?.isDirectory() !== true) return;
  try {
    rmdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
}
