#!/bin/sh
# npm test: every test but the long ones; npm run test:long: those. Ends with "N passed, N failed, N skipped".
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh --tests
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
long=0
if [ "${1:-}" = --long ]; then long=1; shift; fi
ORC_TEST_LONG=$long exec node scripts/test.ts "$@"
