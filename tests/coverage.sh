#!/bin/bash
# Which lines of store/, ingest/ and fs/ the tests run: a table, the lines that none runs, and how
# many of a hundred at least, as measured when this was written.
#
#   tests/coverage.sh [FOLDER]      of what was run there: build-asan, as tests/run.sh makes it
#
# What is measured is what runs under the address sanitizer: the unit tests, the corpora of the fuzz
# targets, and scripts of the suite "sanitized". The lines that stay without a run are of these
# kinds:
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

folder=${1:-build-asan} counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
gcovr -j "$(nproc)" --root . --filter store/ --filter ingest/ --filter fs/ \
  --object-directory "$folder" --json "$counts" "$folder"
status=0
for floor in store=96 ingest=88 fs=82; do
  gcovr --root . --add-tracefile "$counts" --filter "${floor%=*}/" --sort-uncovered \
    --fail-under-line "${floor#*=}" | tee "$counts.table" || status=1
  echo "${floor%=*}: $(awk '$1 == "TOTAL" { print $4 }' "$counts.table") of its lines," \
    "${floor#*=}% at least"
done
rm -f "$counts.table"
exit $status
