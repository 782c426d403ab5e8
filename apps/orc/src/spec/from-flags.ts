/** The flags of `container run` to a `ContainerSpec`. Pure: files were read before. */
import { isIP } from 'node:net';
import { type ContainerSpec, type NamespaceMode, type Resources, fail, isSignal } from '@orc/model';
import type { Flags } from '../cli/command.ts';
import type { Io } from '../cli/io.ts';
import { healthcheckFrom, loggingFrom, restartFrom, securityFrom } from './policies.ts';
import { mountsFrom } from './mounts.ts';
import { networkModeOf } from './networks.ts';
import { refuseFlags } from './refused-flags.ts';
import { parseExpose, parsePublish } from './ports.ts';
import { bytesOf, compact, pairsOf, some, valuesOf } from './values.ts';

export type FlagFiles = {
  /** Of `--env-file` and `--label-file`, merged in their order. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Contents of a `seccomp=` profile. */
  readonly seccomp?: string;
};

/** Throws `usage.invalid` that names the flag. */
export function specFromFlags(
  flags: Flags,
  image: string,
  command: readonly string[],
  files: FlagFiles,
  outer: Pick<Io, 'env' | 'cwd' | 'cpus'>,
): ContainerSpec {
  refuseFlags(flags);
  const mounts = mountsFrom(flags, outer.cwd);
  return compact<ContainerSpec>({
    image,
    platform: flags.text('platform'),
    entrypoint: entrypointOf(flags.text('entrypoint')),
    command: command.length > 0 ? command : flags.text('entrypoint') === undefined ? undefined : [],
    env: some({ ...files.env, ...valuesOf('env', flags.list('env'), outer.env) }),
    workingDir: absolute(flags.text('workdir')),
    user: flags.text('user'),
    groupAdd: filled(flags.list('group-add')),
    hostname: flags.text('hostname'),
    domainname: flags.text('domainname'),
    labels: some({ ...files.labels, ...pairsOf('label', flags.list('label')) }),
    annotations: some(pairsOf('annotation', flags.list('annotation'))),
    tty: flags.on('tty') || undefined,
    openStdin: flags.on('interactive') || undefined,
    init: flags.on('init') || undefined,
    readOnlyRoot: flags.on('read-only') || undefined,
    stopSignal: signal(flags.text('stop-signal')),
    stopGraceMs: seconds(flags.number('stop-timeout')),
    ...isolationOf(flags, files, outer.cpus),
    mounts: filled(mounts),
    shmSizeBytes: bytesOf(flags, 'shm-size'),
    ...networkOf(flags),
    pidMode: namespaceOf('pid', flags.text('pid')),
    ipcMode: namespaceOf('ipc', flags.text('ipc')),
    utsMode: namespaceOf('uts', flags.text('uts')),
    cgroupnsMode: namespaceOf('cgroupns', flags.text('cgroupns')),
    healthcheck: healthcheckFrom(flags),
    restart: restartFrom(flags),
    logging: loggingFrom(flags),
    autoRemove: flags.on('rm') || undefined,
  });
}

type Part = { readonly [K in keyof ContainerSpec]?: ContainerSpec[K] | undefined };

const isolationOf = (flags: Flags, files: FlagFiles, hostCpus: number): Part => ({
  capAdd: filled(flags.list('cap-add')),
  capDrop: filled(flags.list('cap-drop')),
  privileged: flags.on('privileged') || undefined,
  security: securityFrom(flags, files.seccomp),
  ulimits: filled(flags.list('ulimit').map(ulimit)),
  sysctls: some(pairsOf('sysctl', flags.list('sysctl'))),
  devices: filled(flags.list('device').map(device)),
  deviceCgroupRules: filled(flags.list('device-cgroup-rule')),
  oomScoreAdj: flags.number('oom-score-adj'),
  resources: some(resourcesOf(flags, hostCpus)),
});

const networkOf = (flags: Flags): Part => ({
  networkMode: networkModeOf(flags),
  ports: filled(flags.list('publish').flatMap(parsePublish)),
  publishAll: flags.on('publish-all') || undefined,
  expose: filled(flags.list('expose').flatMap(parseExpose)),
  extraHosts: filled(flags.list('add-host').map(extraHost)),
  dns: filled(flags.list('dns').map(address)),
  dnsSearch: filled(flags.list('dns-search')),
  dnsOptions: filled(flags.list('dns-option')),
});

function absolute(path: string | undefined): string | undefined {
  if (path === undefined || path.startsWith('/')) return path;
  throw fail('usage.invalid', `--workdir ${path} is not absolute`, { hint: `write /${path}` });
}

function signal(name: string | undefined): string | undefined {
  if (name === undefined || name === '' || isSignal(name)) return name || undefined;
  throw fail('input.unsupported', `invalid signal: ${name}`, { hint: 'write SIGTERM, TERM or 15' });
}

