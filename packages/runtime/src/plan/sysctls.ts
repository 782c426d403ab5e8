/** Kernel parameters that belong to a namespace of the container, and so may be set without touching the host's. */
import { type Problem, sysctlNamespace, type SysctlNamespace } from '@orc/model';

/** Written before the user's, where the container has a network namespace of its own. */
export const DEFAULT_SYSCTLS: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
};

export type OwnNamespaces = { readonly ownNet: boolean; readonly ownIpc: boolean; readonly ownUts: boolean };

/** One problem per sysctl that is refused; the others are fine. */
export function checkSysctls(
  sysctls: Readonly<Record<string, string>>,
  own: OwnNamespaces,
): readonly Problem[] {
  return Object.entries(sysctls).flatMap(([name, value]) => checkOne(name, value, own) ?? []);
}

/**
 * Below /proc/sys. Dots separate, and a slash within a part stands for a dot (`net.ipv4.conf.eth0/100.forwarding`),
 * the other way round where the first separator is a slash: sysctl(8).
 */
export function sysctlPath(name: string): string {
  if (name.search(/[./]/) === name.indexOf('/')) return name;
  return name.replace(/[./]/g, (each) => (each === '.' ? '/' : '.'));
}

const OWN: Readonly<Record<SysctlNamespace, (own: OwnNamespaces) => boolean>> = {
  network: ({ ownNet }) => ownNet,
  ipc: ({ ownIpc }) => ownIpc,
  uts: ({ ownUts }) => ownUts,
};

function checkOne(name: string, value: string, own: OwnNamespaces): Problem | undefined {
  const path = sysctlPath(name);
  if (!isSafe(path))
    return refuse(name, 'is not a name of a kernel parameter', 'write it as net.ipv4.ip_forward');
  if (/[\0\n]/.test(value)) return refuse(name, 'has a value of several lines', 'write one line');
  if (path === 'kernel/hostname') return refuse(name, 'cannot be set', 'use hostname instead');
  const namespace = sysctlNamespace(path);
  if (namespace === undefined) {
    return refuse(name, 'is not separate for a container', 'net.*, fs.mqueue.* and System V ipc ones are');
  }
  if (OWN[namespace](own)) return undefined;
  const hint = `give the container its own ${namespace} namespace, or set it on the host`;
  return refuse(name, `would change the host's ${namespace} namespace`, hint);
}

/** Becomes a path that root writes to: nothing that climbs. */
const isSafe = (path: string): boolean =>
  /^[A-Za-z0-9_.:@/-]+$/.test(path) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const refuse = (name: string, why: string, hint: string): Problem => ({
  code: 'input.invalid',
  message: `sysctl ${name} ${why}`,
  hint,
});
