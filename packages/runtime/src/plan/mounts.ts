/** A container's root: overlay, the kernel's file systems, /dev, then what its user mounts; by docker's defaults. */
import { fail } from '@orc/model';
import { BINDS_MAX } from '../limits.ts';
import type { ProcessId, ResolvedMount } from '../types.ts';
import { MOUNT_ATTR, MS, S_IFBLK, S_IFCHR } from './flags.ts';
import { type Op, TARGET_MAKE, TARGET_PLAIN } from './ops.ts';
import { DEFAULT_DEVICES, DEVICE_LINKS, type DeviceNode, MASKED_PATHS, READONLY_PATHS } from './paths.ts';

const QUIET = MS.NOSUID | MS.NODEV | MS.NOEXEC;
const SHM = '/dev/shm';
const SHM_BYTES = 64 * 2 ** 20;
/** Written out: a host's module parameters may say otherwise (DECISIONS 11). */
export const OVERLAY_OPTIONS = 'redirect_dir=off,metacopy=off,index=off';

/** Its /dev/shm: that of whose ipc namespace it has; a process's is that of the container it joins. */
type Shm = 'own' | 'host' | ProcessId;

export type RootRequest = {
  readonly folder: string;
  /** The lowest first. */
  readonly layers: readonly string[];
  readonly volatile: boolean;
  readonly shm: Shm;
};

/**
 * The folder has just `upper` and `work`, as each further one costs a start: in the container's own mount namespace,
 * which nobody else sees, the root is mounted over `work` and the stage over `upper`.
 *
 * The stage is one tmpfs for all that a container has in memory and that needs no size of its own: /dev, the folder of
 * the cgroup hierarchies, single files, and an empty folder that covers masked ones. The container sees the parts by
 * their binds and never the whole. Each file system more would cost a start, and each memory cgroup that ends walks
 * through all that the host has.
 */
const rootOf = (folder: string): string => `${folder}/work`;
const stageOf = (folder: string): string => `${folder}/upper`;
const STAGE = { dev: '/dev', cgroup: '/cgroup', empty: '/empty' } as const;

export const rootOps = (
  { folder, layers, volatile, shm }: RootRequest,
  mounts: readonly ResolvedMount[],
  files: readonly StagedFile[],
): readonly Op[] => [
  ...captureShm(shm),
  ...captureOps(mounts),
  { op: 'own-mounts' },
  {
    op: 'overlay',
    target: rootOf(folder),
    upper: `${folder}/upper`,
    work: `${folder}/work`,
    options: volatile ? `${OVERLAY_OPTIONS},volatile` : OVERLAY_OPTIONS,
    layers: layers.toReversed(),
  },
  ...stageOps(stageOf(folder), files),
  { op: 'root', path: rootOf(folder) },
];

function stageOps(stage: string, files: readonly StagedFile[]): readonly Op[] {
  return [
    { op: 'root', path: stage },
    mount('tmpfs', '/', MS.NOSUID | MS.STRICTATIME, 'mode=755,size=65536k', 0),
    { op: 'root', path: stage },
    ...Object.values(STAGE).map((path): Op => ({ op: 'mkdir', path, mode: 0o755, uid: 0, gid: 0 })),
    ...files.map(
      (each, at): Op => ({
        op: 'file',
        path: `/${at}`,
        mode: each.mode,
        uid: each.uid,
        gid: each.gid,
        content: each.content,
      }),
    ),
  ];
}

const mount = (type: string, target: string, flags: bigint, data: string, how: number): Op => ({
  op: 'mount',
  source: type,
  target,
  type,
  flags,
  data,
  how,
});

export type SystemRequest = {
  readonly folder: string;
  readonly privileged: boolean;
  readonly shmBytes?: number;
  readonly shm: Shm;
  /** What it sees at /sys/fs/cgroup; absent: nothing. */
  readonly cgroups?: CgroupView;
  readonly devices: readonly DeviceNode[];
};

/** `v1`: names of the controllers in whose hierarchies the container has a group. */
export type CgroupView =
  | { readonly kind: 'v2' }
  | { readonly kind: 'v1'; readonly controllers: readonly string[] };

/** /proc and /sys may not be links of the image: what is mounted there must be what later checks look at. */
export const systemOps = (request: SystemRequest): readonly Op[] => [
  mount('proc', '/proc', QUIET, '', TARGET_PLAIN | TARGET_MAKE),
  { ...stagedFolder(request.folder, STAGE.dev, '/dev'), how: TARGET_PLAIN | TARGET_MAKE },
  mount(
    'devpts',
    '/dev/pts',
    MS.NOSUID | MS.NOEXEC,
    'newinstance,ptmxmode=0666,mode=0620,gid=5',
    TARGET_MAKE,
  ),
  ...ipcOps(request),
  mount('sysfs', '/sys', QUIET | (request.privileged ? 0n : MS.RDONLY), '', TARGET_PLAIN | TARGET_MAKE),
  ...cgroupOps(request),
  ...deviceOps(request.devices),
];

