#!/bin/bash
# Which lines of store/, ingest/ and fs/ the tests run: a table, the lines that none runs, and how
# many of a hundred at least, as measured when this was written.
#
#   tests/coverage.sh [FOLDER]      of what was run there: build-clang, as tests/run.sh makes it
#
# What is measured is what runs under the address sanitizer: the unit tests, the fuzz targets, and
# scripts of the suite "sanitized". (clang's counters, as those of gcc's gcov are either shared by
# threads exactly, seven times slower, or not, and then gcov may never end.) The lines that stay without a run are of these
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

folder=${1:-build-clang} found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
llvm-profdata merge -sparse "$folder"/profile/*.profraw -o "$found/profile"
objects=()
for program in "$folder"/{ingest/tally,tests/tallyfs-unrestricted,tests/*_test,tests/fuzz_*}; do
  [ ! -f "$program" ] || objects+=(-object "$program")
done
llvm-cov export -format=lcov -instr-profile "$found/profile" "${objects[@]:1}" \
  "$PWD"/{store,ingest,fs} >"$found/lines"
# Of each file how many lines there are and were run, and which were not, as ranges.
awk -F '[:,]' -v root="$PWD/" '
  function range() { if (first) missing = missing " " first (last > first ? "-" last : "") }
  $1 == "SF" { file = $2; sub(/^.*\/\.\.\//, "", file); sub("^" root, "", file); lines = run = first = 0; missing = "" }
  $1 == "DA" { lines++ }
  $1 == "DA" && $3 > 0 { run++; range(); first = 0 }
  $1 == "DA" && $3 == 0 { if (!first) first = $2; last = $2 }
  /^end_of_record/ { range(); print file, lines, run, missing }' "$found/lines" >"$found/files"
status=0
for floor in store=95 ingest=92 fs=84; do
  grep "^${floor%=*}/" "$found/files" | sort -k 1,1 | awk -v floor="${floor#*=}" '
    NR == 1 { split($1, path, "/") }
    { lines += $2; run += $3; printf "%-44s %5d %5d %3d%%", $1, $2, $3, 100 * $3 / $2 }
    { $1 = $2 = $3 = ""; print }
    END { covered = 100 * run / lines
          printf "%s: %.1f%% of its lines, %d%% at least\n", path[1], covered, floor
          exit covered < floor }' || status=1
done
exit $status
