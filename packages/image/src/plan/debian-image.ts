/** What makes a debootstrapped folder an image: configuration as the official images have it, and what goes. */
import type { TreeFile } from './busybox.ts';

/** For package installs as build steps: no caches in layers, no services started, no fsync per file. */
export const DEBIAN_FILES: readonly TreeFile[] = [
  { path: 'etc/dpkg/dpkg.cfg.d/docker-apt-speedup', mode: 0o644, text: 'force-unsafe-io\n' },
  {
    path: 'etc/apt/apt.conf.d/docker-autoremove-suggests',
    mode: 0o644,
    text: 'Apt::AutoRemove::SuggestsImportant "false";\n',
  },
  {
    path: 'etc/apt/apt.conf.d/docker-clean',
    mode: 0o644,
    text: `DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
`,
  },
  { path: 'etc/apt/apt.conf.d/docker-gzip-indexes', mode: 0o644, text: 'Acquire::GzipIndexes "true";\n' },
  { path: 'etc/apt/apt.conf.d/docker-no-languages', mode: 0o644, text: 'Acquire::Languages "none";\n' },
  { path: 'usr/sbin/policy-rc.d', mode: 0o755, text: '#!/bin/sh\nexit 101\n' },
];

/** Folders whose contents go. */
export const DEBIAN_EMPTIED: readonly string[] = [
  'var/lib/apt/lists',
  'var/cache/apt',
  'var/cache/ldconfig',
  'var/cache/debconf',
  'var/log',
  'tmp',
  'var/tmp',
  'run',
  'dev',
];
/** Of the host or of the making. */
export const DEBIAN_REMOVED: readonly string[] = [
  'etc/resolv.conf',
  'etc/hostname',
  'debootstrap',
  'etc/apt/sources.list',
];
/** Made again empty. */
export const DEBIAN_FOLDERS: readonly string[] = [
  'var/lib/apt/lists/partial',
  'var/cache/apt/archives/partial',
  'var/log/apt',
  'run/lock',
];

/** `$1` folder, `$2` work folder, `$3` suite, `$4` mirror, `$5` cache, `$6` keyring, `$7` components, `$8` architecture, `$9` script. */
export const DEBOOTSTRAP_SCRIPT = `set -e
target=$1 work=$2 suite=$3 mirror=$4 cache=$5 keyring=$6 components=$7 arch=$8 script=$9
mkdir -p "$work/lower" "$work/upper" "$work/scratch"
# On a volatile overlay every fsync of dpkg costs nothing; it goes with this mount namespace.
if mount -t overlay overlay -o "lowerdir=$work/lower,upperdir=$target,workdir=$work/scratch,volatile" "$work/upper" 2>/dev/null
then root=$work/upper
else root=$target
fi
debootstrap --foreign --variant=minbase --merged-usr --arch="$arch" --components="$components" \\
  --cache-dir="$cache" --keyring="$keyring" "$suite" "$root" "$mirror" "$script"
mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
echo force-unsafe-io > "$root/etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
exec chroot "$root" /debootstrap/debootstrap --second-stage
`;

/** `I: Unpacking libc6...` to `Unpacking libc6`; warnings keep their mark. */
export const progressOf = (line: string): string | undefined => {
  const match = /^([IWE]): (.*?)(?:\.\.\.)?\s*$/.exec(line);
  if (match === null) return undefined;
  return match[1] === 'I' ? match[2] : `${match[1] === 'W' ? 'warning' : 'error'}: ${match[2]}`;
};
