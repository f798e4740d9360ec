#!/bin/bash
# Builds and tests everything: each test of tests/meson.build, those that are worth it again under
# sanitizers and valgrind, and what they covered.
#
#   tests/run.sh           what continuous integration runs: 20 minutes of two cores at most
#   tests/run.sh quick     the inner loop, under three minutes: one build, its unit tests, static
#                          checks, and a slice of each kind
#   tests/run.sh --soak    the same as the first, and what repeats something does so for hours
#
# One test, with programs of one build:  meson test -C build-dev cli/delete
# or by hand:                            TALLY=build-dev/ingest/tally python3 tests/cli/delete.py
#
# TALLY_TEST_DATA is a folder of real data sets, else ../shared/data; what needs one that is not
# there says so.
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
# Whatever tests leave mounted or running, by a mistake or when they are killed, ends with this.
apart=(unshare --mount --pid --fork --mount-proc)
if [ -z "${TALLY_TEST_NAMESPACE:-}" ] && "${apart[@]}" true 2>/dev/null; then
  TALLY_TEST_NAMESPACE=1 exec "${apart[@]}" --kill-child tests/run.sh "$@"
fi
tests/install.sh tests

TMPDIR=$(mktemp -d /tmp/tests-XXXXXX) # short, as it becomes part of the names of sockets
export TMPDIR
cleanup() {
  umount -l "$TMPDIR" 2>/dev/null || true
  rm -rf "$TMPDIR"
}
trap cleanup EXIT
# Most of a commit is waiting for a disk, which tells nothing here: what comes after a loss of power,
# tests make by themselves.
free_kib=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
if [ -n "${TALLY_TEST_NAMESPACE:-}" ] && [ "$free_kib" -gt $((6 << 20)) ]; then
  mount -t tmpfs tests "$TMPDIR"
fi
passed=0 failed=0

# begin, then took: sets $took to how long what is between them took. Of a processor, too: what was
# started, and what that started and left.
begin() {
  cpu_seconds && begun_at=$SECONDS begun_cpu=$cpu
}
took() {
  cpu_seconds && took="$((SECONDS - begun_at)) s, $((cpu - begun_cpu)) s of a processor"
}
cpu_seconds() {
  times >"$TMPDIR/times" # not in a subshell, which has children of its own
  cpu=$(awk -F '[ms ]+' 'NR == 2 { printf "%.0f", 60 * ($1 + $3) + $2 + $4 }' "$TMPDIR/times")
}

# step NAME COMMAND...: runs it, counts it, shows its output where it fails.
step() {
  local name=$1 log=$TMPDIR/step.log
  shift
  printf '%-56s ' "$name"
  begin
  if "$@" >"$log" 2>&1; then
    took
    echo "ok $took"
    passed=$((passed + 1))
  else
    echo FAILED
    tail -n 80 "$log"
    failed=$((failed + 1))
  fi
}

# tests FOLDER OPTION...: those of a build, side by side; each is counted. What was not tested is a
# failure, unless it is for want of data that is not there. More at once than there are cores, as
# tests wait for disks and for each other's programs.
missing='(.stdout // "") | test("not tested: there is no")'
tests() {
  local folder=$1 log good all timeouts=4
  shift
  [ -z "${SOAK:-}" ] || timeouts=0 # for ever
  echo "tests of $folder $*"
  begin
  rm -f "$folder"/meson-logs/run*.json
  meson test -C "$folder" --logbase run --num-processes $(($(nproc) + 2)) \
    --timeout-multiplier "$timeouts" --print-errorlogs "$@" || true # its log is counted
  log=$(ls "$folder"/meson-logs/run*.json 2>/dev/null) || log=/dev/null
  jq -r "select($missing) | .name + \": \" + (.stdout | capture(\"(?<what>not tested: .*)\").what)" \
    "$log"
  jq -r "select(.result == \"SKIP\" and ($missing | not)) | \"skipped: \(.name)\n\(.stdout)\"" "$log"
  good=$(jq -s "[.[] | select(.result == \"OK\" or (.result == \"SKIP\" and ($missing)))] | length" \
    "$log")
  all=$(jq -s length "$log")
  [ "$all" -gt 0 ] || { echo "no test of $folder was run" && all=1; }
  passed=$((passed + good)) failed=$((failed + all - good))
  took
  echo "$took"
}

build() { # build FOLDER OPTION...
  local folder=$1 again=
  shift
  [ ! -e "$folder/build.ninja" ] || again=--reconfigure
  meson setup $again "$folder" --werror "$@" && ninja -C "$folder"
}

quick() {
  step 'build, gcc, warnings are errors' build build-dev -Db_lto=false
  [ "$failed" -gt 0 ] || tests build-dev --setup quick --suite quick
}
all() {
  # What is shipped: all its tests, and what is looked at besides the programs.
  step 'build, gcc, warnings are errors' build build-test
  [ "$failed" -eq 0 ] || return 0
  # Before the tests, as its flags are how clang-tidy compiles. Runs of a few entries, so that small
  # stores merge them all the time.
  rm -rf build-clang/profile # of earlier runs
  step 'build, clang, sanitizers, libFuzzer, coverage' env CC=clang CC_LD=lld LLVM_PROFILE_FILE=/dev/null bash -c \
    "$(declare -f build)"'; build "$@"' - build-clang -Db_lto=false -Doptimization=1 \
    -Dfuzzing=libfuzzer -Db_sanitize=address,undefined -Db_lundef=false -Dtiny_runs=true \
    -Dc_link_args=-fprofile-instr-generate \
    -Dc_args="-g1 -fcoverage-mapping -fprofile-instr-generate=$PWD/build-clang/profile/%4m.profraw"
  tests build-test
  tests build-test --setup valgrind --suite unit
  tests build-clang --suite unit --suite fuzz --suite sanitized
  step 'coverage' tests/coverage.sh build-clang

  # Built by static/gcc-analyser.
  tests build-tsan --suite threads
}
if [ "$mode" = quick ]; then quick; else all; fi

cpu_seconds
echo
echo "$passed passed, $failed failed; $SECONDS s, $cpu s of a processor"
[ "$failed" -eq 0 ]
