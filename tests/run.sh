#!/bin/bash
# Builds and tests everything: each test of tests/meson.build, again under sanitizers and valgrind, and what they covered.
#
#   tests/run.sh           what continuous integration runs
#   tests/run.sh --soak    the same, and what repeats something does so for hours
#   tests/run.sh quick     the inner loop: one build, its unit tests and the short ones of commands and mounts
#
# One test, with programs of one build:  meson test -C build-test cli/delete
# or by hand:                            TALLY=build-test/ingest/tally python3 tests/cli/delete.py
#
# TALLY_TEST_DATA is a folder of real data sets, else ../shared/data; what needs one that is not there says so.
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-all}
case $mode in
all | quick) ;;
--soak) export SOAK=1 ;;
*) echo "usage: tests/run.sh [quick | --soak]" >&2 && exit 2 ;;
esac
# Whatever tests leave mounted, by a mistake or when they are killed, ends with this.
if [ -z "${TALLY_TEST_NAMESPACE:-}" ] && unshare --mount true 2>/dev/null; then
  TALLY_TEST_NAMESPACE=1 exec unshare --mount tests/run.sh "$@"
fi
tests/install.sh tests

TMPDIR=$(mktemp -d /tmp/tests-XXXXXX) # short, as it becomes part of the names of sockets
export TMPDIR
cleanup() {
  umount -l "$TMPDIR" 2>/dev/null || true
  rm -rf "$TMPDIR"
}
trap cleanup EXIT
# Most of a commit is waiting for a disk, which tells nothing here: what comes after a loss of power, tests make by themselves.
if [ -n "${TALLY_TEST_NAMESPACE:-}" ] && [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt $((8 << 20)) ]; then
  mount -t tmpfs tests "$TMPDIR"
fi
passed=0 failed=0

# step NAME COMMAND...: runs it, counts it, shows its output where it fails.
step() {
  local name=$1 log=$TMPDIR/step.log begun=$SECONDS
  shift
  printf '%-60s ' "$name"
  if "$@" >"$log" 2>&1; then
    echo "ok $((SECONDS - begun)) s"
    passed=$((passed + 1))
  else
    echo FAILED
    tail -n 80 "$log"
    failed=$((failed + 1))
  fi
}

# tests FOLDER OPTION...: those of a build, side by side; each is counted. What was not tested is a failure, unless it is for
# want of data that is not there. More at once than there are cores, as tests wait for each other's programs.
tests() {
  local folder=$1 log skipped count begun=$SECONDS
  shift
  echo "tests of $folder $*"
  rm -f "$folder"/meson-logs/run*.json
  local timeouts=4
  [ -z "${SOAK:-}" ] || timeouts=0
  meson test -C "$folder" --logbase run --num-processes $(($(nproc) + 1)) --timeout-multiplier "$timeouts" --print-errorlogs "$@" ||
    true # its log is counted
  log=$(ls "$folder"/meson-logs/run*.json 2>/dev/null) || log=/dev/null
  skipped=$(jq -r 'select(.result == "SKIP" and ((.stdout // "") | contains("not tested: there is no") | not)) | "skipped: \(.name)\n\(.stdout)"' "$log")
  [ -z "$skipped" ] || echo "$skipped"
  jq -r 'select((.stdout // "") | contains("not tested: there is no")) | "\(.name): \(.stdout | capture("(?<what>not tested: there is no .*)").what)"' "$log"
  count=$(jq -s '[.[] | select(.result == "OK" or (.result == "SKIP" and ((.stdout // "") | contains("not tested: there is no"))))] | length' "$log")
  passed=$((passed + count))
  count=$(($(jq -s length "$log") - count))
  failed=$((failed + count))
  [ -s "$log" ] || { echo "no test of $folder was run" && failed=$((failed + 1)); }
  echo "$((SECONDS - begun)) s"
}

build() { # build FOLDER OPTION...
  local folder=$1
  shift
  if [ -d "$folder" ]; then meson setup --reconfigure "$folder" "$@"; else meson setup "$folder" "$@"; fi &&
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

quick() {
  step 'build, gcc, warnings are errors' build build-quick --werror -Db_lto=false
  [ "$failed" -gt 0 ] || tests build-quick --setup quick --suite quick
}
all() {
  step 'build, gcc, warnings are errors' build build-test --werror
  [ "$failed" -eq 0 ] || return 0
  step 'build, sanitizers and coverage' build build-asan --werror -Dsandbox=disabled -Db_lto=false -Doptimization=1 \
    -Db_sanitize=address,undefined -Db_coverage=true
  step 'build, clang, libFuzzer' env CC=clang bash -c "$(declare -f build); build build-clang --werror -Db_lto=false \
    -Dfuzzing=libfuzzer -Db_sanitize=address,undefined -Db_lundef=false"
  # Only what its tests need is built.
  [ -d build-tsan ] ||
    step 'setup, thread sanitizer' meson setup build-tsan --werror -Dsandbox=disabled -Db_lto=false -Db_sanitize=thread -Db_lundef=false
  tests build-test
  find build-asan -name '*.gcda' -delete # of earlier runs
  tests build-asan --suite unit --suite sanitized
  step 'coverage' tests/coverage.sh --report build-asan
  tests build-tsan --suite threads
  tests build-clang --suite fuzz
  tests build-test --setup valgrind --suite unit
}
if [ "$mode" = quick ]; then quick; else all; fi

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