function address(word: string): string {
  if (isIP(word) !== 0) return word;
  throw fail('usage.invalid', `--dns ${word} is no address`, { hint: 'write 1.1.1.1' });
}

const filled = <T>(values: readonly T[]): readonly T[] | undefined =>
  values.length === 0 ? undefined : values;
const seconds = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : value * 1000;
const entrypointOf = (value: string | undefined): readonly string[] | undefined =>
  value === undefined ? undefined : value === '' ? [] : [value];

/** As docker has it: with less, no program of today starts. */
const MEMORY_BYTES_MIN = 6 * 1024 * 1024;

function memoryOf(flags: Flags): number | undefined {
  const bytes = bytesOf(flags, 'memory');
  if (bytes !== undefined && bytes > 0 && bytes < MEMORY_BYTES_MIN)
    throw fail('input.invalid', `--memory ${flags.text('memory')} is less than the minimum of 6 MB`, {
      hint: 'write 6m or more, or 0 for no limit',
    });
  return bytes;
}

const CPUS_MIN = 0.01;

function mustBeCpus(cpus: string, hostCpus: number): void {
  if (!(Number(cpus) > 0))
    throw fail('usage.invalid', `--cpus takes a number, not "${cpus}"`, { hint: 'write 1.5' });
  if (Number(cpus) < CPUS_MIN || Number(cpus) > hostCpus)
    throw fail(
      'input.invalid',
      `--cpus ${cpus}: range of CPUs is from ${CPUS_MIN} to ${hostCpus.toFixed(2)}, as there are only ${hostCpus} CPUs available`,
      { hint: Number(cpus) > hostCpus ? `write ${hostCpus} or less` : `write ${CPUS_MIN} or more` },
    );
}

function resourcesOf(flags: Flags, hostCpus: number): Resources {
  const cpus = flags.text('cpus');
  if (cpus !== undefined) mustBeCpus(cpus, hostCpus);
  const swap = flags.text('memory-swap');
  return compact<Resources>({
    nanoCpus: cpus === undefined ? undefined : Math.round(Number(cpus) * 1e9),
    cpuShares: flags.number('cpu-shares'),
    cpuPeriodUs: flags.number('cpu-period'),
    cpuQuotaUs: flags.number('cpu-quota'),
    cpusetCpus: flags.text('cpuset-cpus'),
    cpusetMems: flags.text('cpuset-mems'),
    memoryBytes: memoryOf(flags),
    memoryReservationBytes: bytesOf(flags, 'memory-reservation'),
    memorySwapBytes: swap === '-1' ? -1 : bytesOf(flags, 'memory-swap'),
    memorySwappiness: flags.number('memory-swappiness'),
    oomKillDisable: flags.on('oom-kill-disable') || undefined,
    pidsMax: flags.number('pids-limit'),
    blkioWeight: flags.number('blkio-weight'),
  });
}

function ulimit(word: string): { name: string; soft: number; hard: number } {
  const match = /^([a-z]+)=(-1|\d+|unlimited)(?::(-1|\d+|unlimited))?$/.exec(word);
  if (match === null)
    throw fail('usage.invalid', `--ulimit ${word} is malformed`, { hint: 'write nofile=1024:2048' });
  const limit = (value: string): number => (value === 'unlimited' ? -1 : Number(value));
  const soft = limit(match[2] as string);
  return { name: match[1] as string, soft, hard: match[3] === undefined ? soft : limit(match[3]) };
}

function device(word: string): { source: string; target: string; permissions: string } {
  const [source = '', second, third] = word.split(':');
  const isMode = (part: string | undefined): boolean => part !== undefined && /^[rwm]{1,3}$/.test(part);
  if (!source.startsWith('/'))
    throw fail('usage.invalid', `--device ${word} is no path`, { hint: 'write /dev/fuse' });
  const target = second === undefined || (isMode(second) && third === undefined) ? source : second;
  return { source, target, permissions: third ?? (isMode(second) ? (second as string) : 'rwm') };
}

export function extraHost(word: string): { name: string; address: string } {
  const match = /^([^:=]+)[:=](.+)$/.exec(word);
  if (match === null)
    throw fail('usage.invalid', `--add-host ${word} is malformed`, { hint: 'write db:10.0.0.5' });
  return { name: match[1] as string, address: (match[2] as string).replace(/^\[(.*)\]$/, '$1') };
}

function namespaceOf(flag: string, value: string | undefined): NamespaceMode | undefined {
  if (value === undefined || value === '') return undefined;
  if (value === 'host' || value === 'private') return { kind: value };
  if (value === 'shareable') return { kind: 'private' };
  if (value.startsWith('container:'))
    return { kind: 'container', container: value.slice('container:'.length) };
  throw fail('usage.invalid', `--${flag} ${value} is no mode`, {
    hint: 'write host, private or container:NAME',
  });
}
