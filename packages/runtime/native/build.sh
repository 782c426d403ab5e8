#!/bin/sh
# Builds build/orc-launch (static) and, with `--sanitize`, build/orc-launch-sanitized. Quick when nothing changed.
set -eu
cd "$(dirname "$0")"
CC=${CC:-gcc}
WARN="-std=gnu11 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes"
mkdir -p build
compile() {
  out=$1
  shift
  if [ -x "$out" ] && [ -z "$(find . -maxdepth 1 \( -name '*.[ch]' -o -name build.sh \) -newer "$out")" ]; then return; fi
  # Another build may run at the same time: write beside, then rename.
  "$CC" $WARN "$@" -o "$out.$$" ./*.c
  mv "$out.$$" "$out"
}
if [ "${1:-}" = --sanitize ]; then
  compile build/orc-launch-sanitized -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
else
  compile build/orc-launch -O2 -static -Wl,-z,relro,-z,now
fi