/** Within its cgroup namespace, so that programs read their own limits; read-only (CVE-2022-0492, CVE-2023-25809). */
function cgroupOps({ folder, cgroups: view, privileged }: SystemRequest): readonly Op[] {
  const flags = QUIET | (privileged ? 0n : MS.RDONLY);
  const at = '/sys/fs/cgroup';
  if (view === undefined) return [];
  if (view.kind === 'v2') return [mount('cgroup2', at, flags, '', 0)];
  return [
    stagedFolder(folder, STAGE.cgroup, at, QUIET),
    ...view.controllers.map((name) => mount('cgroup', `${at}/${name}`, flags, name, TARGET_MAKE)),
    ...(privileged
      ? []
      : [{ op: 'remount', target: at, set: MOUNT_ATTR.RDONLY, clear: 0n, recursive: 0 } as const]),
  ];
}

function ipcOps({ shm, shmBytes }: SystemRequest): readonly Op[] {
  const mqueue = mount('mqueue', '/dev/mqueue', QUIET, '', TARGET_MAKE);
  const bound = bindOp(SHM, SHM, { recursive: false, attributes: QUIET, captured: true });
  if (shm === 'host') return [bound];
  if (shm !== 'own') return [mqueue, bound];
  return [mqueue, mount('tmpfs', SHM, QUIET, `mode=1777,size=${shmBytes ?? SHM_BYTES}`, TARGET_MAKE)];
}

function deviceOps(devices: readonly DeviceNode[]): readonly Op[] {
  const nodes = [...DEFAULT_DEVICES, ...devices].map(
    (each): Op => ({
      op: 'mknod',
      path: each.path,
      mode: each.mode | (each.type === 'c' ? S_IFCHR : S_IFBLK),
      major: each.major,
      minor: each.minor,
      uid: 0,
      gid: 0,
    }),
  );
  return [...nodes, ...DEVICE_LINKS.map(([path, text]): Op => ({ op: 'symlink', text, path }))];
}

/** What docker hides of /proc and /sys; after the sysctls, since it makes /proc/sys read-only. */
export const maskOps = (folder: string, more: readonly string[]): readonly Op[] => [
  ...READONLY_PATHS.map((path): Op => ({ op: 'readonly', path })),
  ...[...MASKED_PATHS, ...more].map(
    (path): Op => ({ op: 'mask', path, empty: `${stageOf(folder)}${STAGE.empty}` }),
  ),
];

type BindOp = Extract<Op, { op: 'bind' }>;

function bindOp(
  source: string,
  target: string,
  options: {
    readonly recursive: boolean;
    readonly attributes: bigint;
    readonly propagation?: bigint;
    readonly captured?: boolean;
  },
): BindOp {
  return {
    op: 'bind',
    source,
    target,
    recursive: options.recursive ? 1 : 0,
    attributes: options.attributes,
    propagation: options.propagation ?? MS.PRIVATE,
    how: TARGET_MAKE,
    captured: options.captured === true ? 1 : 0,
  };
}

const stagedFolder = (folder: string, path: string, target: string, attributes = 0n): BindOp =>
  bindOp(`${stageOf(folder)}${path}`, target, { recursive: false, attributes });

type Etc = { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };

/** What is staged for `mounts` and for the container's own files, in the order of `userMountOps`. */
export function stagedFiles(mounts: readonly ResolvedMount[], etc: Etc): readonly StagedFile[] {
  const own = etcFiles(etc).filter((each) => mounts.every(({ target }) => target !== each.target));
  return byDepth([...mounts, ...own]).filter((each) => each.type === 'file');
}

/** A target within another's comes after it. */
export function userMountOps(
  folder: string,
  mounts: readonly ResolvedMount[],
  files: readonly StagedFile[],
): readonly Op[] {
  for (const each of mounts) checkTarget(each.target);
  return byDepth([...mounts.filter((each) => each.type !== 'file'), ...files]).flatMap((each) =>
    each.type === 'file' ? [fileBind(folder, each, files.indexOf(each))] : mountOps(each),
  );
}

