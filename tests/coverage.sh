#!/bin/bash
# Which lines of store/, ingest/ and fs/ the tests run: a table, the lines that none runs, and how many of a hundred at least.
#
#   tests/coverage.sh [FOLDER]            builds in FOLDER, build-asan without one, and runs what is measured
#   tests/coverage.sh --report [FOLDER]   of what was run there
#
# What is measured is what runs under the address sanitizer: the unit tests, and scripts of the suite "sanitized". The lines
# that stay without a run are of these kinds:
#
#   - the system fails: no memory, no socket, a disk that cannot be read; tests/fault tries these
#   - an error on its way up, behind a call whose own failure is tested: `if (!...) return false`
#   - a process that ends at once (_exit, a signal), and so writes down no coverage
#   - what another user meets, as tests/mount/security.py tries it
#   - damage inside an entry or a block whose sums are right, as only a mistake of ours would make it
#   - the end of a function whose switch returns in each case, which compilers ask for
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

report=
[ "${1:-}" != --report ] || { report=1 && shift; }
folder=${1:-build-asan}
if [ -z "$report" ]; then
  [ -d "$folder" ] ||
    CC=gcc meson setup "$folder" --werror -Dsandbox=disabled -Db_lto=false -Doptimization=1 -Db_sanitize=address,undefined \
      -Db_coverage=true
  ninja -C "$folder"
  find "$folder" -name '*.gcda' -delete # of earlier runs
  meson test -C "$folder" --suite unit --suite sanitized --print-errorlogs --timeout-multiplier 4
fi

counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
gcovr -j "$(nproc)" --root . --filter store/ --filter ingest/ --filter fs/ --object-directory "$folder" --json "$counts" "$folder"
status=0
for floor in store=95 ingest=85 fs=75; do
  gcovr --root . --add-tracefile "$counts" --filter "${floor%=*}/" --sort-uncovered --fail-under-line "${floor#*=}" || status=1
done
exit $status
