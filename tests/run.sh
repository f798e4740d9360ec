#!/bin/bash
# Builds and tests everything: unit tests under sanitizers, then the real programs on real mounts.
#
#   tests/run.sh           what continuous integration runs
#   tests/run.sh --soak    also the long runs
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

tests/install.sh tests
soak=
[ "${1:-}" = --soak ] && soak=1
passed=0 failed=0

# step NAME COMMAND...: runs it, counts it, shows its output where it fails.
step() {
  local name=$1 log begun=$SECONDS
  shift
  log=$(mktemp)
  printf '%-60s ' "$name"
  if "$@" >"$log" 2>&1; then
    echo "ok $((SECONDS - begun)) s"
    passed=$((passed + 1))
  else
    echo FAILED
    tail -n 80 "$log"
    failed=$((failed + 1))
  fi
  rm -f "$log"
}

build() { # build FOLDER OPTION...
  local folder=$1
  shift
  if [ -d "$folder" ]; then meson configure "$folder" "$@"; else meson setup "$folder" "$@"; fi &&
    ninja -C "$folder"
}

formatted() {
  git ls-files '*.c' '*.h' | xargs clang-format --dry-run --Werror
}
# Who may include what: only db.c knows LMDB, only fs/ knows FUSE, events and rows never meet cJSON.
layers() {
  ! grep -l 'include <lmdb' store/*.[ch] ingest/*.[ch] fs/*.[ch] | grep -v '^store/db\.c$' &&
    ! grep -l 'include <fuse' store/*.[ch] ingest/*.[ch] &&
    ! grep -l 'include <cjson' store/*.[ch] ingest/*.[ch] fs/*.[ch] |
      grep -v -e '^store/schema_' -e '^store/documents\.c$'
}
step 'clang-format' formatted
step 'layers' layers
step 'build, gcc, warnings are errors' build build-test --werror
[ "$failed" -eq 0 ] || exit 1
step 'build, address and undefined behaviour sanitizers' \
  build build-asan --werror -Dsandbox=disabled -Db_lto=false -Db_sanitize=address,undefined
step 'build, clang' env CC=clang bash -c '[ -d build-clang ] || meson setup build-clang -Db_lto=false --werror'
step 'compile, clang' ninja -C build-clang
step 'unit tests under sanitizers' \
  meson test -C build-asan --suite unit --print-errorlogs --timeout-multiplier 4

step 'coverage of store' tests/coverage.sh

export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TALLY=$PWD/build-test/ingest/tally TALLYFS=$PWD/build-test/fs/tallyfs
export GENERATE=$PWD/build-test/examples/generate
for case in tests/cli/*.py tests/fault/*.py tests/property/*.py tests/mount/*.py; do
  [ -e "$case" ] && step "$case" env SOAK=$soak python3 "$case"
done
for case in cli/delete cli/ingest cli/follow cli/propose cli/references cli/streams cli/entities mount/service mount/pages \
  mount/schema mount/retention mount/names mount/emptied mount/trees; do
  step "$case under sanitizers" env TALLY="$PWD/build-asan/ingest/tally" TALLYFS="$PWD/build-asan/fs/tallyfs" \
    python3 "tests/$case.py"
done
step 'property/equivalence under sanitizers' env TALLY="$PWD/build-asan/ingest/tally" python3 tests/property/equivalence.py --cases 60 --with references,streams,entities,trees
step 'errors under sanitizers' env TRIES=3 FAULTED="$PWD/build-asan/ingest/tally" python3 tests/fault/errors.py
step 'mount under sanitizers' env VISIBLE=100 TALLY="$PWD/build-asan/ingest/tally" \
  TALLYFS="$PWD/build-asan/fs/tallyfs" python3 tests/mount/commits.py
step 'build, thread sanitizer' build build-tsan --werror -Dsandbox=disabled -Db_lto=false -Db_sanitize=thread -Db_lundef=false
# Parts of a batch are committed while the next one is read.
ingest_threads() {
  local folder
  folder=$(mktemp -d)
  "$GENERATE" 200000 >"$folder/events" &&
    build-tsan/ingest/tally init "$folder/store" --schema examples/slow-api/schema.json &&
    build-tsan/ingest/tally ingest "$folder/store" --memory 16M "$folder/events" &&
    "$TALLY" verify "$folder/store"
  local status=$?
  rm -rf "$folder"
  return $status
}
step 'ingest under the thread sanitizer' ingest_threads
step 'mount under the thread sanitizer' env VISIBLE=100 TALLY="$PWD/build-tsan/ingest/tally" \
  TALLYFS="$PWD/build-tsan/fs/tallyfs" python3 tests/mount/commits.py
# The same inputs each run, by seed and number; a soak looks for new ones.
fuzz() {
  local target found runs status=0
  [ -d build-fuzz ] || CC=clang meson setup build-fuzz --werror -Dfuzzing=libfuzzer -Dsandbox=disabled -Db_lto=false \
    -Db_sanitize=address,undefined -Db_lundef=false
  for target in tests/fuzz/corpus/*; do
    target=$(basename "$target") found=$(mktemp -d) runs=30000
    [ "$target" = store_open ] && runs=1500 # each is a commit
    ninja -C build-fuzz "tests/fuzz_$target" &&
      "build-fuzz/tests/fuzz_$target" -max_len=4096 "-artifact_prefix=build-fuzz/" \
        $([ "$soak" ] && echo -max_total_time=1800 || echo -seed=1 "-runs=$runs") "$found" "tests/fuzz/corpus/$target" || status=1
    rm -rf "$found"
  done
  return $status
}
step 'fuzz targets' fuzz
step 'static analysis' tests/analyse.sh
step 'valgrind' tests/valgrind.sh
step 'examples/quickstart.sh' examples/quickstart.sh
step 'examples/catalogue/test.sh' examples/catalogue/test.sh
step 'examples/experiments/test.sh' examples/experiments/test.sh
step 'examples/experiments/published.sh' examples/experiments/published.sh
step 'examples/online-retail/test.sh' examples/online-retail/test.sh
step 'examples/slow-api/run.sh' env EVENTS=200000 examples/slow-api/run.sh
step 'examples/traces/test.sh' examples/traces/test.sh
step 'examples/traces/spans.sh' examples/traces/spans.sh
step 'installed: libtally, pkg-config, versions' tests/package/install.sh
step 'Debian packages' tests/package/debian.sh
curves=$(mktemp -d)
step 'benchmarks, small' env READS=2000 EVENTS=20000 ROWS=2000 ROUNDS=1 tests/bench/run.sh "$curves"
rm -r "$curves"
step 'commands in the documents' tests/documents.sh

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
