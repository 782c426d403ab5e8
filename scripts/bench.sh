#!/bin/sh
# npm run bench [-- ROW…]: prints "name value unit ratio" against the peers that are installed and the kernel's floor.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
exec node test/bench/main.ts "$@"
