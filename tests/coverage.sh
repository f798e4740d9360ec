#!/bin/bash
# Which lines of store/ the tests run: a table, the lines that none runs, and 95 of 100 at least.
#
#   tests/coverage.sh [FOLDER]     builds in FOLDER, build-cover without one
#
# It runs the unit tests, the comparison with the naive recomputation, and deletes by hand: what needs
# no mount, in half a minute. The lines that stay without a run are of these kinds:
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

folder=${1:-build-cover}
[ -d "$folder" ] ||
  CC=gcc meson setup "$folder" --werror -Dsandbox=disabled -Db_coverage=true -Db_lto=false \
    -Dbuildtype=debug
ninja -C "$folder"
find "$folder" -name '*.gcda' -delete # of earlier runs

export TALLY=$PWD/$folder/ingest/tally
meson test -C "$folder" --suite unit --print-errorlogs --timeout-multiplier 4
python3 tests/property/equivalence.py --cases 100
python3 tests/cli/delete.py

gcovr --root . --filter store/ --object-directory "$folder" "$folder" --sort-uncovered \
  --fail-under-line 95