/** The container may write to its own. */
const etcFiles = (etc: Etc): readonly StagedFile[] =>
  Object.entries({ hosts: etc.hosts, hostname: etc.hostname, 'resolv.conf': etc.resolvConf }).map(
    ([name, text]) => ({
      type: 'file',
      target: `/etc/${name}`,
      content: Buffer.from(text),
      uid: 0,
      gid: 0,
      mode: 0o644,
      secret: false,
      writable: true,
    }),
  );

/** What is the host's is taken before the container's own mounts begin, and used in the same order. */
function captureOps(mounts: readonly ResolvedMount[]): readonly Op[] {
  const binds = byDepth(mounts).filter((each) => each.type === 'bind');
  if (binds.length > BINDS_MAX) {
    throw fail(
      'input.invalid',
      `${binds.length} folders and files of the host are mounted, ${BINDS_MAX} may be`,
      {
        hint: 'mount a folder that has several of them in it',
      },
    );
  }
  return binds.map((each) => {
    const recursive = (each.recursive ?? true) ? 1 : 0;
    return each.subpath === undefined
      ? { op: 'capture', source: each.source, recursive }
      : { op: 'capture-in', folder: each.source, path: each.subpath, recursive };
  });
}

function captureShm(shm: Shm): readonly Op[] {
  if (shm === 'own') return [];
  if (shm === 'host') return [{ op: 'capture', source: SHM, recursive: 0 }];
  return [{ op: 'capture-joined', pid: shm.pid, ticks: shm.ticks ?? 0n, path: SHM }];
}

const byDepth = <T extends { readonly target: string }>(mounts: readonly T[]): readonly T[] =>
  mounts.toSorted((a, b) => depth(a.target) - depth(b.target));

const depth = (target: string): number => target.split('/').filter((part) => part !== '').length;

/** What stands over the kernel's file systems would make the container's own checks look at it (CVE-2019-16884). */
function checkTarget(target: string): void {
  const plain = `/${target
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
  const inProc = plain === '/proc' || plain.startsWith('/proc/');
  if (
    target.startsWith('/') &&
    !target.split('/').includes('..') &&
    plain !== '/' &&
    !inProc &&
    plain !== '/sys'
  ) {
    return;
  }
  throw fail('input.invalid', `cannot mount over ${target}`, {
    hint: 'mount on an absolute path below the root, outside of /proc and /sys',
  });
}

export type StagedFile = Extract<ResolvedMount, { type: 'file' }> & { readonly writable?: boolean };

/** What is not the container's own is read-only. */
const fileBind = (folder: string, file: StagedFile, at: number): Op =>
  bindOp(`${stageOf(folder)}/${at}`, file.target, {
    recursive: false,
    attributes:
      (file.writable ? 0n : MOUNT_ATTR.RDONLY) | MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC,
  });

function mountOps(each: Exclude<ResolvedMount, { type: 'file' }>): readonly Op[] {
  if (each.type === 'tmpfs') return [tmpfsOp(each.target, each.options)];
  const bind = bindOp(each.source, each.target, {
    recursive: each.recursive ?? true,
    attributes: each.readOnly ? MOUNT_ATTR.RDONLY : 0n,
    propagation: PROPAGATIONS[each.propagation ?? 'rprivate'] ?? MS.PRIVATE,
    captured: true,
  });
  return [bind];
}

const PROPAGATIONS: Readonly<Record<string, bigint>> = {
  private: MS.PRIVATE,
  rprivate: MS.PRIVATE,
  slave: MS.SLAVE,
  rslave: MS.SLAVE,
  shared: MS.SHARED,
  rshared: MS.SHARED,
};

const TMPFS_FLAGS: Readonly<Record<string, readonly [set: bigint, clear: bigint]>> = {
  ro: [MS.RDONLY, 0n],
  rw: [0n, MS.RDONLY],
  nosuid: [MS.NOSUID, 0n],
  suid: [0n, MS.NOSUID],
  nodev: [MS.NODEV, 0n],
  dev: [0n, MS.NODEV],
  noexec: [MS.NOEXEC, 0n],
  exec: [0n, MS.NOEXEC],
};

/** Docker's default is nosuid, nodev, noexec; each option may undo one. */
function tmpfsOp(target: string, options: readonly string[]): Op {
  let flags = QUIET;
  const data: string[] = [];
  for (const option of options.flatMap((each) => each.split(',')).filter((each) => each !== '')) {
    const [set, clear] = TMPFS_FLAGS[option] ?? [0n, 0n];
    if (TMPFS_FLAGS[option] === undefined) data.push(option);
    flags = (flags | set) & ~clear;
  }
  return mount('tmpfs', target, flags, data.join(','), TARGET_MAKE);
}
