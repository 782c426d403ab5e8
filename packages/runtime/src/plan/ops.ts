/**
 * The operations of a plan, one row each: number and fields in the order of their encoding. `native/ops.h` has the
 * same numbers and names (a test compares them); what each does is told beside its C function.
 */

/** `list`: u32 count, then the elements. `lists` of pairs and numbers serve one operation each. */
export type FieldKinds = {
  readonly string: string;
  readonly u32: number;
  readonly u64: bigint;
  readonly bytes: Uint8Array;
  readonly strings: readonly string[];
  readonly u32s: readonly number[];
  readonly offsets: readonly { readonly offset: number; readonly path: string }[];
};
type Fields = Readonly<Record<string, keyof FieldKinds>>;
export type OpRow = { readonly number: number; readonly fields: Fields };

export const PLAN_SCHEMA = 1;

export const OPS = {
  netns: { number: 1, fields: { path: 'string' } },
  'netns-remove': { number: 2, fields: { path: 'string' } },
  netlink: {
    number: 3,
    fields: { namespace: 'string', messages: 'bytes', namespaceFds: 'offsets', tolerate: 'u32s' },
  },
  sysctl: { number: 4, fields: { namespace: 'string', key: 'string', value: 'string', tolerate: 'u32s' } },
  folder: { number: 5, fields: { path: 'string', attempt: 'u32' } },
  log: { number: 6, fields: { folder: 'string', sizeMax: 'u64', filesMax: 'u32' } },
  stdio: { number: 7, fields: { tty: 'u32', stdin: 'u32' } },
  'oom-file': { number: 8, fields: { path: 'string' } },
  clone: { number: 9, fields: { flags: 'u64', cgroup: 'string' } },
  'kill-cgroup': { number: 10, fields: { path: 'string' } },
  timeout: { number: 11, fields: { ms: 'u32' } },
  'device-program': { number: 12, fields: { cgroup: 'string', program: 'bytes' } },
  write: { number: 20, fields: { path: 'string', data: 'bytes' } },
  setns: { number: 21, fields: { path: 'string', kind: 'u32' } },
  unshare: { number: 22, fields: { flags: 'u64' } },
  propagation: { number: 23, fields: { path: 'string', flags: 'u64' } },
  overlay: {
    number: 24,
    fields: { target: 'string', upper: 'string', work: 'string', options: 'string', layers: 'strings' },
  },
  root: { number: 25, fields: { path: 'string' } },
  mount: {
    number: 26,
    fields: { source: 'string', target: 'string', type: 'string', flags: 'u64', data: 'string', how: 'u32' },
  },
  bind: {
    number: 27,
    fields: {
      source: 'string',
      target: 'string',
      recursive: 'u32',
      attributes: 'u64',
      propagation: 'u64',
      how: 'u32',
      captured: 'u32',
    },
  },
  mkdir: { number: 28, fields: { path: 'string', mode: 'u32', uid: 'u32', gid: 'u32' } },
  file: { number: 29, fields: { path: 'string', mode: 'u32', uid: 'u32', gid: 'u32', content: 'bytes' } },
  symlink: { number: 30, fields: { text: 'string', path: 'string' } },
  mknod: {
    number: 31,
    fields: { path: 'string', mode: 'u32', major: 'u32', minor: 'u32', uid: 'u32', gid: 'u32' },
  },
  'copy-up': { number: 32, fields: { path: 'string', folder: 'string', marker: 'string' } },
  remount: { number: 33, fields: { target: 'string', set: 'u64', clear: 'u64', recursive: 'u32' } },
  mask: { number: 34, fields: { path: 'string', empty: 'string' } },
  readonly: { number: 35, fields: { path: 'string' } },
  console: { number: 36, fields: { columns: 'u32', rows: 'u32', mounted: 'u32' } },
  pivot: { number: 37, fields: {} },
  'sysctl-in': { number: 38, fields: { key: 'string', value: 'string' } },
  hostname: { number: 39, fields: { name: 'string' } },
  domainname: { number: 40, fields: { name: 'string' } },
  rlimit: { number: 41, fields: { resource: 'u32', soft: 'u64', hard: 'u64' } },
  pdeathsig: { number: 42, fields: { signal: 'u32' } },
  dumpable: { number: 43, fields: { on: 'u32' } },
  cwd: { number: 44, fields: { path: 'string' } },
  user: { number: 45, fields: { uid: 'u32', gid: 'u32', groups: 'u32s' } },
  bounding: { number: 46, fields: { keep: 'u64' } },
  capabilities: {
    number: 47,
    fields: { effective: 'u64', permitted: 'u64', inheritable: 'u64', ambient: 'u64' },
  },
  'no-new-privileges': { number: 48, fields: {} },
  seccomp: { number: 49, fields: { filter: 'bytes' } },
  'close-fds': { number: 50, fields: {} },
  init: { number: 51, fields: {} },
  exec: { number: 52, fields: { argv: 'strings', env: 'strings', path: 'string' } },
  setsid: { number: 53, fields: {} },
  enter: { number: 54, fields: { flags: 'u64' } },
  capture: { number: 55, fields: { source: 'string', recursive: 'u32' } },
  'capture-in': { number: 56, fields: { folder: 'string', path: 'string', recursive: 'u32' } },
  'capture-joined': { number: 57, fields: { pid: 'u32', ticks: 'u64', path: 'string' } },
  'stdin-null': { number: 58, fields: {} },
  join: { number: 59, fields: { pid: 'u32', ticks: 'u64', namespace: 'string', kind: 'u32' } },
  read: { number: 60, fields: { path: 'string' } },
  lock: { number: 61, fields: { folder: 'string' } },
  'remove-tree': { number: 62, fields: { path: 'string' } },
  'own-mounts': { number: 63, fields: {} },
} as const satisfies Readonly<Record<string, OpRow>>;

export type OpName = keyof typeof OPS;
type FieldsOf<N extends OpName> = (typeof OPS)[N]['fields'];
type ValuesOf<F> = { readonly [K in keyof F]: F[K] extends keyof FieldKinds ? FieldKinds[F[K]] : never };
export type Op = { [N in OpName]: { readonly op: N } & ValuesOf<FieldsOf<N>> }[OpName];

/** `flags` of `mount` and `bind`. */
export const TARGET_PLAIN = 1;
export const TARGET_MAKE = 2;

export type LaunchPlan = { readonly schema: typeof PLAN_SCHEMA; readonly ops: readonly Op[] };

export const planOf = (ops: readonly Op[]): LaunchPlan => ({ schema: PLAN_SCHEMA, ops });
