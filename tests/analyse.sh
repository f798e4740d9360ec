#!/bin/bash
# Static analysis. Any finding fails.
#
#   tests/analyse.sh [clang-format|cppcheck|gcc-analyser|clang-tidy]...     all without one
#
# build-clang tells clang-tidy (.clang-tidy: which checks) how each file is compiled. Its analyser
# follows fewer paths than it could, but in a soak: that takes an eighth of the time, and gcc's
# follows them anyway. It does not see there what a cleanup attribute frees; leaks are the address
# sanitizer's. What gcc's analyser looks at is compiled for the thread sanitizer, in build-tsan: both
# are the cost of one build. It is fortified as what is shipped, without which gcc 12 is wrong.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)

clang-format_finds_nothing() {
  git ls-files '*.c' '*.h' | xargs -P "$jobs" -n 100 clang-format --dry-run --Werror
}
cppcheck_finds_nothing() {
  cppcheck --quiet --std=c17 --enable=warning,style,performance,portability --error-exitcode=1 \
    -j "$jobs" -Istore -Iingest -Ifs --suppress=missingIncludeSystem \
    --suppressions-list=tests/cppcheck.txt store ingest fs
}
gcc-analyser_finds_nothing() {
  [ -e build-tsan/build.ninja ] ||
    meson setup build-tsan --werror -Db_lto=false \
      -Db_sanitize=thread -Db_lundef=false "-Dc_args=-g1 -fanalyzer -D_FORTIFY_SOURCE=3"
  ninja -C build-tsan ingest/tally fs/tallyfs examples/watch
}
clang-tidy_finds_nothing() {
  local depth=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang
    --extra-arg=mode=shallow --checks=-clang-analyzer-unix.Malloc) folder
  [ -z "${SOAK:-}" ] || depth=()
  [ -e build-clang/build.ninja ] || CC=clang meson setup build-clang --werror -Db_lto=false
  # A file that is compiled for two programs is looked at once.
  folder=$(mktemp -d)
  jq 'unique_by(.file)' build-clang/compile_commands.json >"$folder/compile_commands.json"
  git ls-files 'store/*.c' 'ingest/*.c' 'fs/*.c' |
    xargs -P "$jobs" -n 8 clang-tidy -p "$folder" --quiet "${depth[@]}"
  rm -r "$folder"
}
[ $# -gt 0 ] || set -- clang-format cppcheck gcc-analyser clang-tidy
for tool; do
  declare -F "${tool}_finds_nothing" >/dev/null ||
    { echo "no such analysis: $tool" >&2 && exit 1; }
  "${tool}_finds_nothing"
done
