/** Mounts as a user wrote them, and the image's volumes, to mounts whose sources are settled. */
import { createHash } from 'node:crypto';
import type { AssignedFile, ContainerOwner, ImageConfig, Mount, TmpfsMount } from '@orc/model';
import { fail, type OrcError } from '@orc/model';
import type { ResolvedMount } from '@orc/runtime';

/** A secret or config by name, if it may be on this node. */
export type FileSource = (kind: 'secret' | 'config', name: string) => AssignedFile | undefined;

export type MountSources = {
  /** Folder of a named volume, or of the anonymous one for `target`. */
  readonly volume: (mount: { readonly source?: string; readonly target: string }) => string;
  readonly file: FileSource;
};

const normal = (target: string): string => target.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');

/** The user's mounts and, for each `VOLUME` of the image that they leave free, an anonymous volume. */
export function allMounts(mounts: readonly Mount[], image: ImageConfig): readonly Mount[] {
  const taken = new Set(mounts.map((mount) => normal(mount.target)));
  const free = Object.keys(image.Volumes ?? {}).filter((target) => !taken.has(normal(target)));
  return [...mounts, ...free.map((target): Mount => ({ type: 'volume', target }))];
}

const HASH_DIGITS = 32;

type Whose = { readonly id: string; readonly owner?: Omit<ContainerOwner, 'task'> };

/** By path, and by container or, of a task, by the first of those that it replaced: it takes over what they have. */
export function anonymousName(container: Whose, target: string): string {
  const path = createHash('sha256').update(normal(target)).digest('hex').slice(0, HASH_DIGITS);
  return `${ownerName(container)}${path}`;
}

/** Also one that it has not made yet. */
export const isAnonymousOf = (container: Whose, volume: string): boolean =>
  volume.startsWith(ownerName(container));

function ownerName({ id, owner }: Whose): string {
  const own = (owner?.volumesOf ?? id).slice(0, HASH_DIGITS);
  if (owner === undefined || owner.oneOff === true) return own;
  // For who finds it in a list once its container is gone.
  return `${owner.project}_${owner.service}_${owner.slot}_${own}`;
}

/** Parents before children, whatever order they were written in. */
export function resolveMounts(mounts: readonly Mount[], sources: MountSources): readonly ResolvedMount[] {
  const depth = (mount: Mount): number => normal(mount.target).split('/').length;
  return [...mounts].sort((a, b) => depth(a) - depth(b)).map((mount) => resolveMount(mount, sources));
}

function resolveMount(mount: Mount, sources: MountSources): ResolvedMount {
  const target = normal(mount.target);
  switch (mount.type) {
    case 'bind':
      return {
        type: 'bind',
        source: mount.source,
        target,
        readOnly: mount.readOnly === true,
        recursive: mount.recursive !== false,
        ...(mount.propagation === undefined ? {} : { propagation: mount.propagation }),
      };
    case 'volume': {
      const source = sources.volume({
        ...(mount.source === undefined ? {} : { source: mount.source }),
        target,
      });
      const part = mount.subpath === undefined ? {} : { subpath: mount.subpath };
      const copyUp = mount.nocopy !== true && mount.subpath === undefined;
      return { type: 'bind', source, target, readOnly: mount.readOnly === true, copyUp, ...part };
    }
    case 'tmpfs':
      return { type: 'tmpfs', target, options: tmpfsOptions(mount) };
    case 'secret':
    case 'config':
      return fileMount(mount, target, sources.file);
  }
}

function tmpfsOptions(mount: TmpfsMount): readonly string[] {
  return [
    ...(mount.options ?? []),
    ...(mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`]),
    ...(mount.mode === undefined ? [] : [`mode=${mount.mode.toString(8)}`]),
    ...(mount.readOnly ? ['ro'] : []),
  ];
}

const DEFAULT_MODE = 0o444;

function fileMount(
  mount: Extract<Mount, { type: 'secret' | 'config' }>,
  target: string,
  find: FileSource,
): ResolvedMount {
  const file = find(mount.type, mount.source);
  if (file === undefined) throw missing(mount.type, mount.source);
  return {
    type: 'file',
    target,
    content: Buffer.from(file.data, 'base64'),
    uid: mount.uid ?? 0,
    gid: mount.gid ?? 0,
    mode: mount.mode ?? DEFAULT_MODE,
    secret: mount.type === 'secret',
  };
}

const missing = (type: string, name: string): OrcError =>
  fail('notfound.object', `${type} ${name} is not on this node`, { retry: true });
