#!/bin/sh
# npm run demo [-- down]: the example shop, from nothing to a page that answers.
set -eu
if [ $# -gt 1 ] || { [ "${1:-up}" != up ] && [ "${1:-up}" != down ]; }; then
  echo "error: the demo knows no \"$*\"" >&2
  echo '  hint: write "npm run demo" to start it, "npm run demo -- down" to remove it' >&2
  exit 2
fi
cd "$(dirname "$0")/.."
file=examples/shop/compose.yaml
orc() { node_modules/.bin/orc "$@"; }
root=${ORC_ROOT:-/var/lib/orc}
# What was not there before the demo, a word each: it goes with the demo.
made=$root/demo
has() { grep -qsx "$1" "$made"; }
# A list that cannot be had is not an empty one.
none() { said=$(orc "$@") && [ -z "$said" ]; }
if [ "${1:-up}" = down ]; then
  if [ ! -e "$root/raft" ]; then
    echo "nothing of orc is under $root"
    exit 0
  fi
  orc -f "$file" down --volumes --rmi local
  if has image && ! none image ls --quiet debian:bookworm; then
    orc image rm debian:bookworm || echo 'debian:bookworm stays: something else uses it' >&2
  fi
  # Images that a later run of the demo has replaced; in an instance of others they may be anybody's.
  if has instance; then orc image prune --force; fi
  if has instance && none container ls -aq && none image ls -q && none volume ls -q &&
    none network ls -q --filter type=custom && none ls -aq; then
    orc system purge --force
  elif has daemon && none container ls -aq; then
    orc system stop
  fi
  rm -f "$made"
  exit 0
fi
sh scripts/setup.sh
news=
[ -e "$root/raft" ] || news=instance
pid=$(cut -d' ' -f1 "$root/orcd.pid" 2>/dev/null || true)
{ [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; } || news="$news daemon"
base=$(orc image ls --quiet debian:bookworm)
[ -n "$base" ] || news="$news image"
for each in $news; do has "$each" || echo "$each" >>"$made"; done
[ -n "$base" ] || orc image bootstrap debian:bookworm
orc -f "$file" up --detach --wait
printf '\nThe shop answers: http://127.0.0.1:%s/\n' "$(orc -f "$file" port web 80 | sed 's/.*://')"
printf 'Its logs: node_modules/.bin/orc -f %s logs -f      Its end: npm run demo -- down\n' "$file"
