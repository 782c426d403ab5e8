/** A request to start, with the facts of this host, as a plan. Pure: whatever must be looked up is in `StartFacts`. */
import { assert, fail, type KernelOp, type NamespaceMode } from '@orc/model';
import type { Joins, ProcessId, StartRequest } from '../types.ts';
import { CLONE } from './flags.ts';
import { type CgroupView, maskOps, rootOps, stagedFiles, systemOps, userMountOps } from './mounts.ts';
import { type LaunchPlan, type Op, planOf } from './ops.ts';
import type { DeviceNode } from './paths.ts';
import { type Identity, type Program, processOps } from './process.ts';
import { boundedRlimits } from './rlimits.ts';
import { checkSysctls, DEFAULT_SYSCTLS, sysctlPath } from './sysctls.ts';

export type StartFacts = {
  readonly joins: Joins;
  readonly program: Program;
  readonly identity: Identity;
  /** Of the container's cgroups. */
  readonly tasksFiles: readonly string[];
  readonly cgroupV2?: string;
  readonly deviceProgram?: Uint8Array;
  readonly cgroupView?: CgroupView;
  /** Where the kernel counts processes killed for want of memory. */
  readonly oomFile?: string;
  readonly devices: readonly DeviceNode[];
  /** The lowest layer of all roots: the mount points that an image may lack. */
  readonly skeleton: string;
  /** Masked too: each processor's thermal_throttle. */
  readonly maskedMore: readonly string[];
  /** By number: above them no limit can be set; absent where any can. */
  readonly hardLimits?: ReadonlyMap<number, bigint>;
  readonly terminal: { readonly columns: number; readonly rows: number };
};

/** Throws `input.invalid` for a sysctl, mount or limit that cannot be. */
export function compileStart(request: StartRequest, facts: StartFacts): LaunchPlan {
  const own = ownNamespaces(request, facts.joins);
  return planOf([
    ...hostOps(request, facts),
    ...cloneOps(request, facts, own),
    ...joinOps(request, facts),
    ...containerRootOps(request, facts, own),
    { op: 'pivot' },
    ...(request.spec.tty || request.spec.openStdin ? [] : [{ op: 'stdin-null' } as const]),
    ...utsOps(request, own),
    ...processOps(facts.program, facts.identity, {
      rlimits: boundedRlimits(request.spec.ulimits ?? [], facts.hardLimits),
      init: request.spec.init === true && own.pid,
      dieWithShim: own.pid,
    }),
  ]);
}

export type OwnNamespaces = {
  readonly pid: boolean;
  readonly ipc: boolean;
  readonly uts: boolean;
  readonly net: boolean;
  readonly cgroup: boolean;
};

const isHost = (mode: NamespaceMode | undefined): boolean => mode?.kind === 'host';

function ownNamespaces({ spec, networkNamespace }: StartRequest, joins: Joins): OwnNamespaces {
  return {
    pid: joins.pid === undefined && !isHost(spec.pidMode),
    ipc: joins.ipc === undefined && !isHost(spec.ipcMode),
    uts: joins.uts === undefined && !isHost(spec.utsMode),
    net: networkNamespace !== 'host',
    cgroup: !isHost(spec.cgroupnsMode),
  };
}

/** In the shim, before the clone. */
function hostOps(request: StartRequest, facts: StartFacts): readonly Op[] {
  const { log, spec } = request;
  return [
    { op: 'folder', path: request.folder, attempt: request.attempt },
    ...(log === undefined
      ? []
      : [
          {
            op: 'log',
            folder: log.folder,
            sizeMax: BigInt(log.maxSizeBytes),
            filesMax: log.maxFiles,
          } as const,
        ]),
    { op: 'stdio', tty: spec.tty ? 1 : 0, stdin: spec.openStdin ? 1 : 0 },
    ...(facts.oomFile === undefined ? [] : [{ op: 'oom-file', path: facts.oomFile } as const]),
    ...(facts.deviceProgram === undefined || facts.cgroupV2 === undefined
      ? []
      : [{ op: 'device-program', cgroup: facts.cgroupV2, program: facts.deviceProgram } as const]),
    ...kernelOps(request.kernelOps ?? []),
  ];
}

/** `kernel.run`'s operations in the plan's form. */
export const kernelOps = (ops: readonly KernelOp[]): readonly Op[] => ops.map((each) => kernelOp(each));

function kernelOp(op: KernelOp): Op {
  if (op.op === 'netns' || op.op === 'netns-remove') return { op: op.op, path: op.path };
  const namespace = op.namespace ?? '';
  const tolerate = op.tolerate ?? [];
  if (op.op === 'sysctl') return { op: 'sysctl', namespace, key: op.key, value: op.value, tolerate };
  return { op: 'netlink', namespace, messages: op.messages, namespaceFds: op.namespaceFds ?? [], tolerate };
}

