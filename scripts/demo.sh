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
if [ "${1:-up}" = down ]; then
  orc -f "$file" down --volumes --rmi local
  exit 0
fi
sh scripts/setup.sh
[ -n "$(orc image ls --quiet debian:bookworm)" ] || orc image bootstrap debian:bookworm
orc -f "$file" up --detach --wait
printf '\nThe shop answers: http://127.0.0.1:%s/\n' "$(orc -f "$file" port web 80 | sed 's/.*://')"
printf 'Its logs: node_modules/.bin/orc -f %s logs -f      Its end: npm run demo -- down\n' "$file"
