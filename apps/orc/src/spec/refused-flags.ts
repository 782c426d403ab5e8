/** docker's flags of `container run` that say what orc has not: known, so that they are refused with a reason. */
import { fail } from '@orc/model';
import { type Flag, type Flags, list, longName, on, text } from '../cli/command.ts';

type Refused = {
  readonly flag: Flag;
  /** Values that say what is so anyway. */
  readonly allowed?: readonly string[];
  readonly why: string;
  readonly hint: string;
};

const REMOVE = 'leave it out';
const WINDOWS = { why: 'it concerns Windows containers', hint: REMOVE };
const REALTIME = {
  why: 'real-time scheduling is not given to containers',
  hint: 'use --cpu-shares or --cpus',
};
const RATES = { why: 'rates of single devices are not limited', hint: 'use --blkio-weight' };

const ROWS: readonly Refused[] = [
  {
    flag: list('--link <container>', 'Not offered'),
    why: 'containers are not linked',
    hint: 'put both on one network with --network: they find each other by name and --network-alias',
  },
  {
    flag: text('--gpus <devices>', 'Not offered'),
    why: 'GPUs are not given to containers yet',
    hint: 'use --device, such as --device /dev/dri, and mount the libraries',
  },
  {
    flag: text('--runtime <runtime>', 'Not offered'),
    allowed: ['', 'runc', 'io.containerd.runc.v2'],
    why: 'orc has one runtime, its own',
    hint: REMOVE,
  },
  {
    flag: text('--userns <mode>', 'Not offered'),
    allowed: ['', 'host'],
    why: 'user namespaces are not offered yet',
    hint: 'leave it out, and use --user and --cap-drop',
  },
  { flag: text('--isolation <technology>', 'Not offered'), allowed: ['', 'default'], ...WINDOWS },
  {
    flag: text('--cgroup-parent <path>', 'Not offered'),
    allowed: [''],
    why: 'containers live in the cgroup of the instance',
    hint: 'limit them with --memory, --cpus and --pids-limit',
  },
  {
    flag: text('--volume-driver <driver>', 'Not offered'),
    allowed: ['', 'local'],
    why: 'there is one driver of volumes',
    hint: 'it is local: leave it out',
  },
  {
    flag: list('--storage-opt <name=value>', 'Not offered'),
    why: 'the size of root file systems is not limited yet',
    hint: 'limit a --tmpfs, or use --read-only',
  },
  {
    flag: text('--kernel-memory <bytes>', 'Not offered'),
    allowed: ['', '0'],
    why: 'kernels have no such limit any more',
    hint: 'it counts in --memory',
  },
  {
    flag: list('--link-local-ip <address>', 'Not offered'),
    why: 'link-local addresses are not given',
    hint: 'use --ip',
  },
  {
    flag: text('--ip6 <address>', 'Not offered'),
    why: 'networks have no IPv6 yet',
    hint: 'use --ip',
  },
  {
    flag: on('--use-api-socket', 'Not offered'),
    why: 'containers are not given the daemon',
    hint: 'mount its socket with --volume if they are to be root here',
  },
  { flag: text('--cpu-rt-period <microseconds>', 'Not offered'), allowed: ['', '0'], ...REALTIME },
  { flag: text('--cpu-rt-runtime <microseconds>', 'Not offered'), allowed: ['', '0'], ...REALTIME },
  { flag: list('--blkio-weight-device <device:weight>', 'Not offered'), ...RATES },
  { flag: list('--device-read-bps <device:rate>', 'Not offered'), ...RATES },
  { flag: list('--device-read-iops <device:rate>', 'Not offered'), ...RATES },
  { flag: list('--device-write-bps <device:rate>', 'Not offered'), ...RATES },
  { flag: list('--device-write-iops <device:rate>', 'Not offered'), ...RATES },
  { flag: text('--cpu-count <count>', 'Not offered'), ...WINDOWS },
  { flag: text('--cpu-percent <percent>', 'Not offered'), ...WINDOWS },
  { flag: text('--io-maxbandwidth <rate>', 'Not offered'), ...WINDOWS },
  { flag: text('--io-maxiops <rate>', 'Not offered'), ...WINDOWS },
];

/** For the tables of flags; help does not show them. */
export const REFUSED_FLAGS: readonly Flag[] = ROWS.map(({ flag }) => ({ ...flag, hidden: true }));

/** Throws `input.unsupported` for the first of them. */
export function refuseFlags(flags: Flags): void {
  for (const { flag, allowed = [], why, hint } of ROWS) {
    const name = longName(flag.flags);
    const value = valuesOf(flags, flag, name).find((each) => !allowed.includes(each));
    if (value !== undefined)
      throw fail('input.unsupported', `${`--${name} ${value}`.trimEnd()}: ${why}`, { hint });
  }
}

function valuesOf(flags: Flags, { kind }: Flag, name: string): readonly string[] {
  if (kind === 'list') return flags.list(name);
  if (kind === 'on') return flags.on(name) ? [''] : [];
  const value = flags.text(name);
  return value === undefined ? [] : [value];
}
