#!/bin/sh
# npm run conformance: every expectation of the corpus and the project's own; prints "N passed, N failed" by group.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
exec node scripts/conformance.ts "$@"
