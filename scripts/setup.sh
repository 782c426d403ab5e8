#!/bin/sh
# Makes everything that orc's commands and tests need; quick when there is nothing to do.
#   sh scripts/setup.sh [--tests]     --tests: also what only tests use (a registry, servers)
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "setup: $*"; }

# npm packages, Node 24 among them
lock=$(cksum package-lock.json | cut -d' ' -f1,2)
stamp=node_modules/.orc-setup
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$lock" ]; then
  say "installing npm packages"
  npm ci --no-audit --no-fund --loglevel=error
  printf '%s' "$lock" > "$stamp"
fi
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

# system programs: name of the program and of its Debian package
programs='ip:iproute2 nft:nftables conntrack:conntrack debootstrap:debootstrap gcc:gcc busybox:busybox-static'
[ "${1:-}" = --tests ] && programs="$programs docker-registry:docker-registry skopeo:skopeo redis-server:redis-server nginx:nginx-light strace:strace xz:xz-utils bzip2:bzip2"
missing=
for each in $programs; do
  program=${each%%:*}
  PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null 2>&1 || missing="$missing ${each#*:}"
done
[ -f /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
[ -f /usr/include/linux/seccomp.h ] || missing="$missing libc6-dev linux-libc-dev"
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    # Services of these packages must not start: a policy that says no, for the time of the installation.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy"
      trap 'rm -f "$policy"' EXIT
    fi
    # shellcheck disable=SC2086
    apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 || { apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends $missing >/dev/null; }
  else
    say "missing programs; as root: apt-get install$missing" >&2
    exit 1
  fi
fi

# the program at the kernel's edge, and the bundles that users start
sh packages/runtime/native/build.sh
node scripts/build.ts