/** A joined pid namespace takes effect for children only: before the clone. */
function cloneOps(request: StartRequest, facts: StartFacts, own: OwnNamespaces): readonly Op[] {
  const net = own.net && request.networkNamespace === undefined;
  const flags =
    (own.pid ? CLONE.NEWPID : 0n) |
    (own.ipc ? CLONE.NEWIPC : 0n) |
    (own.uts ? CLONE.NEWUTS : 0n) |
    (net ? CLONE.NEWNET : 0n);
  const { pid } = facts.joins;
  return [
    ...(pid === undefined ? [] : [joinOp(pid, 'pid', CLONE.NEWPID)]),
    { op: 'clone', flags, cgroup: facts.cgroupV2 ?? '' },
  ];
}

const joinOp = ({ pid, ticks = 0n }: ProcessId, namespace: string, kind: bigint): Op => ({
  op: 'join',
  pid,
  ticks,
  namespace,
  kind: Number(kind),
});

const ZERO = Buffer.from('0');

/** A single-threaded process moves itself by `tasks`, which takes no lock that waits (DECISIONS 18). */
function joinOps(request: StartRequest, facts: StartFacts): readonly Op[] {
  const { spec, networkNamespace } = request;
  const { ipc, uts } = facts.joins;
  const net = networkNamespace === undefined || networkNamespace === 'host' ? undefined : networkNamespace;
  return [
    { op: 'dumpable', on: 0 },
    { op: 'setsid' },
    ...facts.tasksFiles.map((path): Op => ({ op: 'write', path, data: ZERO })),
    ...oomScoreOps(spec.oomScoreAdj),
    ...(isHost(spec.cgroupnsMode) ? [] : [{ op: 'unshare', flags: CLONE.NEWCGROUP } as const]),
    ...(net === undefined ? [] : [{ op: 'setns', path: net, kind: Number(CLONE.NEWNET) } as const]),
    ...(ipc === undefined ? [] : [joinOp(ipc, 'ipc', CLONE.NEWIPC)]),
    ...(uts === undefined ? [] : [joinOp(uts, 'uts', CLONE.NEWUTS)]),
  ];
}

/** Always written: the launcher's own is not the container's business. */
const oomScoreOps = (score = 0): readonly Op[] => [
  { op: 'write', path: '/proc/self/oom_score_adj', data: Buffer.from(String(score)) },
];

function containerRootOps(request: StartRequest, facts: StartFacts, own: OwnNamespaces): readonly Op[] {
  const { spec, folder } = request;
  const privileged = spec.privileged === true;
  const masked = !privileged && spec.security?.unmaskSystemPaths !== true;
  const files = stagedFiles(request.mounts, request.etc);
  const shm = facts.joins.ipc ?? (own.ipc ? 'own' : 'host');
  return [
    ...rootOps(
      {
        folder,
        layers: [facts.skeleton, ...request.image.layers],
        volatile: request.volatileRoot === true,
        shm,
      },
      request.mounts,
      files,
    ),
    ...systemOps({
      folder,
      privileged,
      shm,
      ...(own.cgroup && facts.cgroupView !== undefined ? { cgroups: facts.cgroupView } : {}),
      devices: facts.devices,
      ...(spec.shmSizeBytes === undefined ? {} : { shmBytes: spec.shmSizeBytes }),
    }),
    ...userMountOps(folder, request.mounts, files),
    { op: 'mkdir', path: facts.program.cwd, mode: 0o755, uid: 0, gid: 0 },
    ...sysctlOps(request, own),
    ...(spec.tty
      ? [
          {
            op: 'console',
            columns: facts.terminal.columns,
            rows: facts.terminal.rows,
            mounted: 1,
          } as const,
        ]
      : []),
    ...(masked ? maskOps(folder, facts.maskedMore) : []),
    ...(spec.readOnlyRoot ? [{ op: 'remount', target: '/', set: 1n, clear: 0n, recursive: 0 } as const] : []),
  ];
}

function sysctlOps(request: StartRequest, own: OwnNamespaces): readonly Op[] {
  const wanted = request.spec.sysctls ?? {};
  const problems = checkSysctls(wanted, { ownNet: own.net, ownIpc: own.ipc, ownUts: own.uts });
  const [first] = problems;
  if (first !== undefined) throw fail(first.code, first.message, first);
  const all = { ...(own.net ? DEFAULT_SYSCTLS : {}), ...wanted };
  return Object.entries(all).map(([name, value]) => ({ op: 'sysctl-in', key: sysctlPath(name), value }));
}

function utsOps(request: StartRequest, own: OwnNamespaces): readonly Op[] {
  const { domainname } = request.spec;
  if (!own.uts) return [];
  assert(request.hostname !== '', 'a container has a hostname');
  return [
    { op: 'hostname', name: request.hostname },
    ...(domainname === undefined ? [] : [{ op: 'domainname', name: domainname } as const]),
  ];
}
