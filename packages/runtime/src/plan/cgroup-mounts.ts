/** Where the kernel's cgroup hierarchies are mounted, from /proc/self/mountinfo (proc(5)). */

export type CgroupMounts = {
  /** `hybrid`: controllers are v1's, and a v2 hierarchy without them is there too. */
  readonly kind: 'v1' | 'v2' | 'hybrid';
  /** v1: by controller (`cpu`, `name=systemd`); controllers mounted together share a path. */
  readonly v1: Readonly<Record<string, string>>;
  readonly v2?: string;
};

export function parseCgroupMounts(mountinfo: string): CgroupMounts {
  const v1: Record<string, string> = {};
  let v2: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const path = unescape(before.split(' ')[4] ?? '');
    const [type, , options = ''] = after.split(' ');
    if (type === 'cgroup2') v2 ??= path;
    if (type !== 'cgroup') continue;
    for (const option of options.split(',')) if (!NOT_CONTROLLERS.has(option)) v1[option] ??= path;
  }
  const controllers = Object.keys(v1).some((name) => !name.startsWith('name='));
  const kind = controllers ? (v2 === undefined ? 'v1' : 'hybrid') : 'v2';
  return { kind, v1, ...(v2 === undefined ? {} : { v2 }) };
}

const NOT_CONTROLLERS: ReadonlySet<string> = new Set([
  'rw',
  'ro',
  'xattr',
  'clone_children',
  'noprefix',
  'none',
]);

/** Spaces and the like are written as three octal digits. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
